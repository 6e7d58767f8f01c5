use tauri_plugin_wallet_sync::clock::monotonic;

use serde_json::{Value, json};
use tauri::ipc::InvokeBody;
use tauri_plugin_wallet_sync::limits;

use crate::fixture::{ALL, Answer, Fixture, LOCAL, invoke};

#[test]
fn a_failed_command_answers_code_message_and_retryable_and_nothing_else() {
    let app = Fixture::new(&ALL, Value::Null);
    let error =
        app.invoke("get_token", json!({"account": "a", "tokenId": "t", "stateHash": "s"})).unwrap_err();
    assert_eq!(error, json!({"code": "not_found", "message": "there is no such thing", "retryable": false}));
}

#[test]
fn a_node_that_cannot_be_reached_is_told_without_its_address() {
    let nodes = json!([{"id": "n1", "api": "http://127.0.0.1:9"}]);
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    let body = json!({"account": "a", "options": {"fresh": true}, "onProgress": "__CHANNEL__:77"});
    let error = app.invoke("sync_now", body).unwrap_err();
    assert_eq!(error["code"], "unreachable");
    assert_eq!(error["retryable"], true);
    let health = app.ok("node_health", json!({"account": "a"}));
    assert_eq!(health[0]["lastError"], "unreachable");
    assert!(!health.to_string().contains("127.0.0.1"));
    assert!(!app.ok("metrics", json!({"account": "a"})).to_string().contains("127.0.0.1"));
    let text = app.ok("export_metrics", json!({"account": "a", "format": "json"}));
    assert!(!text.to_string().contains("127.0.0.1"));
}

#[test]
fn an_argument_out_of_its_bounds_is_refused_by_name() {
    let app = Fixture::new(&ALL, Value::Null);
    let text = |value: &str| json!({"encoding": "utf8", "value": value});
    let long = "x".repeat(limits::KEY_CHARS + 1);
    let range = |page: Value| json!({"account": "a", "page": page});
    let cases = [
        ("list_tokens", range(json!({"limit": 0})), "bad_request", "page.limit"),
        ("list_tokens", range(json!({"limit": 1_001})), "bad_request", "page.limit"),
        (
            "list_tokens",
            range(json!({"after": {"tokenId": "a b", "stateHash": "s"}})),
            "bad_request",
            "tokenId",
        ),
        ("list_entries", range(json!({"prefix": "x".repeat(513)})), "bad_request", "prefix"),
        ("entry_versions", json!({"account": "a", "entryKey": long}), "bad_request", "entryKey"),
        ("get_token", json!({"account": "a", "tokenId": long, "stateHash": "s"}), "bad_request", "tokenId"),
        ("get_token", json!({"account": "a", "tokenId": "t", "stateHash": ""}), "bad_request", "stateHash"),
        (
            "set_entry",
            json!({"account": "a", "entryKey": long, "value": text("")}),
            "bad_request",
            "entryKey",
        ),
        (
            "set_entry",
            json!({"account": "a", "entryKey": "k", "value": text(&"x".repeat(65_537))}),
            "too_large",
            "64 KiB",
        ),
        ("flush", json!({"account": "a", "withinMs": 99}), "bad_request", "100–600000"),
        (
            "metrics_history",
            json!({"account": "a", "range": {"from": 120_000, "to": 60_000}}),
            "bad_request",
            "from",
        ),
        ("set_node_enabled", json!({"account": "a", "nodeId": "n", "enabled": true}), "not_found", "no such"),
        ("check_node", json!({"account": "a", "nodeId": "http://127.0.0.1:9"}), "not_found", "no such"),
        ("retire_device", json!({"account": "a", "slot": 64}), "bad_request", "slot"),
        ("set_device_label", json!({"account": "a", "label": ""}), "bad_request", "label"),
        ("set_device_label", json!({"account": "a", "label": "x".repeat(65)}), "bad_request", "label"),
        ("set_device_label", json!({"account": "a", "label": "a\nb"}), "bad_request", "label"),
    ];
    for (command, body, code, word) in cases {
        let error = app.invoke(command, body).unwrap_err();
        assert_eq!(error["code"], code, "{command}");
        assert!(error["message"].as_str().unwrap().contains(word), "{command}: {error}");
    }
    let evidence = text(&"x".repeat(limits::EVIDENCE_BYTES + 1));
    let body =
        json!({"account": "a", "tokenId": "t", "stateHash": "s", "kind": "proof", "evidence": evidence});
    assert_eq!(app.code("record_spend", body), "too_large");
}

#[test]
fn a_badly_typed_or_unknown_argument_is_an_error_of_the_list_too() {
    let app = Fixture::new(&ALL, Value::Null);
    let spend = |kind: Value, evidence: Value| json!({"account": "a", "tokenId": "t", "stateHash": "s", "kind": kind, "evidence": evidence});
    let text = json!({"encoding": "utf8", "value": ""});
    let options = json!({"fresh": "yes"});
    for (command, body, argument) in [
        ("status", json!({"account": 1}), "account"),
        ("status", json!({}), "account"),
        ("status", json!(["a"]), "account"),
        ("list_tokens", json!({"account": "a"}), "page"),
        ("list_tokens", json!({"account": "a", "page": {"sql": "select"}}), "page"),
        ("get_token", json!({"account": "a", "tokenId": "t", "stateHash": {}}), "stateHash"),
        ("record_spend", spend(json!("undo"), text), "kind"),
        ("record_spend", spend(json!("proof"), json!("")), "evidence"),
        ("flush", json!({"account": "a", "withinMs": -1}), "withinMs"),
        ("subscribe", json!({"account": "a", "onEvents": 7}), "onEvents"),
        ("sync_now", json!({"account": "a", "options": options, "onProgress": "__CHANNEL__:77"}), "options"),
        ("wipe", json!({"account": "a", "confirm": "a", "force": "yes"}), "force"),
        ("retire_device", json!({"account": "a", "slot": 256}), "slot"),
        ("set_device_label", json!({"account": "a", "label": 7}), "label"),
    ] {
        let error = app.invoke(command, body).unwrap_err();
        let message = format!("{argument}: missing, or not what it has to be");
        assert_eq!(
            error,
            json!({"code": "bad_request", "message": message, "retryable": false}),
            "{command}"
        );
    }
}

#[test]
fn a_body_that_is_too_large_or_not_bytes_is_refused() {
    let app = Fixture::new(&ALL, Value::Null);
    let put = |body: InvokeBody| -> Answer { invoke(&app.window, LOCAL, "put_tokens", body) };
    assert_eq!(put(InvokeBody::Raw(vec![0; limits::PUT_BODY_BYTES + 1])).unwrap_err()["code"], "too_large");
    assert_eq!(put(InvokeBody::Json(json!({"account": "a"}))).unwrap_err()["code"], "bad_request");
    assert_eq!(put(InvokeBody::Json(json!([0, 0, 0, 256]))).unwrap_err()["code"], "bad_request");
    let big = vec![7; limits::PAYLOAD_BYTES];
    let other = vec![8; limits::PAYLOAD_BYTES];
    assert_eq!(app.put("a", &[("t1", &big), ("t2", &other)]).unwrap()["added"], 2);
}

#[test]
fn a_conflicting_state_changes_nothing() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one")]).unwrap();
    let error = app.put("a", &[("t2", b"two"), ("t1", b"other")]).unwrap_err();
    assert_eq!(error["code"], "conflict");
    assert_eq!(app.ok("status", json!({"account": "a"}))["tokens"]["total"], 1);
}

#[test]
fn a_hundred_thousand_calls_are_refused_and_the_engine_stays_quick() {
    let app = Fixture::new(&ALL, Value::Null);
    let engine = app.wallets().engine("a").unwrap();
    let (mut passed, mut refused, started) = (0_u32, 0_u32, monotonic());
    for _ in 0..100_000 {
        match app.invoke("cache_stats", json!({"account": "a"})) {
            Ok(_) => passed += 1,
            Err(error) => {
                assert_eq!(
                    error,
                    json!({"code": "rate_limited", "message": "too many calls", "retryable": true})
                );
                refused += 1;
            }
        }
    }
    let (burst, per_second) = limits::READ_CALLS;
    let allowed = f64::from(burst) + started.elapsed().as_secs_f64() * f64::from(per_second);
    assert!(f64::from(passed) <= allowed + 1.0, "{passed} of {allowed}");
    assert!(refused > 0);
    assert_eq!(engine.status().pending, 0);
    // Another window has calls of its own, and so has every other class.
    assert_eq!(app.put("a", &[("t1", b"one")]).unwrap()["added"], 1);
}
