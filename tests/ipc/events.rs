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
fn copies_of_the_package_in_one_window_hear_side_by_side() {
    let app = Fixture::new(&ALL, Value::Null);
    let subscribe = |copy: &str, channel: u32| {
        let to = format!("__CHANNEL__:{channel}");
        app.ok("subscribe", json!({"account": "a", "onEvents": to, "listener": copy}))
    };
    subscribe("esm", 5);
    subscribe("iife", 6);
    // A page that names none is one of its own.
    app.subscribe("a", 7);
    subscribe("iife", 8);
    app.put("a", &[("t1", b"one")]).unwrap();
    for channel in [5, 7, 8] {
        assert_eq!(app.event(channel, "tokens-changed")["added"], 1);
    }
    let long = json!({"account": "a", "onEvents": "__CHANNEL__:9", "listener": "x".repeat(65)});
    assert_eq!(app.code("subscribe", long), "bad_request");
}

#[test]
fn who_listens_hears_that_an_account_is_closed_and_opened_again() {
    let app = Fixture::new(&ALL, Value::Null);
    let first = app.subscribe("a", 5);
    wait(app.wallets().close_account("a")).unwrap();
    assert_eq!(app.event(5, "closed")["account"], "a");
    let before = app.subscribe("b", 6);
    assert_eq!((&before["opening"], &before["revision"]), (&Value::Null, &json!(0)));
    app.open("b", 2);
    app.open("a", 1);
    assert_eq!(app.event(6, "opened")["account"], "b");
    let opened = app.event(5, "opened");
    assert!(opened["opening"].as_u64() > first["opening"].as_u64(), "{opened} after {first}");
    assert_eq!(app.ok("status", json!({"account": "a"}))["opening"], opened["opening"]);
    app.put("a", &[("t1", b"one")]).unwrap();
    assert_eq!(app.event(5, "tokens-changed")["added"], 1);
    assert_eq!(app.code("subscribe", json!({"account": "../a", "onEvents": "__CHANNEL__:7"})), "bad_request");
}

#[test]
fn a_publish_in_the_background_is_the_last_sync_of_the_status_and_an_event_says_so() {
    let cluster = wait(Cluster::start(3)).unwrap();
    let nodes: Value = serde_json::from_str(&cluster.nodes_json()).unwrap();
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    app.subscribe("a", 5);
    app.put("a", &[("t1", b"one")]).unwrap();
    while app.event(5, "sync-changed")["outcome"] != "published" {}
    let status = app.ok("status", json!({"account": "a"}));
    assert_eq!(status["lastSync"]["outcome"], "published");
}

#[test]
fn entries_that_change_are_told_apart_from_tokens() {
    let app = Fixture::new(&ALL, Value::Null);
    app.subscribe("a", 5);
    app.put("a", &[("t1", b"one")]).unwrap();
    let (_, events) = app.message(5);
    assert!(events.as_array().unwrap().iter().all(|event| event["event"] != "entries-changed"), "{events}");
    let value = json!({"encoding": "utf8", "value": "v"});
    app.ok("set_entry", json!({"account": "a", "entryKey": "k", "value": value}));
    app.event(5, "entries-changed");
    app.ok("delete_entry", json!({"account": "a", "entryKey": "k"}));
    app.event(5, "entries-changed");
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
