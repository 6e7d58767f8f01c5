//! Twelve live devices of one wallet: what a reading of them costs when all is new, and when nothing is.

use std::time::{Duration, Instant};

use serde_json::Value;
use tauri_plugin_wallet_sync::engine::Engine;
use tauri_plugin_wallet_sync::store::Level;
use wallet_sync_harness::DelayProxy;

use super::{RTT, RUNS, Scratch, fresh, median, row, token};

const DEVICES: usize = 12;
const TOKENS: usize = 40;
const PAYLOAD: usize = 500;
/// Without a byte for so long, nothing is under way.
const QUIET: Duration = Duration::from_secs(2);
/// Syncs of each device until every root has everything.
const ROUNDS: usize = 3;

pub async fn twelve(direct: &str, proxy: &DelayProxy) {
    let near = Scratch::new(direct.to_owned(), 0x77);
    let devices = live_devices(&near).await;
    let far = Scratch::new(proxy.nodes_json(), 0x77);
    let rtt = RTT.as_secs_f64() * 1_000.0;

    let (mut cold, mut wire) = (Vec::new(), 0);
    for n in 0..RUNS {
        let before = proxy.bytes().1;
        cold.push(far.cli(&format!("cold{n}"), &["sync", "--fresh"]).0);
        wire = proxy.bytes().1 - before;
    }
    let of = |key: &str| median(cold.iter().map(|report: &Value| report[key].as_f64().unwrap()).collect());
    let last = cold.last().unwrap();
    assert_eq!(last["tokens"]["total"], DEVICES * TOKENS, "{last}");
    // Payloads, and about a hundred and thirty bytes of list for each.
    let content = (DEVICES * TOKENS * (PAYLOAD + 130)) as f64;
    row("twelve devices, fresh process: list and balance", of("listMs"), Some(4.0 * rtt + 60.0), "ms");
    row("  payloads too", of("elapsedMs"), None, "ms");
    row("  its bytes in", of("bytesIn") / 1_000.0, Some((2.0 * content + 100_000.0) / 1_000.0), "KB");
    row("  the same on the wire, heads and all", wire as f64 / 1_000.0, None, "KB");
    row("  its requests", of("requests"), None, "");

    let engine = far.engine("warm").await;
    engine.sync(fresh(None), |_| ()).await.unwrap();
    // What a new device does behind its first answers (looking at what others published, putting records again) is no part of it.
    quiet(proxy).await;
    let (mut warm, mut bytes, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    let before = proxy.bytes().1;
    for _ in 0..RUNS {
        let started = Instant::now();
        let report = engine.sync(fresh(None), |_| ()).await.unwrap();
        warm.push(started.elapsed().as_secs_f64() * 1_000.0);
        bytes.push(report.bytes_in as f64 / 1_000.0);
        requests.push(report.requests as f64);
    }
    let wire = (proxy.bytes().1 - before) as f64 / RUNS as f64;
    row("twelve devices, warm, nothing new", median(warm), Some(rtt + 40.0), "ms");
    row("  its bytes in", median(bytes), Some(60.0), "KB");
    row("  the same on the wire, heads and all", wire / 1_000.0, None, "KB");
    row("  its requests", median(requests), None, "");

    devices[0].put(vec![token("late", 0, PAYLOAD)]).await.unwrap();
    devices[0].sync(fresh(Some(Level::Verified)), |_| ()).await.unwrap();
    let report = engine.sync(fresh(None), |_| ()).await.unwrap();
    assert_eq!(report.added, 1);
    row("twelve devices, one token more: list", report.list_ms, None, "ms");
    row("  its bytes in", report.bytes_in as f64 / 1_000.0, Some(100.0), "KB");
    engine.close(Duration::from_secs(5)).await.unwrap();
    for device in devices {
        device.close(Duration::from_secs(5)).await.unwrap();
    }
}

/// Until nothing goes over the line any more.
async fn quiet(proxy: &DelayProxy) {
    let mut before = u64::MAX;
    while proxy.bytes().1 != before {
        before = proxy.bytes().1;
        tokio::time::sleep(QUIET).await;
    }
}

/// Each has put its tokens, read the others', and published what it read.
async fn live_devices(scratch: &Scratch) -> Vec<Engine> {
    let mut devices = Vec::new();
    for n in 0..DEVICES {
        let device = scratch.engine(&format!("device{n}")).await;
        let tokens = (0..TOKENS).map(|at| token(&format!("d{n}x"), at, PAYLOAD)).collect();
        device.put(tokens).await.unwrap();
        device.sync(fresh(Some(Level::Verified)), |_| ()).await.unwrap();
        devices.push(device);
    }
    for _ in 0..ROUNDS {
        for device in &devices {
            device.sync(fresh(Some(Level::Verified)), |_| ()).await.unwrap();
        }
    }
    devices
}
