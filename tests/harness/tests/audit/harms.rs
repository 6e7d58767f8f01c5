//! One harm after the other: found, not told as verified until it is mended, mended, and a fresh restore is whole.

use std::sync::Arc;

use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::engine::{Ack, AuditReport, AuditRequest, Event, Mark, Subscription};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;

use crate::device::{Device, clock};
use crate::farm::{Farm, Harm, NODES};

const IDS: [&str; 4] = ["t0", "t1", "t2", "t3"];
const REPAIR: AuditRequest = AuditRequest { all: false, repair: true };
const ALL: AuditRequest = AuditRequest { all: true, repair: false };

/// Harms the farm; then everything that has to follow, where so many machines are harmed.
async fn harmed(farm: &Farm, harmed: usize, harm: impl AsyncFnOnce(&Farm)) {
    let clock = clock();
    let device = verified_device(farm, &clock).await;
    let sound = audit(&device, ALL).await;
    assert!(sound.is_safe() && sound.nodes.iter().all(|node| node.whole && node.checked > 0), "{sound:?}");
    let mut events = device.engine.subscribe();
    harm(farm).await;

    let found = audit(&device, AuditRequest::default()).await;
    let wanting: Vec<_> = found.nodes.iter().filter(|node| node.wrong() > 0).collect();
    assert_eq!(wanting.len(), harmed, "{found:?}");
    assert!(wanting.iter().all(|node| !node.whole && node.error.is_none()), "{found:?}");
    assert_eq!(found.is_safe(), NODES - harmed >= 2, "{found:?}");
    let status = device.engine.status();
    assert_eq!(status.verified_nodes, NODES - harmed);
    assert_eq!(status.ack == Ack::Verified, NODES - harmed >= 2, "{status:?}");
    assert!(alerts(&mut events).contains(&"audit"));

    let mended = audit(&device, REPAIR).await;
    assert!(mended.is_safe(), "{mended:?}");
    let put_back: Vec<u64> = mended.nodes.iter().map(|node| node.repaired).filter(|put| *put > 0).collect();
    assert_eq!(put_back.len(), harmed, "{mended:?}");
    let status = device.engine.status();
    assert_eq!((status.ack, status.verified_nodes), (Ack::Verified, NODES), "{mended:?}");

    let after = audit(&device, ALL).await;
    assert!(after.nodes.iter().all(|node| node.whole && node.wrong() == 0), "{after:?}");
    let fresh = Device::on(&farm.nodes_json(), clock.clone()).await;
    assert_eq!(fresh.restore().await, IDS);
    fresh.close().await;
    device.close().await;
}

/// Opened anew: the looks behind the answer of the process that published have ended, and see nothing of what is done next.
async fn verified_device(farm: &Farm, clock: &Arc<ManualClock>) -> Device {
    let store = MemoryStore::new();
    let device = Device::with(store.clone(), &farm.nodes_json(), clock.clone()).await;
    device.put_all(&IDS.map(str::to_owned)).await;
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..100 {
        if device.verify().await.verified_nodes == NODES {
            device.close().await;
            return Device::with(store, &farm.nodes_json(), clock.clone()).await;
        }
        ticks.tick().await;
    }
    panic!("not on all nodes");
}

async fn audit(device: &Device, request: AuditRequest) -> AuditReport {
    device.engine.audit(request, |_| ()).await.unwrap()
}

fn alerts(events: &mut Subscription) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        if let Event::Alert { kind, .. } = event {
            kinds.push(kind);
        }
    }
    kinds
}

async fn blocks(farm: Farm, harm: Harm, nodes: &[usize]) {
    harmed(&farm, nodes.len(), async |farm| {
        for at in nodes {
            assert!(farm.harm(*at, harm, |_| true) > IDS.len());
        }
    })
    .await;
}

const EVERY: [usize; NODES] = [0, 1, 2];

async fn emptied(farm: Farm) {
    blocks(farm, Harm::Emptied, &EVERY).await;
}

async fn changed(farm: Farm) {
    blocks(farm, Harm::Changed, &EVERY).await;
}

async fn lost(farm: Farm) {
    blocks(farm, Harm::Lost, &EVERY).await;
}

async fn changed_on_one(farm: Farm) {
    blocks(farm, Harm::Changed, &[1]).await;
}

async fn one_wiped(farm: Farm) {
    wiped(farm, &[2]).await;
}

async fn all_wiped(farm: Farm) {
    wiped(farm, &EVERY).await;
}

macro_rules! on_both {
    ($($name:ident: $harm:path;)*) => {
        mod embedded {
            use super::Farm;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $harm(Farm::embedded().await).await; })*
        }
        mod kubo {
            use super::Farm;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $harm(Farm::kubo().await).await; })*
        }
    };
}

on_both! {
    blocks_that_are_emptied_on_all_nodes_are_mended: super::emptied;
    blocks_with_one_other_byte_on_all_nodes_are_mended: super::changed;
    blocks_that_are_gone_from_all_nodes_are_mended: super::lost;
    damage_on_one_node_is_mended_and_lowers_no_level: super::changed_on_one;
    pins_that_were_removed_are_set_again: super::removed_pins;
    one_node_that_was_wiped_is_filled_again: super::one_wiped;
    all_nodes_that_were_wiped_are_filled_again: super::all_wiped;
    records_that_are_gone_are_put_again: super::deleted_records;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_that_kubo_cannot_read_on_all_nodes_are_mended() {
    blocks(Farm::kubo().await, Harm::Unreadable, &EVERY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_blocks_that_kubo_cannot_read_are_mended() {
    harmed(&Farm::kubo().await, NODES, async |farm| {
        for at in EVERY {
            assert!(farm.harm(at, Harm::Unreadable, |n| n % 3 == 1) > 0);
        }
    })
    .await;
}

async fn removed_pins(farm: Farm) {
    harmed(&farm, NODES, async |farm| {
        for at in EVERY {
            farm.unpin_all(at).await;
        }
    })
    .await;
}

async fn wiped(farm: Farm, nodes: &[usize]) {
    harmed(&farm, nodes.len(), async |farm| {
        for at in nodes {
            farm.wipe(*at).await;
        }
    })
    .await;
}

async fn deleted_records(farm: Farm) {
    harmed(&farm, NODES, async |farm| {
        for at in EVERY {
            farm.forget_records(at).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_names_what_is_wrong_on_which_node() {
    let farm = Farm::embedded().await;
    let device = verified_device(&farm, &clock()).await;
    let harmed = farm.harm(0, Harm::Lost, |_| true) as u64;
    farm.unpin_all(1).await;
    farm.forget_records(2).await;
    let report = audit(&device, AuditRequest::default()).await;
    let [first, second, third] = &report.nodes[..] else { panic!("{report:?}") };
    assert_eq!(first.marks(), [Mark::Ok, Mark::Ok, Mark::Ok, Mark::Missing].map(Some));
    assert!(first.missing >= harmed && first.damaged == 0, "{report:?}");
    assert_eq!(second.marks(), [Mark::Ok, Mark::Missing, Mark::Missing, Mark::Ok].map(Some));
    assert_eq!((second.missing, second.damaged), (0, 0));
    assert_eq!(third.marks(), [Mark::Missing, Mark::Ok, Mark::Ok, Mark::Ok].map(Some));
    assert!(report.nodes.iter().all(|node| node.machine.as_deref() == Some(node.id.as_str())), "{report:?}");
    assert!(report.nodes.iter().all(|node| node.kubo.as_deref() == Some("0.43.0")), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_does_not_answer_is_named_and_nothing_is_believed_of_it() {
    let farm = Farm::embedded().await;
    let device = verified_device(&farm, &clock()).await;
    let Farm::Embedded(cluster) = &farm else { return };
    cluster.node(1).kill();
    let report = audit(&device, AuditRequest::default()).await;
    let silent = &report.nodes[1];
    assert!(silent.error.is_some() && silent.record.is_none() && !silent.whole, "{report:?}");
    assert!(report.is_safe() && report.whole_machines == 2, "{report:?}");
    assert_eq!(device.engine.status().verified_nodes, NODES);
}
