//! The token list: pages, what changed since, what may be spent.

use dev_nodes::Cluster;
use serde_json::{Value, json};

use crate::fixture::{ALL, Fixture, wait};

fn page(app: &Fixture, range: Value) -> Value {
    app.ok("list_tokens", json!({"account": "a", "page": range}))
}

fn changes(app: &Fixture, page: &Value) -> Value {
    let since = json!({"opening": page["opening"], "revision": page["revision"]});
    app.ok("token_changes", json!({"account": "a", "since": since}))
}

fn spend(app: &Fixture, token: &str, kind: &str) {
    let evidence = json!({"encoding": "utf8", "value": "e"});
    app.ok(
        "record_spend",
        json!({"account": "a", "tokenId": token, "stateHash": "s", "kind": kind, "evidence": evidence}),
    );
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["tokenId"].as_str().unwrap()).collect()
}

#[test]
fn a_list_is_brought_up_to_date_by_what_changed() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one"), ("t2", b"two"), ("t3", b"three")]).unwrap();
    let first = page(&app, json!({}));
    let none = changes(&app, &first);
    assert_eq!((&none["changed"], &none["tokens"]), (&json!([]), &json!([])));
    app.put("a", &[("t4", b"four")]).unwrap();
    spend(&app, "t1", "proof");
    spend(&app, "t2", "intent");
    let some = changes(&app, &first);
    assert_eq!(some["changed"], json!(["t1", "t2", "t4"]), "t1 is gone: it has no row");
    assert_eq!(ids(&some["tokens"]), ["t2", "t4"]);
    assert_eq!((&some["tokens"][0]["spend"], &some["total"]), (&json!("intent"), &json!(3)));
    assert_eq!(changes(&app, &some)["changed"], json!([]));
    let other = json!({"opening": 77, "revision": first["revision"]});
    let unknown = app.ok("token_changes", json!({"account": "a", "since": other}));
    assert_eq!((&unknown["changed"], &unknown["tokens"]), (&Value::Null, &json!([])), "read it again");
    let ahead = json!({"opening": first["opening"], "revision": 1_000_000});
    assert_eq!(app.ok("token_changes", json!({"account": "a", "since": ahead}))["changed"], Value::Null);
}

#[test]
fn more_changes_than_a_page_holds_are_read_as_pages() {
    let app = Fixture::new(&ALL, Value::Null);
    let first = page(&app, json!({}));
    let names: Vec<String> = (0..1_001).map(|n| format!("t{n}")).collect();
    for part in names.chunks(1_000) {
        let tokens: Vec<(&str, &[u8])> = part.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        app.put("a", &tokens).unwrap();
    }
    assert_eq!(changes(&app, &first)["changed"], Value::Null);
}

#[test]
fn spendable_states_are_listed_without_the_others() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"1"), ("t2", b"2"), ("t3", b"3"), ("t4", b"4"), ("t5", b"5")]).unwrap();
    spend(&app, "t2", "intent");
    spend(&app, "t3", "proof");
    let all = page(&app, json!({"spendable": true}));
    assert_eq!(
        (ids(&all["tokens"]), &all["next"], &all["total"]),
        (vec!["t1", "t4", "t5"], &Value::Null, &json!(4))
    );
    let first = page(&app, json!({"spendable": true, "limit": 2}));
    assert_eq!(ids(&first["tokens"]), ["t1", "t4"]);
    let last = page(&app, json!({"spendable": true, "limit": 2, "after": first["next"]}));
    assert_eq!((ids(&last["tokens"]), &last["next"]), (vec!["t5"], &Value::Null));
}

#[test]
fn an_entry_that_was_deleted_is_not_listed_until_it_is_set_again() {
    let app = Fixture::new(&ALL, Value::Null);
    let set = |text: &str| {
        let value = json!({"encoding": "utf8", "value": text});
        app.invoke("set_entry", json!({"account": "a", "entryKey": "k", "value": value}))
    };
    let listed =
        || app.ok("list_entries", json!({"account": "a", "page": {}}))["entries"].as_array().unwrap().len();
    set("one").unwrap();
    app.ok("delete_entry", json!({"account": "a", "entryKey": "k"}));
    assert_eq!(listed(), 0);
    let versions = app.ok("entry_versions", json!({"account": "a", "entryKey": "k"}));
    assert_eq!(versions["versions"][0]["deleted"], true);
    assert_eq!(versions["versions"][0]["content"], Value::Null);
    set("").unwrap();
    assert_eq!(listed(), 1, "an empty value is one");
    assert_eq!(set("\0wallet-sync:deleted").unwrap_err()["code"], "bad_request");
}

#[test]
fn sequences_are_text_for_they_may_pass_what_a_number_of_a_page_can_be() {
    let cluster = wait(Cluster::start(2)).unwrap();
    let nodes: Value = serde_json::from_str(&cluster.nodes_json()).unwrap();
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    app.put("a", &[("t1", b"one")]).unwrap();
    app.ok("flush", json!({"account": "a"}));
    let devices = app.ok("devices", json!({"account": "a"}));
    assert!(!devices.as_array().unwrap().is_empty());
    assert!(devices.as_array().unwrap().iter().all(|one| one["sequence"].is_string()), "{devices}");
    let status = app.ok("status", json!({"account": "a"}));
    assert!(
        status["highWater"].as_array().unwrap().iter().all(|one| one["sequence"].is_string()),
        "{status}"
    );
}
