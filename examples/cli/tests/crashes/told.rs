//! What fails after something was done is a warning, and never an error about what was done.

use std::process::Stdio;

use crate::inject::{Cut, Fault};
use crate::support::{Outcome, Wallet, run_with};

const TOKEN: &str = "{\"tokenId\":\"t\",\"stateHash\":\"s\",\"data\":\"x\"}\n";

/// Runs with a fault, in a wallet that was opened before.
fn cut(cut: &Cut, arguments: &[&str]) -> (Wallet, Outcome) {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    wallet.file("t.ndjson", TOKEN);
    let mut command = wallet.command();
    command.args(arguments).current_dir(wallet.path(""));
    let outcome = run_with(&mut cut.into(&command, &wallet.path("data")), b"");
    (wallet, outcome)
}

/// The first write of the database file itself comes when the log is folded into it, which is after the commit.
#[test]
fn a_disk_that_is_full_after_a_put_is_a_warning() {
    for (file, call, fault) in [
        ("wallet.sqlite3", "pwrite64", Fault::Full),
        ("wallet.sqlite3", "pwrite64", Fault::StaysFull),
        ("wallet.sqlite3", "fsync", Fault::Fails),
        ("wallet.sqlite3.open", "unlink", Fault::Fails),
    ] {
        let at = Cut::new(file, call, fault, 1);
        let (wallet, outcome) = cut(&at, &["put", "t.ndjson"]);
        let told = outcome.done();
        assert_eq!((&told["added"], &told["ack"]), (&1.into(), &"local".into()), "{at}");
        let warnings = told["warnings"].as_array().unwrap();
        assert!(
            warnings.len() == 1 && warnings[0].as_str().unwrap().starts_with("storage: "),
            "{at}: {told}"
        );
        assert!(outcome.stderr.contains("warning: storage: "), "{at}: {outcome:?}");
        assert_eq!(wallet.run(&["tokens"]).lines().len(), 1, "{at}");
        // Nothing is left to be put in order.
        let again = wallet.run(&["put", wallet.path("t.ndjson").to_str().unwrap()]);
        assert_eq!((&again.done()["unchanged"], again.stderr.as_str()), (&1.into(), ""), "{at}");
    }
}

#[test]
fn a_disk_that_is_full_before_the_commit_is_an_error_and_nothing_is_stored() {
    let at = Cut::new("wallet.sqlite3-wal", "pwrite64", Fault::Full, 2);
    let (wallet, outcome) = cut(&at, &["put", "t.ndjson"]);
    outcome.refused(5, "storage_full");
    assert_eq!(wallet.run(&["tokens"]).lines().len(), 0);
}

#[test]
fn every_change_is_told_with_its_warning() {
    let full = Cut::new("wallet.sqlite3", "pwrite64", Fault::StaysFull, 1);
    for arguments in [&["set", "k", "1"][..], &["spend", "t", "s", "--intent", "1"], &["sync"]] {
        let told = cut(&full, arguments).1.done();
        let warnings = told["warnings"].as_array().cloned().unwrap_or_default();
        let storage = warnings.iter().filter(|line| line.as_str().unwrap().starts_with("storage: "));
        assert_eq!(storage.count(), 1, "{arguments:?}: {told}");
    }
}

/// A program reads stdout: half a result, or an error about what was done, would be a lie there.
#[test]
fn a_stdout_that_takes_nothing_is_told_on_stderr_alone() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let file = wallet.file("t.ndjson", TOKEN);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = wallet.command();
    let output = command.args(["put", &file]).stdin(Stdio::null()).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("what was done stays done") && !told.contains("panicked"), "{told}");
    assert_eq!(wallet.run(&["tokens"]).lines().len(), 1);
}

#[test]
fn a_stderr_that_takes_nothing_hinders_nothing() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let nodes = wallet.file("nodes.json", "[{\"id\":\"n\",\"api\":\"http://127.0.0.1:1\",\"token\":\"x\"}]");
    let mut command = wallet.command();
    command.args(["set", "k", "1"]).env("WALLETSYNC_NODES", nodes).env("RUST_LOG", "???");
    let output = command.stdin(Stdio::null()).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
