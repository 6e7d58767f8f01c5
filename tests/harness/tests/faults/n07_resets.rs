//! N7: a connection is reset in the middle of an answer, at any byte. No part is taken for the whole, and another node gives the rest.

use dev_nodes::{Cluster, Fault};
use serde_json::json;
use tauri_plugin_wallet_sync::node::Node;

use super::canned::{Canned, Then, block, has};
use super::device::{Device, clock};
use super::front::{call, node};

#[tokio::test]
async fn a_reset_at_any_byte_gives_no_block() {
    let block = block();
    let whole = has(&block);
    for length in 0..whole.len() {
        let server = Canned::open(whole[..length].to_vec(), Then::Reset).await;
        let asked = node(&json!({"id": "n", "gateway": server.url()})).block(block.cid(), &call()).await;
        assert!(asked.is_err(), "reset after {length} bytes");
    }
}

#[tokio::test]
async fn four_nodes_that_reset_at_any_byte_leave_the_wallet_to_the_fifth() {
    let cluster = Cluster::start(5).await.unwrap();
    let nodes = cluster.nodes_json();
    let device = Device::on(&nodes, clock()).await;
    for id in ["a", "b", "c"] {
        device.put(id).await;
    }
    device.verify().await;
    for n in 0..97 {
        // Every rest of a division by 97, at places up to 1,300 bytes: records, roots and blocks are cut everywhere.
        let after_bytes = n + 97 * (n % 13);
        for at in 0..4 {
            let node = cluster.node(at);
            node.set_fault(Fault::None);
            node.set_fault(Fault::Reset { after_bytes });
        }
        let fresh = Device::on(&nodes, clock()).await;
        assert_eq!(fresh.restore().await, ["a", "b", "c"], "reset after {after_bytes} bytes");
        // One that is only dropped works on behind: a hundred that look for further devices take all ports of a machine.
        fresh.close().await;
    }
    device.close().await;
}
