//! A rename of a pin has no order on real Kubo, is not atomic and may arrive late. Whatever arrives when, what was told as
//! verified is found on two nodes by their beacons alone.

use std::sync::Arc;

use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::engine::Ack;
use wallet_sync_harness::RealCluster;

use super::device::{Device, clock};
use super::fronts::Fronts;

const NODES: usize = 5;
/// Longer than a rename that was not answered is waited for.
const DOUBT_MS: i64 = 130_000;

async fn start() -> (RealCluster, Fronts) {
    let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap().unwrap();
    let fronts = Fronts::before(&cluster.nodes_json().unwrap()).await;
    (cluster, fronts)
}

/// How many nodes give everything back, each alone, to a device that sees no record.
async fn givers(fronts: &Fronts, clock: &Arc<ManualClock>, told: &[String]) -> usize {
    fronts.hide_records(true);
    let mut givers = 0;
    for at in 0..fronts.len() {
        let fresh = Device::on(&fronts.alone(at), clock.clone()).await;
        let found = fresh.restore().await;
        givers += usize::from(told.iter().all(|id| found.contains(id)));
        fresh.close().await;
    }
    fronts.hide_records(false);
    givers
}

/// A change while these nodes hold a rename back; what is told of it is so.
async fn change(
    fronts: &Fronts,
    device: &Device,
    clock: &Arc<ManualClock>,
    told: &mut Vec<String>,
    hold: &[usize],
) {
    hold.iter().for_each(|at| fronts.hold_next(*at));
    let id = format!("t{:02}", told.len());
    device.put(&id).await;
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{id}: {:?}", report.warnings);
    told.push(id);
    let givers = givers(fronts, clock, told).await;
    assert!(givers >= 2, "{givers} of {} nodes that are told as verified", report.verified_nodes);
}

/// Waits for nothing but what the engine says: within some looks every node has the last edition.
async fn all_proven(device: &Device) -> usize {
    let mut proven = 0;
    for _ in 0..10 {
        proven = device.verify().await.verified_nodes;
        if proven == NODES {
            break;
        }
    }
    proven
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renames_that_come_late_take_nothing_away() {
    let (_cluster, fronts) = start().await;
    let clock = clock();
    let device = Device::on(&fronts.nodes_json(), clock.clone()).await;
    let mut told = Vec::new();
    for round in 0..9_usize {
        // One node more each time; two are left, so that the others prove what is told.
        let hold = [(round / 3 * 2 + round % 3) % NODES];
        change(&fronts, &device, &clock, &mut told, &hold).await;
        if round % 3 == 2 {
            assert!(fronts.held() > 0, "something was held back");
            fronts.deliver().await;
            let givers = givers(&fronts, &clock, &told).await;
            assert!(givers >= 2, "{givers} nodes after the late ones came");
        }
    }
    clock.advance_ms(DOUBT_MS);
    change(&fronts, &device, &clock, &mut told, &[]).await;
    assert_eq!(all_proven(&device).await, NODES);
    assert_eq!(givers(&fronts, &clock, &told).await, NODES);
    device.close().await;
}

/// Later than any connection lives: the other beacon still names what was proven before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rename_that_comes_after_later_ones_takes_one_beacon_back_and_not_the_other() {
    let (_cluster, fronts) = start().await;
    let clock = clock();
    let device = Device::on(&fronts.nodes_json(), clock.clone()).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        change(&fronts, &device, &clock, &mut told, &[]).await;
    }
    change(&fronts, &device, &clock, &mut told, &[0, 1, 2]).await;
    clock.advance_ms(DOUBT_MS);
    change(&fronts, &device, &clock, &mut told, &[]).await;
    assert_eq!(fronts.held(), 3, "three are on the line still");
    fronts.deliver().await;
    assert!(givers(&fronts, &clock, &told).await >= 2, "on the nodes where nothing came late");
    // The next change, and a look, mend all of them.
    change(&fronts, &device, &clock, &mut told, &[]).await;
    assert_eq!(all_proven(&device).await, NODES);
    assert_eq!(givers(&fronts, &clock, &told).await, NODES);
    device.close().await;
}
