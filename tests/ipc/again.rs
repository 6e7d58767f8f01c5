//! Calls that a web view sends again after a reload.

use serde_json::{Value, json};
use tauri::ipc::InvokeBody;
use tauri_plugin_wallet_sync::Builder;

use crate::fixture::{ALL, Fixture, put_body, wait};

fn json_body(body: Value) -> InvokeBody {
    InvokeBody::Json(body)
}

#[test]
fn a_wipe_that_comes_again_does_not_remove_an_account_that_was_opened_in_between() {
    let app = Fixture::new(&ALL, Value::Null);
    let wipe = || app.call("1", "wipe", json_body(json!({"account": "a", "confirm": "a", "force": false})));
    assert_eq!(wipe().unwrap()["removed"], true);
    app.open("a", 1);
    app.put("a", &[("t1", b"one")]).unwrap();
    assert_eq!(wipe().unwrap()["removed"], true, "the answer of the first");
    assert_eq!(app.ok("status", json!({"account": "a"}))["tokens"]["total"], 1);
}

#[test]
fn a_wipe_of_another_opening_is_refused() {
    let app = Fixture::new(&ALL, Value::Null);
    let opening = app.ok("status", json!({"account": "a"}))["opening"].clone();
    wait(app.wallets().close_account("a")).unwrap();
    app.open("a", 1);
    let body = |opening: &Value| json!({"account": "a", "confirm": "a", "force": false, "opening": opening});
    assert_eq!(app.code("wipe", body(&opening)), "conflict");
    let now = app.ok("status", json!({"account": "a"}))["opening"].clone();
    assert_eq!(app.ok("wipe", body(&now))["removed"], true);
}

#[test]
fn an_older_value_a_node_or_a_measurement_does_not_come_back() {
    let nodes = json!([{"id": "n1", "api": "http://127.0.0.1:9"}]);
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    let set = |id: &str, value: &str| {
        let value = json!({"encoding": "utf8", "value": value});
        app.call(id, "set_entry", json_body(json!({"account": "a", "entryKey": "k", "value": value})))
            .unwrap()
    };
    let enable = |id: &str, on: bool| {
        let body = json!({"account": "a", "nodeId": "n1", "enabled": on});
        app.call(id, "set_node_enabled", json_body(body)).unwrap()
    };
    set("1", "old");
    set("2", "new");
    set("1", "old");
    let entries = app.ok("list_entries", json!({"account": "a", "page": {}}));
    assert_eq!(entries["entries"][0]["content"]["value"], "new");
    enable("3", false);
    enable("4", true);
    enable("3", false);
    assert_eq!(app.ok("node_health", json!({"account": "a"}))[0]["enabled"], true);
    let reset = || app.call("5", "reset_metrics", json_body(json!({"account": "a"}))).unwrap();
    let count = || {
        let metrics = app.ok("metrics", json!({"account": "a"}));
        metrics["operations"].as_array().unwrap().iter().filter_map(|one| one["count"].as_u64()).sum::<u64>()
    };
    reset();
    // Another window's call of the same id is another call, and so is another command.
    let _ = app.call(
        "5",
        "sync_now",
        json_body(json!({"account": "a", "options": {}, "onProgress": "__CHANNEL__:77"})),
    );
    let before = count();
    assert!(before > 0);
    reset();
    assert!(count() >= before, "what came since is still counted");
}

#[test]
fn a_put_that_comes_again_gets_the_answer_of_the_first() {
    let app = Fixture::new(&ALL, Value::Null);
    let put = || app.call("1", "put_tokens", InvokeBody::Raw(put_body("a", &[("t1", b"one")]))).unwrap();
    assert_eq!(put()["added"], 1);
    assert_eq!(put()["added"], 1, "not unchanged");
    assert_eq!(app.put("a", &[("t1", b"one")]).unwrap()["unchanged"], 1, "without an id each is a call");
}

#[test]
fn an_app_may_keep_its_signals() {
    let built = crate::fixture::build(&ALL, Value::Null, Builder::new().leave_signals());
    assert!(built.app.is_ok());
}
