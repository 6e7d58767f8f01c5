//! N2: packets vanish. A connection that nobody answers is given up in time, and the others do not wait for it.

use std::net::SocketAddr;
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

/// An address whose packets reach nobody: the other end of the cable has another hardware address.
const NOBODY: &str = "ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 203.0.113.2/24 dev v0
ip neigh add 203.0.113.9 lladdr 02:00:00:00:00:01 dev v0 nud permanent";

fn nobody() -> SocketAddr {
    ([203, 0, 113, 9], 5001).into()
}

#[test]
fn a_connection_that_nobody_answers_is_given_up_in_time() {
    if !again::is_inside() {
        let scratch = tempfile::tempdir().unwrap();
        let test = "n02_silence::a_connection_that_nobody_answers_is_given_up_in_time";
        return again::passes(again::in_own_network(test, NOBODY, scratch.path()));
    }
    run(async {
        let started = monotonic();
        let node = node(&json!({"id": "n", "api": format!("http://{}", nobody())}));
        let failed = node.machine(&call()).await.unwrap_err();
        let took = started.elapsed();
        assert!(matches!(failed.code(), Code::Deadline | Code::Unreachable), "{failed}");
        assert!(took >= Duration::from_secs(1), "packets vanish there: {took:?} {failed}");
        assert!(took <= limits::CONNECT + MARGIN, "{took:?}");
    });
}

#[test]
fn nodes_behind_vanishing_packets_hold_nobody_up() {
    if !again::is_inside() {
        let scratch = tempfile::tempdir().unwrap();
        let test = "n02_silence::nodes_behind_vanishing_packets_hold_nobody_up";
        return again::passes(again::in_own_network(test, NOBODY, scratch.path()));
    }
    run(async {
        let cluster = Cluster::start(5).await.unwrap();
        let mut nodes: Vec<Value> = serde_json::from_str(&cluster.nodes_json()).unwrap();
        for at in [0, 2] {
            nodes[at]["api"] = format!("http://{}", nobody()).into();
            nodes[at]["gateway"] = format!("http://{}", nobody()).into();
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

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work);
    runtime.shutdown_background();
}
