//! N8: names are looked up in vain, or without an answer. That has an end, and nodes with addresses do not wait for it.

use std::net::UdpSocket;
use std::time::Duration;

use dev_nodes::Cluster;
use serde_json::{Value, json};
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::node::Node;

use super::again;
use super::device::{Device, clock};
use super::front::{call, node};

/// What a busy machine adds.
const MARGIN: Duration = Duration::from_millis(700);

/// Names are asked for on this machine, where the test decides what is said.
const OWN_RESOLVER: &str = "echo 'nameserver 127.0.0.1' > \"$0/resolv.conf\"
mount --bind \"$0/resolv.conf\" /etc/resolv.conf";

/// Hears every question of the resolver and says nothing.
fn silent_resolver() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:53").unwrap()
}

fn second_run(test: &str) {
    let scratch = tempfile::tempdir().unwrap();
    again::passes(again::in_own_network(&format!("n08_names::{test}"), OWN_RESOLVER, scratch.path()));
}

#[test]
fn a_name_that_nobody_answers_for_is_given_up_in_time() {
    if !again::is_inside() {
        return second_run("a_name_that_nobody_answers_for_is_given_up_in_time");
    }
    let resolver = silent_resolver();
    run(async {
        let started = monotonic();
        let node = node(&json!({"id": "n", "api": "https://node.example:5001"}));
        let failed = node.machine(&call()).await.unwrap_err();
        assert!(matches!(failed.code(), Code::Deadline | Code::Unreachable), "{failed}");
        assert!(started.elapsed() <= limits::CONNECT + MARGIN, "{:?}", started.elapsed());
    });
    resolver.set_nonblocking(true).unwrap();
    assert!(resolver.recv(&mut [0; 512]).is_ok(), "it was asked");
}

#[test]
fn nodes_with_addresses_do_not_wait_for_those_with_names() {
    if !again::is_inside() {
        return second_run("nodes_with_addresses_do_not_wait_for_those_with_names");
    }
    let _resolver = silent_resolver();
    run(async {
        let cluster = Cluster::start(5).await.unwrap();
        let mut nodes: Vec<Value> = serde_json::from_str(&cluster.nodes_json()).unwrap();
        for at in [0, 1] {
            nodes[at]["api"] = format!("http://node{at}.example:5001").into();
            nodes[at]["gateway"] = format!("http://node{at}.example:8080").into();
        }
        let nodes = Value::from(nodes).to_string();
        let device = Device::on(&nodes, clock()).await;
        device.put("a").await;
        let started = monotonic();
        let report = device.verify().await;
        assert_eq!(report.verified_nodes, 3, "{report:?}");
        assert!(started.elapsed() <= Duration::from_secs(2) + MARGIN, "{:?}", started.elapsed());
        let fresh = Device::on(&nodes, clock()).await;
        let started = monotonic();
        assert_eq!(fresh.restore().await, ["a"]);
        assert!(started.elapsed() <= Duration::from_secs(2) + MARGIN, "{:?}", started.elapsed());
    });
}

#[test]
fn a_name_that_does_not_exist_is_an_unreachable_node_at_once() {
    if !again::is_inside() {
        return second_run("a_name_that_does_not_exist_is_an_unreachable_node_at_once");
    }
    // Nobody listens where names are asked for: the system says so at once.
    run(async {
        let started = monotonic();
        let node = node(&json!({"id": "n", "api": "https://node.example:5001"}));
        let failed = node.machine(&call()).await.unwrap_err();
        assert_eq!(failed.code(), Code::Unreachable, "{failed}");
        assert!(started.elapsed() <= MARGIN, "{:?}", started.elapsed());
    });
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work);
    // The system's own look-up takes ten seconds, and cannot be ended.
    runtime.shutdown_background();
}
