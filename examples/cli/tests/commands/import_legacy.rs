//! `import-legacy` from a file: a report for programs and for people, nothing dropped, again and again.

use serde_json::{Value, json};

use crate::support::Wallet;

fn document() -> Value {
    let (one, two) = ("01".repeat(32), "02".repeat(32));
    let token = |state: &str| json!({"genesis": {"data": {"coinData": [["uct", "5"]]}}, "_integrity": {"currentStateHash": state}, "x": 1});
    json!({
        "_meta": {"version": 3, "formatVersion": "2.0"},
        format!("_{one}"): token("s1"),
        format!("_archived_{two}"): token("s2"),
        format!("_{}", "03".repeat(32)): "broken",
        "_outbox": [{"sourceTokenId": one, "salt": "5a"}],
    })
}

#[test]
fn a_file_is_taken_over_with_a_report_and_again_without_harm() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let file = wallet.file("old.json", document().to_string());
    let first = wallet.run(&["import-legacy", &file]).done();
    assert_eq!(
        (&first["found"], &first["added"], &first["unchanged"], &first["suspect"]),
        (&json!(2), &json!(2), &json!(0), &json!(2))
    );
    assert_eq!(first["unreadable"][0]["name"], format!("_{}", "03".repeat(32)));
    assert_eq!(first["unreadable"].as_array().unwrap().len(), 1);
    assert_eq!((&first["ack"], &first["replaced"]), (&json!("local"), &json!(false)));
    let again = wallet.run(&["import-legacy", &file]).done();
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)));
    let rows = wallet.run(&["tokens", "--data"]).lines();
    let spends: Vec<&Value> = rows.iter().map(|row| &row["spend"]).collect();
    assert_eq!(spends, ["intent", "intent"]);
    let payload: Value = serde_json::from_str(rows[0]["data"].as_str().unwrap()).unwrap();
    assert_eq!(payload, document()[format!("_{}", "01".repeat(32))]);
    // For people, line by line.
    let mut plain = crate::support::command();
    plain.env("WALLETSYNC_DATA", wallet.path("data")).env("WALLETSYNC_SECRET_FILE", wallet.path("secret"));
    let text = crate::support::run_with(plain.args(["import-legacy", &file]), b"");
    assert_eq!(text.exit, Some(0), "{text:?}");
    assert!(
        text.stdout.contains("2 token states found") && text.stdout.contains("kept, but not read"),
        "{text:?}"
    );
}

#[test]
fn what_is_no_wallet_of_the_predecessor_is_refused() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    for text in ["", "[1]", "{\"name\":\"x\"}", "{\"_meta\":"] {
        let file = wallet.file("bad.json", text);
        let message = wallet.run(&["import-legacy", &file]).refused(4, "malformed");
        assert!(message.contains("bad.json"), "{message}");
    }
    wallet.run(&["import-legacy", "/nowhere/old.json"]).refused(2, "bad_request");
    // Without nodes there is no slot 0 to look at.
    wallet.run(&["import-legacy"]).refused(2, "bad_request");
    assert_eq!(wallet.run(&["status"]).done()["revision"], 0);
}

#[test]
fn a_mark_in_upper_case_hides_its_token_all_the_same() {
    let (wallet, id, state) = (Wallet::new(), "ab".repeat(32), format!("0000{}", "cd".repeat(32)));
    wallet.run(&["init"]).done();
    let document = json!({
        format!("_{id}"): {"_integrity": {"currentStateHash": state}},
        "_tombstones": [{"tokenId": id.to_uppercase(), "stateHash": state.to_uppercase(), "timestamp": 1}],
    });
    let file = wallet.file("old.json", document.to_string());
    assert_eq!(wallet.run(&["import-legacy", &file]).done()["suspect"], 1);
    assert_eq!(wallet.run(&["tokens"]).lines()[0]["spend"], "intent");
}

#[test]
fn what_is_kept_is_listed_and_read_again_byte_for_byte() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    assert_eq!(wallet.run(&["kept"]).exit, Some(0));
    let broken = format!("_{}", "03".repeat(32));
    let large = format!("{{ \"x\" : \"{}\" }}", "y".repeat(200_000));
    let text = format!(
        "{{\"_meta\": {{\"version\":3}}, \"{broken}\": {{}}, \"_history\":{large}, \"_outbox\": [null]}}"
    );
    let file = wallet.file("old.json", text);
    let told = wallet.run(&["import-legacy", &file]).done();
    let unreadable = told["unreadable"].as_array().unwrap();
    assert_eq!(unreadable.len(), 2, "{told}");
    let parts = wallet.run(&["kept"]).lines();
    let sections: Vec<&str> = parts.iter().map(|part| part["section"].as_str().unwrap()).collect();
    assert_eq!(sections, [&broken[..48], "_history", "_meta", "_outbox"]);
    assert_eq!((&parts[1]["entries"], &parts[1]["size"]), (&json!(4), &json!(large.len() + 13)));
    let read = |key: &Value| wallet.run(&["kept", key.as_str().unwrap()]).done()["data"].clone();
    assert_eq!(read(&parts[1]["key"]), format!("{{\"_history\":{large}}}"));
    for one in unreadable {
        let expected = if one["name"] == broken.as_str() {
            format!("{{\"{broken}\":{{}}}}")
        } else {
            "{\"_outbox\":[null]}".to_owned()
        };
        assert_eq!(read(&one["key"]), expected, "{one}");
    }
    // Without nodes, on another device: all of it is in a backup.
    let backup = wallet.path("wallet.backup");
    wallet.run(&["backup", "export", backup.to_str().unwrap()]).done();
    let other = Wallet::new();
    std::fs::copy(wallet.path("secret"), other.path("secret")).unwrap();
    other.run(&["backup", "import", backup.to_str().unwrap()]).done();
    assert_eq!(other.run(&["kept"]).lines(), parts);
    other.run(&["kept", "legacy.none"]).refused(2, "not_found");
}
