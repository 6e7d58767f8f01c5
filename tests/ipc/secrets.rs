use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{ALL, Fixture, wait};

/// A log that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn no_answer_no_event_and_no_log_holds_the_secret_or_a_node_s_token() {
    let log = Kept::default();
    let _ =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).try_init();
    let bearer = "bearer-that-nobody-may-see";
    // Each of them is refused a connection, and told of.
    let nodes = json!([
        {"id": "n1", "api": "http://127.0.0.1:9", "token": bearer},
        {"id": "n2", "api": "http://127.0.0.1:9", "basic": format!("me:{bearer}"), "headers": {"X-Key": bearer}},
        {"id": "n3", "api": "https://127.0.0.1:9", "proxy": format!("http://me:{bearer}@127.0.0.1:9")},
    ]);
    let app = Fixture::new(&ALL, json!({"nodes": nodes}));
    app.subscribe("a", 5);
    app.put("a", &[("t1", b"a payload that only get_token gives")]).unwrap();
    // An id of a token is no secret, and whole ones do not go to the log all the same.
    let id = "c0ffee15".repeat(8);
    app.put("a", &[(&id, b"one")]).unwrap();
    assert_eq!(app.put("a", &[(&id, b"another")]).unwrap_err()["code"], "conflict");
    app.invoke("get_token", json!({"account": "a", "tokenId": [id], "stateHash": id})).unwrap_err();
    let mut told = String::new();
    let account = json!({"account": "a"});
    for (command, body) in [
        ("accounts", json!({})),
        ("status", account.clone()),
        ("list_tokens", json!({"account": "a", "page": {}})),
        ("list_entries", json!({"account": "a", "page": {}})),
        ("entry_versions", json!({"account": "a", "entryKey": "k"})),
        ("metrics", account.clone()),
        ("metrics_history", json!({"account": "a", "range": {}})),
        ("node_health", account.clone()),
        ("cache_stats", account.clone()),
        ("devices", account),
        ("set_device_label", json!({"account": "a", "label": "Laptop"})),
        ("retire_device", json!({"account": "a", "slot": 3})),
        ("sync_now", json!({"account": "a", "options": {"fresh": true}, "onProgress": "__CHANNEL__:77"})),
        ("flush", json!({"account": "a", "withinMs": 100})),
        ("invalidate_cache", json!({"account": "a", "kind": "all"})),
        ("export_metrics", json!({"account": "a", "format": "json"})),
        ("export_metrics", json!({"account": "a", "format": "prometheus"})),
        ("check_node", json!({"account": "a", "nodeId": "n1"})),
        ("audit", json!({"account": "a", "options": {}, "onProgress": "__CHANNEL__:80"})),
        ("rehearse", json!({"account": "a", "onProgress": "__CHANNEL__:79"})),
        ("set_node_enabled", json!({"account": "a", "nodeId": "n1", "enabled": false})),
        ("export_backup", json!({"account": "a", "onProgress": "__CHANNEL__:78"})),
    ] {
        match app.invoke(command, body) {
            Ok(answer) => told.push_str(&answer.to_string()),
            Err(error) => told.push_str(&error.to_string()),
        }
    }
    wait(app.wallets().close_account("a")).unwrap();
    loop {
        let (_, events) = app.message(5);
        told.push_str(&events.to_string());
        if events.as_array().unwrap().iter().any(|event| event["event"] == "closed") {
            break;
        }
    }
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("already here with other content"), "the log is kept");
    assert!(!logged.contains(&id), "a whole token id is in the log");
    told.push_str(&logged);
    told.push_str(&format!("{:?}", app.wallets()));
    // The secret of account `a` is 32 bytes of 1.
    for secret in [
        "01".repeat(32),
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE".to_owned(),
        "1, 1, 1, 1, 1, 1".to_owned(),
    ] {
        assert!(!told.contains(&secret), "the secret was told");
    }
    assert!(!told.contains(bearer), "a node's token was told");
    assert!(!told.contains("a payload that only"), "a payload was told");
    assert_ne!(Value::Null, json!(told));
}
