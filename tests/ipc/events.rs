use dev_nodes::Cluster;
use serde_json::{Value, json};
use tauri::ipc::InvokeBody;

use crate::fixture::{ALL, Fixture, LOCAL, invoke, put_body, wait, window};

#[test]
fn a_listener_hears_of_a_change_with_its_account_and_a_revision_that_grows() {
    let app = Fixture::new(&ALL, Value::Null);
    app.open("b", 2);
    let first = app.subscribe("a", 5);
    assert_eq!((&first["account"], &first["missed"]), (&json!("a"), &json!(false)));
    app.put("b", &[("t9", b"other")]).unwrap();
    app.put("a", &[("t1", b"one")]).unwrap();
    let event = app.event(5, "tokens-changed");
    assert_eq!((&event["account"], &event["added"], &event["spent"]), (&json!("a"), &json!(1), &json!(0)));
    assert!(event["revision"].as_u64() > first["revision"].as_u64());
    let status = app.ok("status", json!({"account": "a"}));
    assert!(status["revision"].as_u64() >= event["revision"].as_u64());
}

#[test]
fn a_publish_is_told_up_to_verified() {
    let cluster = wait(Cluster::start(3)).unwrap();
    let nodes: Value = serde_json::from_str(&cluster.nodes_json()).unwrap();
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    app.subscribe("a", 5);
    app.put("a", &[("t1", b"one")]).unwrap();
    // The engine publishes by itself.
    let mut seen = Vec::new();
    let mut revision = 0;
    loop {
        let (_, events) = app.message(5);
        for event in events.as_array().unwrap() {
            let kind = event["event"].as_str().unwrap().to_owned();
            assert!(event["revision"].as_u64().unwrap() >= revision, "{event} after {revision}");
            revision = event["revision"].as_u64().unwrap();
            seen.push(kind);
        }
        let is_verified = |event: &Value| event["event"] == "publish-changed" && event["ack"] == "verified";
        if events.as_array().unwrap().iter().any(is_verified) {
            break;
        }
    }
    for kind in ["tokens-changed", "sync-changed", "publish-changed"] {
        assert!(seen.iter().any(|one| one == kind), "{kind} in {seen:?}");
    }
}

#[test]
fn subscribing_again_takes_the_place_of_the_window_s_first() {
    let app = Fixture::new(&ALL, Value::Null);
    app.subscribe("a", 5);
    app.subscribe("a", 6);
    app.put("a", &[("t1", b"one")]).unwrap();
    let (index, events) = app.message(6);
    assert_eq!((index, &events[0]["event"]), (0, &json!("tokens-changed")));
}

#[test]
fn two_windows_that_do_the_same_make_one_change_that_both_hear_of() {
    let app = Fixture::new(&ALL, Value::Null);
    let second = window(&app.app, "second");
    let call = |command: &str, body: InvokeBody| invoke(&second, LOCAL, command, body).unwrap();
    app.subscribe("a", 5);
    call("subscribe", InvokeBody::Json(json!({"account": "a", "onEvents": "__CHANNEL__:6"})));
    app.put("a", &[("t1", b"one")]).unwrap();
    assert_eq!(app.event(5, "tokens-changed")["added"], 1);
    assert_eq!(app.event(6, "tokens-changed")["added"], 1);
    let again = call("put_tokens", InvokeBody::Raw(put_body("a", &[("t1", b"one")])));
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(1)));
    let status = call("status", InvokeBody::Json(json!({"account": "a"})));
    assert_eq!(status["tokens"]["total"], 1);
}

#[test]
fn closing_an_account_is_told_and_nobody_can_listen_to_it() {
    let app = Fixture::new(&ALL, Value::Null);
    app.subscribe("a", 5);
    wait(app.wallets().close_account("a")).unwrap();
    assert_eq!(app.event(5, "closed")["account"], "a");
    assert_eq!(app.code("subscribe", json!({"account": "a", "onEvents": "__CHANNEL__:6"})), "closed");
}

#[test]
fn a_window_without_permission_hears_nothing() {
    let app = Fixture::new(&ALL, Value::Null);
    let other = window(&app.app, "other");
    let body = json!({"account": "a", "onEvents": "__CHANNEL__:9"});
    let answer = invoke(&other, LOCAL, "subscribe", InvokeBody::Json(body));
    assert!(answer.unwrap_err().as_str().unwrap().contains("not allowed"));
}

#[test]
fn a_sync_from_cache_updates_the_measurements() {
    let app = Fixture::new(&ALL, Value::Null);
    app.subscribe("a", 5);
    let _ = app.invoke("sync_now", json!({"account": "a", "options": {}, "onProgress": "__CHANNEL__:77"}));
    assert_eq!(app.event(5, "metrics-updated")["account"], "a");
}
