use serde_json::{Value, json};
use tauri::ipc::InvokeBody;

use crate::fixture::{ALL, Answer, Fixture, LOCAL, invoke};

/// A put whose head is this text, whatever it is.
fn put(app: &Fixture, head: &[u8], payloads: &[u8]) -> Answer {
    let mut body = u32::try_from(head.len()).unwrap().to_be_bytes().to_vec();
    body.extend(head);
    body.extend(payloads);
    invoke(&app.window, LOCAL, "put_tokens", InvokeBody::Raw(body))
}

/// The head of a put of two states; the second has these fields.
fn head(second: &str) -> String {
    let first = r#"{"tokenId":"t1","stateHash":"s","previous":null,"summary":null,"size":1}"#;
    format!(r#"{{"account":"a","tokens":[{first},{second}]}}"#)
}

fn shown(app: &Fixture) -> u64 {
    app.ok("status", json!({"account": "a"}))["tokens"]["total"].as_u64().unwrap()
}

fn spend(app: &Fixture, id: &str, kind: &str, evidence: &Value) -> Answer {
    let body = json!({"account": "a", "tokenId": id, "stateHash": "s", "kind": kind, "evidence": evidence});
    app.invoke("record_spend", body)
}

#[test]
fn a_spend_says_whether_the_state_is_known_and_is_kept_either_way() {
    let app = Fixture::new(&ALL, Value::Null);
    let text = |value: &str| json!({"encoding": "utf8", "value": value});
    let known =
        |id: &str, kind: &str, value: &str| spend(&app, id, kind, &text(value)).unwrap()["known"].clone();
    app.put("a", &[("t1", b"one"), ("t2", b"two")]).unwrap();
    assert_eq!(known("t1", "intent", "salt"), true);
    assert_eq!(known("t1", "intent", "salt"), true, "nothing new to write");
    assert_eq!(known("t1", "proof", "block"), true);
    assert_eq!(known("T2", "proof", "block"), false, "a slip of the pen");
    assert_eq!(known("T2", "proof", "block"), false, "a spend alone makes no state known");
    assert_eq!(known("T2", "proof", "another"), false);
    assert_eq!(shown(&app), 1, "t2 stays on offer, and the caller knows why");
    app.put("a", &[("T2", b"late")]).unwrap();
    assert_eq!(shown(&app), 1, "the spend was kept");
    assert_eq!(known("T2", "intent", "salt"), true);
    let refused = spend(&app, "T 3", "proof", &text("block")).unwrap_err();
    assert_eq!(refused["code"], "bad_request");
}

#[test]
fn half_a_surrogate_pair_in_a_put_is_refused_by_name_and_nothing_is_stored() {
    let app = Fixture::new(&ALL, Value::Null);
    let states = [
        ("tokenId", r#"{"tokenId":"\ud800","stateHash":"s","size":0}"#),
        ("stateHash", r#"{"tokenId":"t2","stateHash":"\udfff","size":0}"#),
        ("previous", r#"{"tokenId":"t2","stateHash":"s","previous":"\ud83dx","size":0}"#),
        ("summary", r#"{"tokenId":"t2","stateHash":"s","summary":"5 \udc00\ud83d","size":0}"#),
        ("summary", r#"{"tokenId":"t2","stateHash":"s","summary":"5 \ud83d\n","size":0}"#),
    ];
    for (field, state) in states {
        let error = put(&app, head(state).as_bytes(), b"x").unwrap_err();
        assert_eq!(error["code"], "bad_request", "{state}");
        assert!(error["message"].as_str().unwrap().starts_with(&format!("{field}: ")), "{error}");
    }
    // The same half as bytes, as no encoder that follows the rules writes it.
    let mut raw = head(r#"{"tokenId":"t2","stateHash":"s","summary":"#).into_bytes();
    raw.truncate(raw.len() - 2);
    raw.extend(b"\"\xed\xa0\x80\",\"size\":0}]}");
    let error = put(&app, &raw, b"x").unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("summary: "), "{error}");
    let error = put(&app, br#"{"account":"\ud800","tokens":[]}"#, b"").unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("account: "), "{error}");
    assert_eq!(shown(&app), 0);
    // A whole pair, escaped, is text like any other.
    let whole = head(r#"{"tokenId":"t2","stateHash":"s","summary":"\ud83d\ude00","size":0}"#);
    assert_eq!(put(&app, whole.as_bytes(), b"x").unwrap()["added"], 2);
    let page = app.ok("list_tokens", json!({"account": "a", "page": {}}));
    assert_eq!(page["tokens"][1]["summary"], "😀");
}

#[test]
fn a_field_of_a_put_that_is_not_what_it_has_to_be_is_refused_by_name() {
    let app = Fixture::new(&ALL, Value::Null);
    for (field, state) in [
        ("tokenId", r#"{"tokenId":7,"stateHash":"s","size":0}"#),
        ("tokenId", r#"{"tokenId":null,"stateHash":"s","size":0}"#),
        ("tokenId", r#"{"tokenId":[116],"stateHash":"s","size":0}"#),
        ("stateHash", r#"{"tokenId":"t2","stateHash":{},"size":0}"#),
        ("previous", r#"{"tokenId":"t2","stateHash":"s","previous":false,"size":0}"#),
        ("summary", r#"{"tokenId":"t2","stateHash":"s","summary":["x"],"size":0}"#),
        ("size", r#"{"tokenId":"t2","stateHash":"s","size":-1}"#),
        ("size", r#"{"tokenId":"t2","stateHash":"s","size":0.5}"#),
        ("size", r#"{"tokenId":"t2","stateHash":"s","size":null}"#),
        ("size", r#"{"tokenId":"t2","stateHash":"s","size":"0"}"#),
        ("body", r#"{"tokenId":"t2","stateHash":"s"}"#),
        ("body", r#"{"tokenId":"t2","stateHash":"s","size":0,"size":0}"#),
    ] {
        let error = put(&app, head(state).as_bytes(), b"x").unwrap_err();
        assert_eq!(error["code"], "bad_request", "{state}");
        assert!(error["message"].as_str().unwrap().starts_with(&format!("{field}: ")), "{state}: {error}");
    }
    assert_eq!(shown(&app), 0);
}

#[test]
fn what_is_neither_text_nor_bytes_is_refused_by_name_and_nothing_is_stored() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one")]).unwrap();
    let before = app.ok("status", json!({"account": "a"}));
    for value in [
        Value::Null,
        json!({}),
        json!(7),
        json!(""),
        json!("text"),
        json!([1, 2, 3]),
        json!(["utf8", "text"]),
        json!({"0": 1, "1": 2}),
        json!({"encoding": "utf8"}),
        json!({"value": "text"}),
        json!({"encoding": "utf8", "value": null}),
        json!({"encoding": "utf8", "value": 7}),
        json!({"encoding": "utf8", "value": [116]}),
        json!({"encoding": "utf16", "value": "text"}),
        json!({"encoding": "base64", "value": "text", "length": 3}),
        // Bits that would be dropped, padding that is missing, another alphabet, a line break.
        json!({"encoding": "base64", "value": "AAF="}),
        json!({"encoding": "base64", "value": "AAE"}),
        json!({"encoding": "base64", "value": "_-8="}),
        json!({"encoding": "base64", "value": "AAEC\n"}),
        json!({"encoding": "base64", "value": "\u{fffd}"}),
    ] {
        let entry = json!({"account": "a", "entryKey": "k", "value": value});
        for (field, answer) in
            [("evidence", spend(&app, "t1", "proof", &value)), ("value", app.invoke("set_entry", entry))]
        {
            let error = answer.unwrap_err();
            assert_eq!(error["code"], "bad_request", "{value}");
            assert!(
                error["message"].as_str().unwrap().starts_with(&format!("{field}: ")),
                "{value}: {error}"
            );
        }
    }
    assert_eq!(app.ok("status", json!({"account": "a"})), before);
    let entries = app.ok("list_entries", json!({"account": "a", "page": {}}));
    assert_eq!(entries["entries"], json!([]));
}

#[test]
fn an_empty_value_given_on_purpose_is_stored() {
    let app = Fixture::new(&ALL, Value::Null);
    for encoding in ["utf8", "base64"] {
        let empty = json!({"encoding": encoding, "value": ""});
        app.ok("set_entry", json!({"account": "a", "entryKey": encoding, "value": empty}));
        spend(&app, "t", "intent", &empty).unwrap();
    }
    let entries = app.ok("list_entries", json!({"account": "a", "page": {}}))["entries"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[0]["size"], 0);
}
