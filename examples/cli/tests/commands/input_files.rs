//! Secret file, nodes file, token file: refused before anything is opened, with what is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Wallet;

fn wallet_with_secret(mode: u32, content: &str) -> Wallet {
    let wallet = Wallet::new();
    wallet.file("secret", content);
    fs::set_permissions(wallet.path("secret"), fs::Permissions::from_mode(mode)).unwrap();
    wallet
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    for mode in [0o644, 0o620, 0o604, 0o666, 0o660] {
        let wallet = wallet_with_secret(mode, &"ab".repeat(32));
        let told = wallet.run(&["status"]).refused(2, "bad_request");
        assert!(told.contains("0600") && told.contains("secret"), "{told}");
        assert!(!told.contains("abab"), "{told}");
        assert!(!wallet.path("data").exists());
    }
}

#[test]
fn a_secret_that_is_none_is_refused_without_repeating_it() {
    for content in ["", "5ec2e7", &"xy".repeat(32), &"ab".repeat(33), &format!("0x{}", "ab".repeat(32))] {
        let wallet = wallet_with_secret(0o600, content);
        let told = wallet.run(&["init"]).refused(2, "bad_request");
        assert!(told.contains("64 hex digits"), "{told}");
        assert!(content.is_empty() || !told.contains(content), "{told}");
        assert_eq!(
            fs::read_to_string(wallet.path("secret")).unwrap(),
            content,
            "init replaced a secret file"
        );
    }
}

#[test]
fn a_secret_file_that_is_missing_is_refused() {
    let told = Wallet::new().run(&["status"]).refused(2, "bad_request");
    assert!(told.contains("secret"), "{told}");
}

#[test]
fn a_nodes_file_is_refused_with_what_is_wrong() {
    let wallet = wallet_with_secret(0o600, &"ab".repeat(32));
    for (content, words) in [
        ("", "EOF"),
        ("7", "a list of nodes, or a pool"),
        ("{}", "missing field `pool`"),
        (r#"[{"id":"n1"}]"#, "nodes[0]"),
        (r#"[{"id":"n1","api":"http://127.0.0.1:5001"},{"id":"n2","api":"file:///etc"}]"#, "nodes[1]: api"),
        (r#"[{"id":"n1","api":"http://127.0.0.1:5001","color":"red"}]"#, "color"),
    ] {
        let nodes = wallet.file("nodes.json", content);
        let told = wallet.run(&["--nodes", &nodes, "init"]).refused(2, "bad_request");
        assert!(told.contains(words) && told.contains("nodes"), "{content}: {told}");
    }
    let told = wallet.run(&["--nodes", "/nowhere/nodes.json", "init"]).refused(2, "bad_request");
    assert!(told.contains("/nowhere/nodes.json"), "{told}");
}

#[test]
fn a_complaint_about_a_nodes_file_names_line_and_field_and_repeats_no_value() {
    let wallet = wallet_with_secret(0o600, &"ab".repeat(32));
    for (content, words) in [
        ("[{\"id\":\"n1\",\n\"token\":57373}]", "line 2: [0].token"),
        ("[{\"id\":\"n1\",\r\n\"basic\":\"57373\"}]", "line 2: [0].basic"),
        ("\u{feff}[{\"id\":\"n1\",\n\"headers\":{\n\"X-Key\":57373}}]", "line 3: [0].headers.X-Key"),
        ("[{\"id\":\"n1\",\"api\":\"http://10.0.0.1\",\"token\":\"57373\"}]", "nodes[0]: token: node n1"),
        (
            "[{\"id\":\"n1\",\"api\":\"https://h\",\"ca\":\"57373.pem\"}]",
            "nodes[0].ca: there is no such file",
        ),
        ("[{\"id\":\"n1\",\"api\":\"https://h\",\"proxy\":\"57373\"}]", "nodes[0]: proxy"),
    ] {
        let nodes = wallet.file("nodes.json", content);
        let outcome = wallet.run(&["--nodes", &nodes, "init"]);
        let told = outcome.refused(2, "bad_request");
        assert!(told.contains(words) && !told.contains("57373"), "{content}: {told}");
        assert!(!outcome.stderr.contains("57373"), "{outcome:?}");
    }
}

#[test]
fn a_nodes_file_that_others_can_read_is_warned_of_where_it_holds_credentials() {
    let wallet = wallet_with_secret(0o600, &"ab".repeat(32));
    let node = r#"{"id":"n1","api":"http://127.0.0.1:9""#;
    let text = format!("\u{feff}[\r\n{node},\"token\":\"5ecre7\"}}\r\n]\r\n");
    for (mode, content, warns) in [
        (0o644, text.clone(), true),
        (0o640, text.clone(), true),
        (0o600, text, false),
        (0o644, format!("[{node}}}]"), false),
    ] {
        let nodes = wallet.file("nodes.json", content);
        fs::set_permissions(&nodes, fs::Permissions::from_mode(mode)).unwrap();
        let outcome = wallet.run(&["--nodes", &nodes, "init"]);
        outcome.done();
        assert_eq!(
            outcome.stderr.contains("others can read its credentials"),
            warns,
            "{mode:o}: {outcome:?}"
        );
        assert!(!outcome.stderr.contains("5ecre7"), "{outcome:?}");
    }
}

#[test]
fn a_path_in_a_nodes_file_is_seen_from_the_file() {
    let wallet = wallet_with_secret(0o600, &"ab".repeat(32));
    let nodes = wallet.file("nodes.json", r#"[{"id":"n1","api":"https://127.0.0.1:9","ca":"ca.pem"}]"#);
    wallet.file("ca.pem", "not a certificate");
    let told = wallet.run(&["--nodes", &nodes, "init"]).refused(2, "bad_request");
    assert!(told.contains("nodes[0].ca: the file is not PEM"), "{told}");
    wallet.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    let told = wallet.run(&["--nodes", &nodes, "init"]).refused(2, "bad_request");
    assert_eq!(told, "node n1: ca: it holds no certificate in PEM");
}

#[test]
fn a_token_file_is_refused_with_line_and_field() {
    let wallet = Wallet::new();
    let good = r#"{"tokenId":"a","stateHash":"1","data":"x"}"#;
    for (content, exit, code, words) in [
        (
            format!("{good}\n\n{{\"tokenId\":\"b\",\"data\":\"\"}}\n"),
            2,
            "bad_request",
            ["line 3", "stateHash"],
        ),
        (format!("{good}\r\nnot json"), 2, "bad_request", ["line 2", "object"]),
        (format!("{good}\n{}", good.replace("\"x\"", "\"y\"")), 2, "conflict", ["line 2", "line 1"]),
        (good.replace("\"a\"", "\"a b\""), 2, "bad_request", ["line 1: tokenId", "128"]),
        (
            good.replace("\"x\"", &format!("\"{}\"", "x".repeat(1_048_577))),
            2,
            "bad_request",
            ["data", "1048576"],
        ),
        (good.replace('}', r#","dataBase64":"eA=="}"#), 2, "bad_request", ["data", "dataBase64"]),
        (good.replace('}', r#","amount":1}"#), 2, "bad_request", ["line 1", "amount"]),
    ] {
        let file = wallet.file("tokens.ndjson", &content);
        for told in [
            wallet.run(&["put", &file]).refused(exit, code),
            wallet.run_with_stdin(&["put", "-"], &content).refused(exit, code),
        ] {
            assert!(words.iter().all(|word| told.contains(word)), "{words:?}: {told}");
        }
    }
    let told = wallet.run(&["put", "/nowhere/tokens"]).refused(2, "bad_request");
    assert!(told.contains("/nowhere/tokens"), "{told}");
    wallet.run(&["put", wallet.path("").to_str().unwrap()]).refused(2, "bad_request");
}

/// All or nothing: the good line waits with the bad one, in the file, until that is mended.
#[test]
fn token_without_state_hash_is_refused_not_lost() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let good = r#"{"tokenId":"a","stateHash":"1","data":"x"}"#;
    for bad in [
        r#"{"tokenId":"b","data":"y"}"#,
        r#"{"tokenId":"b","stateHash":"","data":"y"}"#,
        r#"{"tokenId":"b","stateHash":null,"data":"y"}"#,
    ] {
        let file = wallet.file("tokens.ndjson", format!("{good}\n{bad}\n"));
        let told = wallet.run(&["put", &file]).refused(2, "bad_request");
        assert!(told.contains("line 2") && told.contains("stateHash"), "{told}");
        assert!(wallet.run(&["tokens"]).lines().is_empty());
        assert!(std::fs::read_to_string(&file).unwrap().contains(bad), "the file is as it was");
    }
    let mended = r#"{"tokenId":"b","stateHash":"1","data":"y"}"#;
    let file = wallet.file("tokens.ndjson", format!("{good}\n{mended}\n"));
    assert_eq!(wallet.run(&["put", &file]).done()["added"], 2);
}

#[test]
fn values_that_are_not_json_are_refused() {
    let wallet = Wallet::new();
    for arguments in [
        &["set", "k", "{"][..],
        &["set", "k", ""],
        &["spend", "t", "s", "--proof", "'x'"],
        &["spend", "t", "s", "--intent", "{} {}"],
    ] {
        let told = wallet.run(arguments).refused(2, "bad_request");
        assert!(told.contains("JSON"), "{told}");
    }
}
