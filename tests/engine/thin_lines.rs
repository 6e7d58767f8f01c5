//! Content goes over a thin or long line once, in either direction, and it ends: in one run, or in many that are cut off.

use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::engine::{Ack, NewToken, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::home_line::HomeLine;
use crate::support::world::{Device, World, noise, token};

/// 160 payloads of 25 KB.
const UP: u64 = 160 * 25_000;
/// Payloads of 256 KB to 1 MB.
const DOWN: [usize; 3] = [262_144, 524_288, 1_000_000];
const RTT: Duration = Duration::from_millis(40);
const FAR: Duration = Duration::from_millis(1_500);

fn states(sizes: impl IntoIterator<Item = usize>) -> Vec<NewToken> {
    let state = |(n, size): (usize, usize)| {
        let seed = u64::try_from(n).unwrap() + 1;
        NewToken { payload: noise(seed, size), ..token(&format!("t{n:03}"), "s0") }
    };
    sizes.into_iter().enumerate().map(state).collect()
}

/// All nodes behind one line of so many kbit/s.
fn at_home(world: &World, up: u64, down: u64, rtt: Duration) -> Arc<HomeLine> {
    let home = Arc::new(HomeLine::new(up, down, rtt));
    world.nodes.iter().for_each(|node| *node.home.lock().unwrap() = Some(home.clone()));
    home
}

async fn with_much_to_send(world: &World) -> Device {
    let device = world.device().await;
    device.sync().await.unwrap();
    device.engine.put(states((0..160).map(|_| 25_000))).await.unwrap();
    device
}

/// A process that is killed after so long; gives the next one, and what it reached.
async fn killed_after(world: &World, device: Device, time: Duration) -> (Device, Ack) {
    let request = SyncRequest { fresh: true, deadline: None, wait: Some(Level::Verified) };
    let _ = tokio::time::timeout(time, device.engine.sync(request, |_| ())).await;
    let ack = device.engine.status().ack;
    device.engine.close(Duration::ZERO).await.unwrap();
    (world.device_on(device.store.snapshot()).await, ack)
}

#[track_caller]
fn at_most(bytes: u64, tenths: u64, content: u64) {
    assert!(bytes * 10 <= content * tenths, "{bytes} bytes for {content}");
}

#[tokio::test(start_paused = true)]
async fn a_first_backup_goes_over_a_thin_line_once() {
    for kbit in [800, 2_000, 5_000, 20_000] {
        let world = World::new(5);
        let device = with_much_to_send(&world).await;
        let home = at_home(&world, kbit, 4 * kbit, RTT);
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "{kbit} kbit/s: {:?}", report.warnings);
        at_most(home.up.bytes(), 11, UP);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_backup_ends_on_a_long_thin_line() {
    for kbit in [800, 20_000] {
        let world = World::new(5);
        let device = with_much_to_send(&world).await;
        let home = at_home(&world, kbit, 4 * kbit, FAR);
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "{kbit} kbit/s: {:?}", report.warnings);
        at_most(home.up.bytes(), 12, UP);
    }
}

#[tokio::test(start_paused = true)]
async fn killed_runs_of_a_first_backup_send_it_once() {
    let world = World::new(5);
    let mut device = with_much_to_send(&world).await;
    let home = at_home(&world, 800, 3_200, RTT);
    let mut runs = 0;
    loop {
        let (next, ack) = killed_after(&world, device, Duration::from_secs(5)).await;
        device = next;
        runs += 1;
        if ack == Ack::Verified {
            break;
        }
        assert!(runs < 20, "{runs} runs, {} bytes", home.up.bytes());
    }
    assert!(runs > 6, "the line is not thin");
    at_most(home.up.bytes(), 12, UP);
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_meet_are_sent_it_one_after_another() {
    let world = World::new(3);
    world.nodes.iter().for_each(|node| node.lose_peers());
    let device = with_much_to_send(&world).await;
    let home = at_home(&world, 2_000, 8_000, RTT);
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    // The third one is waited for as long as it gets further.
    at_most(home.up.bytes(), 33, UP);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_takes_little_does_not_keep_the_others_from_more() {
    let world = World::new(3);
    let device = with_much_to_send(&world).await;
    let home = at_home(&world, 20_000, 20_000, RTT);
    *world.nodes[0].home.lock().unwrap() = Some(Arc::new(HomeLine::new(100, 20_000, RTT)));
    *world.nodes[0].latency.lock().unwrap() = Duration::ZERO;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    assert!(report.elapsed_ms < 30_000.0, "{} ms", report.elapsed_ms);
    at_most(home.up.bytes(), 23, UP);
}

/// Processes that sync once and end, until the wallet is whole: how many.
async fn plain_syncs(world: &World, most: usize) -> usize {
    let mut device = world.device().await;
    for runs in 1..=most {
        let _ = device.engine.sync(SyncRequest::default(), |_| ()).await;
        let status = device.engine.status();
        device.engine.close(Duration::from_millis(250)).await.unwrap();
        if status.tokens.total == DOWN.len() && status.missing_payloads == 0 {
            return runs;
        }
        world.clock.advance_ms(120_000);
        device = world.device_on(device.store.snapshot()).await;
    }
    panic!("not whole after {most} syncs");
}

async fn published() -> World {
    let world = World::new(5);
    let first = world.device().await;
    first.engine.put(states(DOWN)).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    let report = first.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.verified_nodes, 5);
    first.close().await;
    world
}

#[tokio::test(start_paused = true)]
async fn large_payloads_come_over_a_thin_line_once() {
    for rtt in [RTT, Duration::from_millis(300)] {
        let world = published().await;
        let home = at_home(&world, 4_000, 4_000, rtt);
        let runs = plain_syncs(&world, 10).await;
        assert!(runs > 1, "the line is not thin");
        at_most(home.down.bytes(), 12, DOWN.iter().sum::<usize>() as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn one_long_sync_brings_large_payloads_once() {
    for (kbit, rtt) in [(800, RTT), (4_000, FAR), (20_000, FAR)] {
        let world = published().await;
        let home = at_home(&world, kbit, kbit, rtt);
        let device = world.device().await;
        let request = SyncRequest { fresh: true, deadline: Some(Duration::from_secs(120)), wait: None };
        let report = device.engine.sync(request, |_| ()).await.unwrap();
        assert_eq!(report.missing_payloads, 0, "{kbit} kbit/s: {report:?}");
        at_most(home.down.bytes(), 11, DOWN.iter().sum::<usize>() as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn many_small_payloads_come_over_a_thin_line_once() {
    let world = World::new(5);
    let first = with_much_to_send(&world).await;
    first.sync_to(Level::Verified).await.unwrap();
    first.close().await;
    let home = at_home(&world, 4_000, 4_000, RTT);
    let mut device = world.device().await;
    for runs in 1.. {
        let _ = device.engine.sync(SyncRequest::default(), |_| ()).await;
        let status = device.engine.status();
        device.engine.close(Duration::from_millis(250)).await.unwrap();
        if status.tokens.total == 160 && status.missing_payloads == 0 {
            break;
        }
        assert!(runs < 20, "{} payloads are missing", status.missing_payloads);
        world.clock.advance_ms(120_000);
        device = world.device_on(device.store.snapshot()).await;
    }
    at_most(home.down.bytes(), 12, UP);
}
