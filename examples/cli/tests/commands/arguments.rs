//! Arguments, environment, exit codes: everything that is decided before a wallet is opened.

use crate::support::{command, run, run_with};

#[test]
fn argument_errors_are_json_with_json_and_exit_2_always() {
    let cases: [&[&str]; 14] = [
        &[],
        &["fly"],
        &["--colour"],
        &["put"],
        &["put", "a", "b"],
        &["spend", "t", "s"],
        &["spend", "t", "s", "--intent", "{}", "--proof", "{}"],
        &["sync", "--deadline", "soon"],
        &["sync", "--deadline", "0"],
        &["sync", "--deadline", "-5"],
        &["sync", "--wait", "forever"],
        &["cache", "--clear", "everything"],
        &["record", "verify"],
        &["car", "verify", "file"],
    ];
    for arguments in cases {
        let told = run(&[&["--json"], arguments].concat()).refused(2, "bad_request");
        assert!(!told.starts_with("error") && !told.contains("Usage"), "{arguments:?}: {told}");
        let last = run(&[arguments, &["--json"]].concat());
        last.refused(2, "bad_request");
        assert_eq!(last.stderr, "", "{arguments:?}");
        let plain = run(arguments);
        assert_eq!((plain.exit, plain.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!plain.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn arguments_that_are_not_text_are_refused_as_json() {
    use std::os::unix::ffi::OsStrExt;
    let outcome = run_with(command().args(["--json", "get"]).arg(std::ffi::OsStr::from_bytes(b"\xff")), b"");
    outcome.refused(2, "bad_request");
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [["--help", "--json"], ["--version", "--json"], ["sync", "--help"], ["put", "--version"]]
    {
        let outcome = run(&arguments);
        assert_eq!(outcome.exit, Some(0), "{outcome:?}");
        assert!(outcome.stdout.contains("walletsync") && outcome.stderr.is_empty(), "{outcome:?}");
    }
}

#[test]
fn json_after_two_dashes_is_an_argument() {
    let outcome = run(&["fly", "--", "--json"]);
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(2), ""));
}

#[test]
fn every_command_of_the_contract_is_there() {
    let help = run(&["--help"]).stdout;
    for command in [
        "init", "names", "put", "spend", "set", "get", "tokens", "sync", "status", "metrics", "nodes",
        "devices", "cache", "watch", "record", "car", "demo",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}");
    }
    for option in ["--data", "--nodes", "--secret-file", "--network", "--json"] {
        assert!(help.contains(option), "{option}");
    }
}

#[test]
fn the_folder_and_the_payloads_are_two_options() {
    for arguments in
        [&["--json", "--data", "d", "tokens", "--data"][..], &["tokens", "--json", "--data", "--all"]]
    {
        assert!(run(arguments).refused(2, "bad_request").contains("--secret-file"));
    }
}

#[test]
fn a_command_that_needs_a_secret_says_so() {
    for arguments in
        [&["init"][..], &["names"], &["status"], &["sync"], &["tokens", "--data"], &["watch"], &["get", "k"]]
    {
        let told = run(&[&["--json"], arguments].concat()).refused(2, "bad_request");
        assert!(told.contains("--secret-file") && told.contains("WALLETSYNC_SECRET_FILE"), "{told}");
    }
    let plain = run(&["status"]);
    assert_eq!((plain.exit, plain.stdout.as_str()), (Some(2), ""));
    assert!(plain.stderr.starts_with("error: ") && plain.stderr.lines().count() == 1, "{plain:?}");
}
