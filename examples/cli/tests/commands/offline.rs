//! A wallet without any node: everything local works, and says what it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::Wallet;

fn opened() -> Wallet {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    wallet
}

#[test]
fn init_makes_a_secret_once_and_shows_three_names() {
    let wallet = Wallet::new();
    let first = wallet.run(&["init"]).done();
    assert_eq!(first["created"], true);
    assert_eq!(fs::metadata(wallet.path("secret")).unwrap().permissions().mode() & 0o777, 0o600);
    let names = first["names"].as_array().unwrap();
    assert_eq!(names.len(), 3);
    for (slot, name) in names.iter().enumerate() {
        assert_eq!(name["slot"], slot);
        assert!(name["name"].as_str().unwrap().starts_with("12D3KooW"), "{name}");
        assert!(name["cid"].as_str().unwrap().starts_with("k51"), "{name}");
    }
    let second = wallet.run(&["init"]).done();
    assert_eq!((&second["created"], &second["names"]), (&json!(false), &first["names"]));
    assert_eq!(wallet.run(&["names"]).done()["names"], first["names"]);
}

#[test]
fn a_known_secret_has_known_names() {
    let wallet = Wallet::new();
    wallet.file("secret", format!("{}01\n", "00".repeat(31)));
    fs::set_permissions(wallet.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let names = wallet.run(&["init"]).done();
    assert_eq!(names["names"][0]["name"], "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR");
    assert_eq!(names["names"][0]["cid"], "k51qzi5uqu5dkem3g4utpxr5myq2du4zn92hsx8h7lcdjf85m2a9mnfcrfo74u");
    assert_eq!(names["names"][1]["name"], "12D3KooWAqkVNdqncMMjQX45jzz1Zimbgb3utxPamAFhT6mEZHV2");
}

#[test]
fn tokens_come_back_byte_for_byte() {
    let wallet = opened();
    let lines = "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"summary\":\"5 ₿\",\"data\":\" {\\n\\u0000} \"}\n\
        {\"tokenId\":\"b\",\"stateHash\":\"1\",\"previous\":\"0\",\"dataBase64\":\"AAH/\"}\n";
    let put = wallet.run_with_stdin(&["put", "-"], lines).done();
    assert_eq!((&put["added"], &put["unchanged"], &put["ack"]), (&json!(2), &json!(0), &json!("local")));
    assert!(put["elapsedMs"].as_f64().unwrap() > 0.0);
    let tokens = wallet.run(&["tokens", "--data"]).lines();
    assert_eq!(
        tokens,
        [
            json!({"tokenId": "a", "stateHash": "1", "previous": null, "summary": "5 ₿", "size": 6, "spend": "none",
            "forked": false, "ack": "local", "data": " {\n\0} "}),
            json!({"tokenId": "b", "stateHash": "1", "previous": "0", "summary": null, "size": 3, "spend": "none",
            "forked": false, "ack": "local", "dataBase64": "AAH/"}),
        ]
    );
    let without = wallet.run(&["tokens"]).lines();
    assert!(without.len() == 2 && without[0].get("data").is_none());
}

#[test]
fn the_same_again_is_unchanged_and_other_content_stores_nothing() {
    let wallet = opened();
    let line =
        |id: &str, data: &str| format!("{{\"tokenId\":\"{id}\",\"stateHash\":\"1\",\"data\":\"{data}\"}}\n");
    wallet.run_with_stdin(&["put", "-"], &line("a", "x")).done();
    let again =
        wallet.run_with_stdin(&["put", "-"], &(line("a", "x") + &line("a", "x") + &line("b", "y"))).done();
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(1), &json!(2)));
    let told =
        wallet.run_with_stdin(&["put", "-"], &(line("c", "z") + &line("a", "other"))).refused(2, "conflict");
    assert!(told.contains('a'), "{told}");
    assert_eq!(wallet.run(&["tokens"]).lines().len(), 2);
}

#[test]
fn spends_are_recorded_and_shown() {
    let wallet = opened();
    wallet.run_with_stdin(&["put", "-"], "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}").done();
    assert_eq!(wallet.run(&["spend", "a", "1", "--intent", r#"{"salt":1}"#]).done()["ack"], "local");
    assert_eq!(wallet.run(&["tokens"]).lines()[0]["spend"], "intent");
    assert_eq!(wallet.run(&["status"]).done()["tokens"], json!({"total": 1, "unspent": 0, "suspect": 1}));
    wallet.run(&["spend", "a", "1", "--proof", "[1]"]).done();
    wallet.run(&["spend", "a", "1", "--proof", "[2]"]).done();
    assert_eq!(wallet.run(&["tokens"]).lines().len(), 0);
    assert_eq!(wallet.run(&["tokens", "--all"]).lines()[0]["spend"], "proof");
    wallet.run(&["spend", "a b", "1", "--proof", "1"]).refused(2, "bad_request");
    // Kept, for the state may come later; but the answer says that nothing here is spent by it.
    assert_eq!(wallet.run(&["spend", "a", "1", "--proof", "[2]"]).done()["known"], true);
    let unknown = wallet.run(&["spend", "A", "1", "--proof", "[2]"]).done();
    assert_eq!((&unknown["ack"], &unknown["known"]), (&"local".into(), &false.into()));
}

#[test]
fn settings_keep_what_was_written() {
    let wallet = opened();
    let value = "{ \"b\": 12345678901234567890123, \"a\" : [1.50, \"x y\"] }";
    assert_eq!(wallet.run(&["set", "theme", value]).done()["ack"], "local");
    let outcome = wallet.run(&["get", "theme"]);
    assert!(
        outcome.stdout.contains(r#""value":{"b":12345678901234567890123,"a":[1.50,"x y"]}"#),
        "{outcome:?}"
    );
    wallet.run(&["set", "theme", "-5"]).done();
    assert_eq!(wallet.run(&["get", "theme"]).done()["value"], -5);
    wallet.run(&["get", "nothing"]).refused(2, "not_found");
    wallet.run(&["set", &"k".repeat(129), "1"]).refused(2, "bad_request");
}

#[test]
fn status_says_what_is_pending() {
    let wallet = opened();
    let empty = wallet.run(&["status"]).done();
    assert_eq!((&empty["ack"], &empty["pending"], &empty["slot"]), (&json!("none"), &json!(0), &json!(null)));
    assert_eq!((&empty["lastSync"], &empty["highWater"]), (&json!(null), &json!([])));
    wallet.run_with_stdin(&["put", "-"], "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}").done();
    let full = wallet.run(&["status"]).done();
    assert_eq!((&full["ack"], &full["pending"]), (&json!("local"), &json!(1)));
    assert!(full["revision"].is_u64());
}

#[test]
fn a_sync_without_a_source_says_so_and_changes_nothing() {
    let wallet = opened();
    wallet.run_with_stdin(&["put", "-"], "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}").done();
    // A port that was free a moment ago refuses.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nodes = wallet.file("nodes.json", format!(r#"[{{"id":"n1","api":"http://127.0.0.1:{port}"}}]"#));
    let outcome = wallet.run(&["--nodes", &nodes, "sync", "--fresh", "--deadline", "1500"]);
    outcome.refused(3, "unreachable");
    assert_eq!(outcome.lines()[0]["retryable"], true);
    assert_eq!(outcome.lines()[0]["nodes"][0]["outcome"], "unreachable");
    assert_eq!(wallet.run(&["tokens", "--data"]).lines()[0]["data"], "x");
}

#[test]
fn metrics_nodes_and_cache_have_their_forms() {
    let wallet = opened();
    let metrics = wallet.run(&["metrics"]).done();
    assert!(metrics["snapshot"].is_object() && metrics["target"].is_object(), "{metrics}");
    let text = wallet.run(&["metrics", "--prometheus"]);
    assert_eq!(text.exit, Some(0));
    assert!(text.stdout.contains("# TYPE"), "{text:?}");
    let nodes = wallet.file("nodes.json", r#"[{"id":"n1","api":"http://127.0.0.1:1"}]"#);
    let health = wallet.run(&["--nodes", &nodes, "nodes"]).lines();
    assert_eq!(health[0]["id"], "n1");
    for field in ["state", "p50Ms", "p95Ms", "successRate", "lastError"] {
        assert!(health[0].get(field).is_some(), "{field}: {health:?}");
    }
    for arguments in [&["cache"][..], &["cache", "--clear", "all"]] {
        let cache = wallet.run(arguments).done();
        for field in ["records", "blocks", "bytes", "hits", "misses", "failures"] {
            assert!(cache[field].is_u64(), "{field}: {cache}");
        }
    }
}

#[test]
fn another_secret_or_network_is_refused() {
    let wallet = opened();
    wallet.run(&["--network", "testnet", "status"]).refused(5, "wrong_wallet");
    fs::remove_file(wallet.path("secret")).unwrap();
    wallet.run(&["init"]).refused(5, "wrong_wallet");
    assert!(!wallet.path("secret").exists(), "a secret that opens nothing was left behind");
}
