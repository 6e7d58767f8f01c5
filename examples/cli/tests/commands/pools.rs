//! A nodes file that is a pool, on embedded nodes.

use dev_nodes::Fault;
use serde_json::{Value, json};

use crate::support::Wallet;
use crate::support::embedded::Nodes;

/// The embedded nodes as a pool of three replicas; one that is gone since version 2.
fn pool(nodes: &Nodes, gone: Option<usize>) -> String {
    let mut list: Vec<Value> = serde_json::from_str(&nodes.nodes_json()).unwrap();
    for (at, node) in list.iter_mut().enumerate() {
        node["key"] = format!("m{at}").into();
        if gone == Some(at) {
            node["until"] = 2.into();
        }
    }
    json!({"pool": list, "replicas": 3, "version": if gone.is_some() { 2 } else { 1 }}).to_string()
}

#[test]
fn a_wallet_moves_off_a_machine_that_goes_and_is_restored_with_the_new_file() {
    let nodes = Nodes::start();
    let wallet = Wallet::new();
    let file = wallet.file("nodes.json", pool(&nodes, None));
    let sync = |data: &str, more: &[&str]| {
        let mut command = wallet.command();
        command.env("WALLETSYNC_DATA", wallet.path(data)).env("WALLETSYNC_NODES", &file);
        let arguments = [&["sync"], more].concat();
        crate::support::run_with(command.args(arguments), b"").done()
    };
    wallet.run(&["init"]).done();
    let line = r#"{"tokenId":"coin","stateHash":"s0","data":"worth it"}"#;
    wallet.run_with_stdin(&["put", "-"], line).done();
    // Two nodes are enough for the answer; the next one tells of all.
    sync("data", &["--wait", "verified"]);
    let report = sync("data", &["--fresh", "--wait", "verified"]);
    assert_eq!((&report["ack"], &report["verifiedNodes"]), (&"verified".into(), &3.into()), "{report}");
    let used: Vec<&str> =
        report["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let ids: Vec<String> = serde_json::from_str::<Vec<Value>>(&nodes.nodes_json())
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect();
    let gone = ids.iter().position(|id| id == used[0]).unwrap();

    wallet.file("nodes.json", pool(&nodes, Some(gone)));
    nodes.fault(Fault::Refuse, &[gone]);
    sync("data", &["--fresh", "--wait", "verified"]);
    let report = sync("data", &["--fresh", "--wait", "verified"]);
    assert_eq!((&report["ack"], &report["verifiedNodes"]), (&"verified".into(), &3.into()), "{report}");
    let restored = sync("other", &["--fresh"]);
    assert_eq!(
        (&restored["tokens"]["total"], &restored["missingPayloads"]),
        (&1.into(), &0.into()),
        "{restored}"
    );
}
