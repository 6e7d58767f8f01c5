//! How damage is mended without harm to anybody else, and where it ends.

use dev_nodes::Fault;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tokio::sync::oneshot::error::TryRecvError;

use crate::device::{Device, clock};
use crate::farm::{Farm, Harm, NODES};

const REPAIR: AuditRequest = AuditRequest { all: true, repair: true };

/// Two devices in step: their roots share the nodes of the index.
async fn two_in_step(farm: &Farm) -> (Device, Device) {
    let (nodes, clock) = (farm.nodes_json(), clock());
    let [first, second] = [Device::on(&nodes, clock.clone()).await, Device::on(&nodes, clock.clone()).await];
    first.put("a").await;
    first.verify().await;
    second.restore().await;
    second.put("b").await;
    second.verify().await;
    for device in [&first, &second, &first, &second] {
        device.restore().await;
        assert_eq!(device.verify().await.ack, Ack::Verified);
    }
    (first, second)
}

async fn pins_of_others_outlast_a_mend(farm: Farm) {
    let (first, second) = two_in_step(&farm).await;
    for at in 0..NODES {
        assert!(farm.harm(at, Harm::Emptied, |_| true) > 2);
    }
    // Each has what the other's roots share with it, and no more than that.
    for device in [&first, &second, &first, &second] {
        let report = device.engine.audit(REPAIR, |_| ()).await.unwrap();
        assert!(report.is_safe(), "{report:?}");
    }
    for device in [&first, &second] {
        let report = device.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
        assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
        device.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_mend_what_they_share_on_embedded_nodes() {
    pins_of_others_outlast_a_mend(Farm::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_mend_what_they_share_on_kubo() {
    pins_of_others_outlast_a_mend(Farm::kubo().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_gives_other_bytes_whatever_it_is_sent_does_not_keep_the_others_from_being_verified() {
    let farm = Farm::embedded().await;
    let Farm::Embedded(cluster) = &farm else { return };
    let device = Device::on(&farm.nodes_json(), clock()).await;
    device.put("a").await;
    device.verify().await;
    cluster.node(0).set_fault(Fault::Forge);
    let report = device.engine.audit(REPAIR, |_| ()).await.unwrap();
    assert!(report.is_safe() && !report.nodes[0].whole, "{report:?}");
    assert_eq!(device.engine.status().verified_nodes, NODES - 1);
    // What it says is asked for a few times, and then it is left alone.
    let imports = || {
        let log = cluster.node(0).request_log();
        log.iter().filter(|line| line.path.ends_with("dag/import")).count()
    };
    let before = imports();
    for _ in 0..4 {
        device.verify().await;
    }
    let sent = imports() - before;
    assert!(sent <= 2, "{sent} uploads to a node that keeps none");
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_publish_mends_what_an_audit_found() {
    let farm = Farm::embedded().await;
    let device = Device::on(&farm.nodes_json(), clock()).await;
    device.put("a").await;
    device.verify().await;
    for at in 0..NODES {
        farm.harm(at, Harm::Changed, |_| true);
    }
    device.engine.audit(AuditRequest::default(), |_| ()).await.unwrap();
    assert_ne!(device.engine.status().ack, Ack::Verified);
    device.put("b").await;
    assert_eq!(device.verify().await.ack, Ack::Verified);
    let report = device.engine.audit(REPAIR, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    device.close().await;
}

/// What one process found and did not mend is mended by the next, or not told as verified.
async fn damage_outlives_the_process(farm: Farm) {
    let (nodes, clock, store) = (farm.nodes_json(), clock(), MemoryStore::new());
    let device = Device::with(store.clone(), &nodes, clock.clone()).await;
    let ids: Vec<String> = (0..40).map(|n| format!("t{n:02}")).collect();
    device.put_all(&ids).await;
    device.verify().await;
    for at in 0..NODES {
        assert!(farm.harm(at, Harm::Changed, |n| n % 3 == 0) > 10);
    }
    let found = device.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    assert!(found.nodes.iter().all(|node| node.damaged > 10), "{found:?}");
    device.close().await;
    let next = Device::with(store, &nodes, clock.clone()).await;
    next.put("later").await;
    let told = next.verify().await;
    assert_eq!(told.ack, Ack::Verified, "{told:?}");
    let report = next.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    let proven = report.nodes.iter().filter(|node| node.whole).count();
    assert!(proven >= 2, "{report:?}");
    assert_eq!(Device::on(&nodes, clock).await.restore().await.len(), ids.len() + 1);
    next.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_a_process_found_is_mended_by_the_next_on_embedded_nodes() {
    damage_outlives_the_process(Farm::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_a_process_found_is_mended_by_the_next_on_kubo() {
    damage_outlives_the_process(Farm::kubo().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_finds_nothing_wrong_where_another_device_has_published_on() {
    let farm = Farm::embedded().await;
    let (nodes, clock) = (farm.nodes_json(), clock());
    let [writer, reader] = [Device::on(&nodes, clock.clone()).await, Device::on(&nodes, clock).await];
    writer.put("a").await;
    writer.verify().await;
    assert_eq!(reader.restore().await.len(), 1);
    for id in ["b", "c", "d", "e", "f", "g"] {
        writer.put(id).await;
        writer.verify().await;
    }
    let report = reader.engine.audit(AuditRequest { all: true, repair: true }, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole && node.repaired == 0), "{report:?}");
    reader.close().await;
    writer.close().await;
}

/// A reader that has seen a record and not its content, as between two steps of a reading, reads before it says anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_seen_a_newer_edition_and_not_read_it_reads_it_first() {
    let farm = Farm::embedded().await;
    let Farm::Embedded(cluster) = &farm else { return };
    let (nodes, clock) = (farm.nodes_json(), clock());
    let [writer, reader] = [Device::on(&nodes, clock.clone()).await, Device::on(&nodes, clock).await];
    writer.put("a").await;
    writer.verify().await;
    assert_eq!(reader.restore().await.len(), 1);
    let old: Vec<_> = cluster.nodes().iter().map(dev_nodes::DevNode::blocks).collect();
    // More than a record carries.
    writer.put_all(&(0..200).map(|n| format!("b{n}")).collect::<Vec<_>>()).await;
    writer.verify().await;
    writer.close().await;
    let whole: Vec<_> = cluster.nodes().iter().map(dev_nodes::DevNode::snapshot).collect();
    for (node, old) in cluster.nodes().iter().zip(&old) {
        node.blocks()
            .keys()
            .filter(|cid| !old.contains_key(cid))
            .for_each(|cid| assert!(node.lose_block(cid)));
    }
    reader.restore().await;
    let all = AuditRequest { all: true, repair: false };
    let audited = reader.engine.audit(all, |_| ()).await;
    assert_eq!(audited.unwrap_err().code(), Code::Unreachable);
    for (node, whole) in cluster.nodes().iter().zip(&whole) {
        node.restore(whole);
    }
    let report = reader.engine.audit(all, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    reader.close().await;
}

/// Should the process end meanwhile, the other nodes hold the wallet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_damaged_blocks_are_mended_on_one_node_at_a_time() {
    let farm = Farm::embedded().await;
    let Farm::Embedded(cluster) = &farm else { return };
    let device = Device::on(&farm.nodes_json(), clock()).await;
    let ids: Vec<String> = (0..120).map(|n| format!("t{n:03}")).collect();
    device.put_all(&ids).await;
    device.verify().await;
    let is_root = |cid: &str| cid.starts_with("bafyrei");
    let nodes: Vec<_> = cluster.nodes().to_vec();
    let without = move || {
        let holds = |node: &dev_nodes::DevNode| node.pins().iter().any(|pin| is_root(&pin.cid));
        nodes.iter().filter(|node| !holds(node)).count()
    };
    assert_eq!(without(), 0);
    for at in 0..NODES {
        assert!(farm.harm(at, Harm::Changed, |_| true) > 64);
    }
    let (ends, mut ended) = tokio::sync::oneshot::channel::<()>();
    let watch = tokio::task::spawn_blocking(move || {
        let mut most = 0;
        while matches!(ended.try_recv(), Err(TryRecvError::Empty)) {
            most = most.max(without());
        }
        most
    });
    let report = device.engine.audit(REPAIR, |_| ()).await.unwrap();
    ends.send(()).unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    assert!(watch.await.unwrap() <= 1, "several nodes without a pin at once");
    device.close().await;
}

/// Content that was changed keeps its size: where one block of the sample was, the others are read too, and all are mended at once.
async fn a_damaged_sample_has_all_blocks_read(farm: Farm) {
    let device = Device::on(&farm.nodes_json(), clock()).await;
    device.put_all(&(0..120).map(|n| format!("t{n:03}")).collect::<Vec<_>>()).await;
    device.verify().await;
    device.engine.audit(REPAIR, |_| ()).await.unwrap();
    let sound = device.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    for at in 0..NODES {
        assert!(farm.harm(at, Harm::Changed, |_| true) > 64);
    }
    let found = device.engine.audit(AuditRequest::default(), |_| ()).await.unwrap();
    for (node, before) in found.nodes.iter().zip(&sound.nodes) {
        // The names of beacons are too small to be harmed.
        let is_found = node.checked == before.checked && node.damaged + 2 >= node.checked;
        assert!(is_found, "{found:?}");
    }
    let report = device.engine.audit(AuditRequest { all: false, repair: true }, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_sample_has_all_blocks_read_on_embedded_nodes() {
    a_damaged_sample_has_all_blocks_read(Farm::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_sample_has_all_blocks_read_on_kubo() {
    a_damaged_sample_has_all_blocks_read(Farm::kubo().await).await;
}
