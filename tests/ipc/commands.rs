use dev_nodes::Cluster;
use serde_json::{Value, json};

use crate::fixture::{ALL, Fixture, wait};

/// Settings that name the nodes of a cluster.
fn nodes(cluster: &Cluster) -> Value {
    json!({"nodes": serde_json::from_str::<Value>(&cluster.nodes_json()).unwrap()})
}

#[test]
fn tokens_are_put_listed_in_pages_and_read_back_byte_for_byte() {
    let app = Fixture::new(&ALL, Value::Null);
    let report = app.put("a", &[("t1", b"one"), ("t2", &[0, 255]), ("t3", b"")]).unwrap();
    assert_eq!((&report["added"], &report["unchanged"]), (&json!(3), &json!(0)));
    let again = app.put("a", &[("t1", b"one")]).unwrap();
    assert_eq!(again["unchanged"], 1);
    let first = app.ok("list_tokens", json!({"account": "a", "page": {"limit": 2}}));
    assert_eq!(
        first["tokens"][1],
        json!({"tokenId": "t2", "stateHash": "s", "previous": null, "summary": "about t2", "size": 2, "spend": "none",
            "forked": false, "ack": "local", "hasPayload": true, "own": true})
    );
    assert_eq!((&first["total"], &first["next"]), (&json!(3), &json!({"tokenId": "t2", "stateHash": "s"})));
    let last = app.ok("list_tokens", json!({"account": "a", "page": {"limit": 2, "after": first["next"]}}));
    assert_eq!((&last["tokens"][0]["tokenId"], &last["next"]), (&json!("t3"), &Value::Null));
    let payload = app.ok("get_token", json!({"account": "a", "tokenId": "t2", "stateHash": "s"}));
    assert_eq!(payload, json!([0, 255]));
}

#[test]
fn a_spend_makes_a_state_suspect_and_then_hides_it() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one")]).unwrap();
    let spend = |kind: &str| {
        let evidence = json!({"encoding": "utf8", "value": "salt"});
        let body =
            json!({"account": "a", "tokenId": "t1", "stateHash": "s", "kind": kind, "evidence": evidence});
        app.ok("record_spend", body)["revision"].as_u64().unwrap()
    };
    let list =
        |all: bool| app.ok("list_tokens", json!({"account": "a", "page": {"all": all}}))["tokens"].clone();
    let before = spend("intent");
    assert_eq!(list(false)[0]["spend"], "intent");
    assert_eq!(
        app.ok("status", json!({"account": "a"}))["tokens"],
        json!({"total": 1, "unspent": 0, "suspect": 1})
    );
    assert!(spend("proof") > before);
    assert_eq!(list(false), json!([]));
    assert_eq!(list(true)[0]["spend"], "proof");
}

#[test]
fn entries_are_set_and_listed_in_pages_by_prefix() {
    let app = Fixture::new(&ALL, Value::Null);
    let set = |key: &str, encoding: &str, value: &str| {
        app.ok(
            "set_entry",
            json!({"account": "a", "entryKey": key, "value": {"encoding": encoding, "value": value}}),
        )
    };
    set("label.1", "utf8", "ä");
    set("label.2", "base64", "/wA=");
    set("label.3", "utf8", &"x".repeat(2_000));
    set("other", "utf8", "");
    let first = app.ok("list_entries", json!({"account": "a", "page": {"prefix": "label.", "limit": 2}}));
    assert_eq!(first["entries"][0]["content"], json!({"encoding": "utf8", "value": "ä"}));
    assert_eq!(first["entries"][1]["content"], json!({"encoding": "base64", "value": "/wA="}));
    assert_eq!(first["next"], "label.2");
    let page = json!({"prefix": "label.", "limit": 2, "after": first["next"]});
    let last = app.ok("list_entries", json!({"account": "a", "page": page}));
    assert_eq!((&last["entries"][0]["size"], &last["next"]), (&json!(2_000), &Value::Null));
    assert_eq!(last["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn versions_of_an_entry_are_listed_the_shown_one_first() {
    let app = Fixture::new(&ALL, Value::Null);
    let versions = || app.ok("entry_versions", json!({"account": "a", "entryKey": "label"}));
    assert_eq!((&versions()["versions"], &versions()["isMore"]), (&json!([]), &json!(false)));
    for value in ["red", "green"] {
        let value = json!({"encoding": "utf8", "value": value});
        app.ok("set_entry", json!({"account": "a", "entryKey": "label", "value": value}));
    }
    let listed = versions()["versions"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "what is set replaces what was there");
    assert_eq!(listed[0]["content"], json!({"encoding": "utf8", "value": "green"}));
    assert_eq!((&listed[0]["size"], listed[0]["at"].is_number()), (&json!(5), true));
}

#[test]
fn a_page_of_entries_ends_where_its_values_grow_too_large() {
    let app = Fixture::new(&ALL, Value::Null);
    let value = "x".repeat(64 * 1024);
    for n in 10..30 {
        let value = json!({"encoding": "utf8", "value": value});
        app.ok("set_entry", json!({"account": "a", "entryKey": format!("k{n}"), "value": value}));
    }
    let (mut after, mut seen, mut pages) = (Value::Null, 0, 0);
    loop {
        let page = app.ok("list_entries", json!({"account": "a", "page": {"after": after}}));
        seen += page["entries"].as_array().unwrap().len();
        pages += 1;
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!((seen, pages), (20, 2));
}

#[test]
fn a_sync_publishes_to_the_nodes_and_streams_its_progress() {
    let cluster = wait(Cluster::start(3)).unwrap();
    let app = Fixture::new(&ALL, nodes(&cluster));
    app.subscribe("a", 5);
    app.put("a", &[("t1", b"one")]).unwrap();
    let options = json!({"fresh": true, "wait": "verified"});
    let body = json!({"account": "a", "options": options, "onProgress": "__CHANNEL__:77"});
    let report = app.ok("sync_now", body);
    assert_eq!((&report["ack"], &report["tokens"]["total"]), (&json!("verified"), &json!(1)));
    assert!(report["verifiedNodes"].as_u64().unwrap() >= 2, "{report}");
    let mut steps = Vec::new();
    while steps.last().is_none_or(|step| step != "finished") {
        let (index, step) = app.message(77);
        assert_eq!(index, steps.len(), "in order, none left out");
        steps.push(step["step"].as_str().unwrap().to_owned());
    }
    assert!(steps.contains(&"reading".to_owned()), "{steps:?}");
    let status = app.ok("status", json!({"account": "a"}));
    assert_eq!(
        (&status["ack"], &status["pending"], &status["nodes"]),
        (&json!("verified"), &json!(0), &json!(3))
    );
    let health = app.ok("node_health", json!({"account": "a"}));
    assert_eq!(
        (&health[0]["state"], &health[0]["enabled"], &health[0]["writable"]),
        (&json!("up"), &json!(true), &json!(true))
    );
    let flushed = app.ok("flush", json!({"account": "a", "withinMs": 5_000}));
    assert_eq!(flushed["ack"], "verified");
    // Nothing of this device is below `verified`: its folder may go.
    let wiped = app.ok("wipe", json!({"account": "a", "confirm": "a", "force": false}));
    assert_eq!(wiped, json!({"account": "a", "removed": true}));
    app.open("a", 1);
    let body = json!({"account": "a", "options": {"fresh": true}, "onProgress": "__CHANNEL__:78"});
    let restored = app.ok("sync_now", body);
    // It gave its slot back before it was removed.
    let devices = app.ok("devices", json!({"account": "a"}));
    assert_eq!(devices.as_array().unwrap().len(), 1, "{devices}");
    for (field, value) in
        [("slot", json!(0)), ("self", json!(false)), ("retired", json!(true)), ("contained", json!(true))]
    {
        assert_eq!(devices[0][field], value, "{field}: {devices}");
    }
    assert_eq!(
        app.ok("retire_device", json!({"account": "a", "slot": 0})),
        devices,
        "it was given back already"
    );
    assert_eq!(app.code("retire_device", json!({"account": "a", "slot": 1})), "not_found");
    assert_eq!(restored["tokens"]["total"], 1, "{restored}");
    let payload = app.ok("get_token", json!({"account": "a", "tokenId": "t1", "stateHash": "s"}));
    assert_eq!(payload, json!(b"one"));
}

#[test]
fn a_label_is_shown_here_at_once_and_on_the_other_devices_after_a_sync() {
    let cluster = wait(Cluster::start(3)).unwrap();
    let app = Fixture::new(&ALL, nodes(&cluster));
    app.put("a", &[("t1", b"one")]).unwrap();
    assert_eq!(app.ok("set_device_label", json!({"account": "a", "label": "Lap"})), json!([]), "no slot yet");
    app.ok("flush", json!({"account": "a", "withinMs": 20_000}));
    assert_eq!(app.ok("devices", json!({"account": "a"}))[0]["label"], "Lap");
    let told = app.ok("set_device_label", json!({"account": "a", "label": "Laptop, blue"}));
    assert_eq!(told[0]["label"], "Laptop, blue");
    let sync = |account: &str| {
        let options = json!({"fresh": true, "wait": "verified", "deadlineMs": 20_000});
        app.ok("sync_now", json!({"account": account, "options": options, "onProgress": "__CHANNEL__:77"}));
    };
    sync("a");
    app.open("b", 1);
    sync("b");
    let seen = app.ok("devices", json!({"account": "b"}));
    assert_eq!((&seen[0]["label"], &seen[0]["self"]), (&json!("Laptop, blue"), &json!(false)), "{seen}");
    assert_eq!(app.ok("set_device_label", json!({"account": "a", "label": null}))[0]["label"], Value::Null);
}

#[test]
fn a_node_out_of_use_is_sent_nothing_until_it_is_back() {
    let cluster = wait(Cluster::start(3)).unwrap();
    let app = Fixture::new(&ALL, nodes(&cluster));
    let id = cluster.node(1).id().to_owned();
    let told = app.ok("set_node_enabled", json!({"account": "a", "nodeId": id, "enabled": false}));
    assert_eq!(told[1]["enabled"], false);
    let sync = || {
        let options = json!({"fresh": true, "wait": "verified"});
        app.ok("sync_now", json!({"account": "a", "options": options, "onProgress": "__CHANNEL__:77"}))
    };
    // What was under way when the node was taken out of use has reached it by the end of a publish.
    app.put("a", &[("t0", b"zero")]).unwrap();
    sync();
    let before = cluster.node(1).request_log().len();
    app.put("a", &[("t1", b"one")]).unwrap();
    let report = sync();
    assert_eq!((&report["ack"], &report["verifiedNodes"]), (&json!("verified"), &json!(2)), "{report}");
    assert_eq!(report["nodes"][1]["outcome"], "skipped");
    assert_eq!(cluster.node(1).request_log().len(), before);
    app.ok("set_node_enabled", json!({"account": "a", "nodeId": id, "enabled": true}));
    sync();
    assert!(cluster.node(1).request_log().len() > before);
}

#[test]
fn a_node_is_checked_by_its_id_and_what_to_change_is_said() {
    let cluster = wait(Cluster::start(1)).unwrap();
    let mut nodes = nodes(&cluster);
    let dead = json!({"id": "dead", "api": "http://127.0.0.1:9"});
    nodes["nodes"].as_array_mut().unwrap().push(dead);
    let app = Fixture::new(&ALL, nodes);
    let check = |id: &str| app.ok("check_node", json!({"account": "a", "nodeId": id}));
    let found = check(cluster.node(0).id());
    let tried: Vec<&str> =
        found.as_array().unwrap().iter().map(|one| one["ability"].as_str().unwrap()).collect();
    let all = ["connection", "version", "clock", "machine", "blocks", "pins", "records", "bodies", "push"];
    assert_eq!(tried, all, "{found}");
    // This node carries no messages, and need not.
    let may_change = |one: &Value| one["change"].is_null() || one["ability"] == "push";
    let is_good = |one: &Value| one["ok"] == true && one["code"].is_null() && may_change(one);
    assert!(found.as_array().unwrap().iter().all(is_good), "{found}");
    let found = check("dead");
    assert_eq!(
        (&found[0]["ability"], &found[0]["ok"], &found[0]["code"]),
        (&json!("connection"), &json!(false), &json!("unreachable")),
        "{found}"
    );
    assert!(found[0]["change"].as_str().unwrap().contains("troubleshooting"), "{found}");
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert!(!found.to_string().contains("127.0.0.1"), "no address is told: {found}");
}

#[test]
fn measurements_are_told_over_time_exported_and_reset() {
    let app = Fixture::new(&ALL, json!({"nodes": [{"id": "n1", "api": "http://127.0.0.1:9"}]}));
    let sync = json!({"account": "a", "options": {}, "onProgress": "__CHANNEL__:77"});
    let _ = app.invoke("sync_now", sync);
    let metrics = app.ok("metrics", json!({"account": "a"}));
    assert_eq!(metrics["target"]["targets"][0]["name"], "p95Ms");
    assert!(!metrics["operations"].as_array().unwrap().is_empty(), "{metrics}");
    let history =
        || app.ok("metrics_history", json!({"account": "a", "range": {}})).as_array().unwrap().clone();
    assert_eq!(history().len(), 60);
    let asked = |points: &[Value]| points.iter().map(|point| point["count"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(asked(&history()), 1);
    let text = app.ok("export_metrics", json!({"account": "a", "format": "prometheus"}));
    assert!(text.as_str().unwrap().contains("wallet_sync_operations_total"));
    let text = app.ok("export_metrics", json!({"account": "a", "format": "json"}));
    assert!(serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap()["target"].is_object());
    app.ok("reset_metrics", json!({"account": "a"}));
    assert_eq!(app.ok("metrics", json!({"account": "a"}))["operations"], json!([]));
    assert_eq!(asked(&history()), 0);
}

#[test]
fn the_cache_is_counted_and_cleared_without_a_token_lost() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one")]).unwrap();
    let blocks = app.ok("cache_stats", json!({"account": "a"}))["blocks"].as_u64().unwrap();
    assert!(blocks >= 1);
    let after = app.ok("invalidate_cache", json!({"account": "a", "kind": "all"}));
    assert!(after["blocks"].as_u64().unwrap() >= 1);
    app.ok("get_token", json!({"account": "a", "tokenId": "t1", "stateHash": "s"}));
}
