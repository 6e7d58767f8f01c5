//! A rehearsal says whether a restore would bring everything, and changes nothing.

use tauri_plugin_wallet_sync::engine::{Missed, SpendKind};
use tauri_plugin_wallet_sync::model::cid::Codec;

use crate::device::{Device, clock};
use crate::farm::{Farm, NODES};

async fn device(farm: &Farm) -> Device {
    let device = Device::on(&farm.nodes_json(), clock()).await;
    device.put_all(&["a".to_owned(), "b".to_owned()]).await;
    device.engine.set("label", "x".repeat(2_000).into()).await.unwrap();
    device.engine.spend("a", "s0", SpendKind::Intent, "{}".into()).await.unwrap();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..100 {
        if device.verify().await.verified_nodes == NODES {
            return device;
        }
        ticks.tick().await;
    }
    panic!("not on all nodes");
}

/// Requests that a node would be changed by.
fn writes(farm: &Farm) -> usize {
    let Farm::Embedded(cluster) = farm else { return 0 };
    let verbs = ["put", "import", "add", "update", "rm"];
    let logs = cluster.nodes().iter().flat_map(dev_nodes::DevNode::request_log);
    logs.filter(|line| verbs.iter().any(|verb| line.path.ends_with(verb))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_verified_wallet_everything_comes_back_and_nothing_is_changed() {
    let farm = Farm::embedded().await;
    let device = device(&farm).await;
    let before = writes(&farm);
    let rehearsal = device.engine.rehearse(|_| ()).await.unwrap();
    assert!(rehearsal.is_whole(), "{rehearsal:?}");
    assert_eq!((rehearsal.tokens.total, rehearsal.tokens_there), (2, rehearsal.tokens));
    assert_eq!((rehearsal.entries, rehearsal.entries_there), (1, 1));
    // Two payloads, an intent, a value.
    assert_eq!((rehearsal.payloads, rehearsal.payloads_missing), (4, 0));
    assert_eq!(writes(&farm), before);
    assert!(rehearsal.words().starts_with("a new device would have everything"), "{}", rehearsal.words());
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_published_is_named_as_missing() {
    let farm = Farm::embedded().await;
    let device = device(&farm).await;
    device.put("late").await;
    let rehearsal = device.engine.rehearse(|_| ()).await.unwrap();
    assert!(!rehearsal.is_whole() && rehearsal.unpublished == 1, "{rehearsal:?}");
    assert_eq!(rehearsal.missing, [Missed::Token("late".to_owned(), "s0".to_owned())]);
    assert!(rehearsal.words().contains("NOT") && rehearsal.words().contains("sync"), "{}", rehearsal.words());
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payloads_that_are_damaged_on_all_nodes_are_no_restore() {
    let farm = Farm::embedded().await;
    let device = device(&farm).await;
    let Farm::Embedded(cluster) = &farm else { return };
    for at in 0..NODES {
        let data = cluster.node(at).blocks().into_keys().filter(|cid| cid.codec() == Codec::Raw);
        for cid in data {
            assert!(cluster.node(at).damage_block(&cid, vec![7; 64]));
        }
    }
    let rehearsal = device.engine.rehearse(|_| ()).await.unwrap();
    assert_eq!((rehearsal.items_missing, rehearsal.payloads_missing), (0, 4), "{rehearsal:?}");
    assert!(!rehearsal.is_whole());
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_node_there_is_an_error_and_no_verdict() {
    let farm = Farm::embedded().await;
    let device = device(&farm).await;
    let Farm::Embedded(cluster) = &farm else { return };
    cluster.nodes().iter().for_each(dev_nodes::DevNode::kill);
    assert!(device.engine.rehearse(|_| ()).await.is_err());
    device.close().await;
}
