//! N11: a busy node says when to come back, and may say nonsense: no more than a minute is believed, and other nodes are not held up.

use std::time::Duration;

use dev_nodes::Cluster;
use serde_json::{Value, json};
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::{Code, limits};

use super::canned::{Canned, Then, answer};
use super::device::{Device, clock};
use super::front::{call, node};

/// More than a busy machine takes, and less than a node that is believed holds up.
const LONG: Duration = Duration::from_secs(10);

const NONSENSE: [&str; 7] =
    ["999999", "-5", "18446744073709551616", "1e9", "", "Thu, 01 Jan 1970 00:00:00 GMT", "tomorrow"];

fn busy(status: &str, when: &str) -> Vec<u8> {
    let headers = [("Content-Type", "text/plain"), ("Retry-After", when), ("Connection", "close")];
    answer(status, &headers, b"busy")
}

#[tokio::test]
async fn no_more_than_a_minute_is_believed() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        for (when, expected) in [("7", Some(7)), ("0", Some(0)), ("60", Some(60))]
            .into_iter()
            .chain(NONSENSE.map(|when| (when, (when == "999999").then_some(60))))
        {
            let server = Canned::open(busy(status, when), Then::Close).await;
            let told = node(&json!({"id": "n", "api": server.url()})).machine(&call()).await.unwrap_err();
            assert_eq!(told.code(), Code::Unreachable, "{status} {when}");
            assert_eq!(told.retry_after(), expected.map(Duration::from_secs), "{status} {when:?}");
        }
    }
    assert_eq!(limits::RETRY_AFTER, Duration::from_secs(60));
}

#[tokio::test]
async fn busy_nodes_hold_nobody_up() {
    let cluster = Cluster::start(5).await.unwrap();
    for when in NONSENSE {
        let server = Canned::open(busy("429 Too Many Requests", when), Then::Close).await;
        let mut nodes: Vec<Value> = serde_json::from_str(&cluster.nodes_json()).unwrap();
        for at in [1, 3] {
            nodes[at]["api"] = server.url().into();
            nodes[at]["gateway"] = server.url().into();
        }
        let device = Device::on(&Value::from(nodes).to_string(), clock()).await;
        device.put("a").await;
        let started = monotonic();
        let report = device.verify().await;
        assert_eq!(report.verified_nodes, 3, "{when}: {report:?}");
        assert!(started.elapsed() <= LONG, "{when}: {:?}", started.elapsed());
        device.close().await;
        for node in cluster.nodes() {
            node.wipe();
        }
    }
}
