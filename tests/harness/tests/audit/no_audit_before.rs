//! Damage that no audit has found: a sync that comes by it mends it. And damage that another wallet's keeps where it is.

use std::time::Duration;

use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;

use crate::device::{Device, clock};
use crate::farm::{Farm, Harm, NODES};

const REPAIR: AuditRequest = AuditRequest { all: true, repair: true };
const LOOK: AuditRequest = AuditRequest { all: true, repair: false };

fn ids(letter: char) -> Vec<String> {
    (0..40).map(|n| format!("{letter}{n:02}")).collect()
}

/// One node after the other may be mended, behind the answers.
async fn on_all_nodes(device: &Device) {
    let all = async {
        while device.verify().await.verified_nodes < NODES {
            tokio::task::yield_now().await;
        }
    };
    let is_done = tokio::time::timeout(Duration::from_secs(180), all).await.is_ok();
    assert!(is_done, "not on all nodes: {:?}", device.engine.status());
}

async fn a_sync_mends(farm: Farm, harm: Harm) {
    let device = Device::on(&farm.nodes_json(), clock()).await;
    device.put_all(&ids('t')).await;
    on_all_nodes(&device).await;
    for at in 0..NODES {
        assert!(farm.harm(at, harm, |n| n % 3 == 0) > 10);
    }
    device.put("later").await;
    on_all_nodes(&device).await;
    assert_eq!(device.engine.status().ack, Ack::Verified);
    // What is as it should be for who reads no more than its length, an audit finds.
    let request = if harm == Harm::Unreadable { LOOK } else { REPAIR };
    let report = device.engine.audit(request, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_mends_emptied_nodes_of_the_tries_on_embedded_nodes() {
    a_sync_mends(Farm::embedded().await, Harm::Emptied).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_mends_emptied_nodes_of_the_tries_on_kubo() {
    a_sync_mends(Farm::kubo().await, Harm::Emptied).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_mends_what_kubo_cannot_read() {
    a_sync_mends(Farm::kubo().await, Harm::Unreadable).await;
}

/// Payloads; a node of a trie, or a root, is a map of one or two.
fn is_payload(bytes: &[u8]) -> bool {
    !matches!(bytes.first(), Some(0xa1 | 0xa2))
}

async fn damage_of_others_keeps_only_what_it_must(farm: Farm) {
    let (nodes, clock) = (farm.nodes_json(), clock());
    let ours = Device::on(&nodes, clock.clone()).await;
    ours.put_all(&ids('a')).await;
    on_all_nodes(&ours).await;
    let known: Vec<_> = (0..NODES).map(|at| farm.stored(at)).collect();
    let theirs = Device::of(8, MemoryStore::new(), &nodes, clock.clone()).await;
    theirs.put_all(&ids('b')).await;
    on_all_nodes(&theirs).await;
    for (at, known) in known.iter().enumerate() {
        let stored = farm.stored(at).into_iter();
        let harmed = stored.filter(|(name, bytes)| known.contains_key(name) == is_payload(bytes));
        let names: Vec<String> = harmed.map(|(name, _)| name).collect();
        assert!(names.len() > 40, "{}", names.len());
        farm.harm_named(at, Harm::Emptied, &names);
    }
    let report = ours.engine.audit(REPAIR, |_| ()).await.unwrap();
    let is_kept = |node: &tauri_plugin_wallet_sync::engine::NodeAudit| {
        !node.whole
            && node.error.as_ref().is_some_and(|e| e.message().contains("of another device or wallet"))
    };
    assert!(report.nodes.iter().all(is_kept), "{report:?}");
    // What is new is there for a restore, and nobody is told that all of it is.
    ours.put("later").await;
    assert_ne!(ours.verify().await.ack, Ack::Verified);
    assert!(Device::on(&nodes, clock.clone()).await.restore().await.contains(&"later".to_owned()));
    // Who has the other wallet mends its own, and then ours is mended too.
    assert!(theirs.engine.audit(REPAIR, |_| ()).await.unwrap().nodes.iter().all(|node| node.whole));
    let report = ours.engine.audit(REPAIR, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    assert_eq!(ours.verify().await.ack, Ack::Verified);
    theirs.close().await;
    ours.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_of_another_wallet_keeps_only_what_it_must_on_embedded_nodes() {
    damage_of_others_keeps_only_what_it_must(Farm::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_of_another_wallet_keeps_only_what_it_must_on_kubo() {
    damage_of_others_keeps_only_what_it_must(Farm::kubo().await).await;
}
