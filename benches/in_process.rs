//! What a wallet UI asks all the time, in process: cached sync, status, a page of the list; and one change of many.
//!
//! Budget (p99): 200 µs for the first three. Criterion compares means with the run before; the percentiles of single calls,
//! which it does not tell, are printed at the end.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use hdrhistogram::Histogram;
use tauri_plugin_wallet_sync::engine::SyncRequest;
use tauri_plugin_wallet_sync::store::Level;
use tokio::runtime::Runtime;

#[path = "../tests/support/mod.rs"]
mod support;
use support::world::{Device, World, token};

async fn wallet(tokens: usize) -> (World, Device) {
    let world = World::new(5);
    for node in &world.nodes {
        *node.latency.lock().unwrap() = std::time::Duration::ZERO;
    }
    let device = world.device().await;
    device.engine.put((0..tokens).map(|n| token(&format!("t{n:06}"), "s0")).collect()).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    (world, device)
}

fn in_process(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for tokens in [100, 10_000] {
        let (_world, device) = runtime.block_on(wallet(tokens));
        let engine = device.engine.clone();
        c.bench_function(&format!("cached sync, {tokens} tokens"), |b| {
            b.to_async(&runtime).iter(|| async {
                let report = engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
                assert_eq!(report.source.as_str(), "cache");
            });
        });
        c.bench_function(&format!("status, {tokens} tokens"), |b| b.iter(|| engine.status()));
        c.bench_function(&format!("list page of 100, {tokens} tokens"), |b| {
            b.iter(|| engine.tokens(None, 100, false))
        });
        let mut n = 0_u64;
        c.bench_function(&format!("put one token, {tokens} tokens"), |b| {
            b.to_async(&runtime).iter(|| {
                n += 1;
                let id = format!("n{n}");
                let engine = engine.clone();
                async move { engine.put(vec![token(&id, "s0")]).await.unwrap() }
            });
        });
    }
}

/// Calls behind a percentile: the p99 rests on the 200 slowest.
const CALLS: usize = 20_000;

/// p50, p99 and the slowest of single calls, in µs.
fn line(what: &str, times: &Histogram<u64>) {
    let us = |ns: u64| ns as f64 / 1_000.0;
    let [p50, p99] = [0.5, 0.99].map(|quantile| us(times.value_at_quantile(quantile)));
    println!("{what:<34} p50 {p50:>7.1} µs   p99 {p99:>7.1} µs   max {:>8.1} µs", us(times.max()));
}

fn timed(what: &str, mut call: impl FnMut()) {
    let mut times = Histogram::new(3).unwrap();
    for _ in 0..CALLS {
        let started = Instant::now();
        call();
        times.record(u64::try_from(started.elapsed().as_nanos()).unwrap()).unwrap();
    }
    line(what, &times);
}

fn percentiles() {
    let runtime = Runtime::new().unwrap();
    for tokens in [100, 10_000] {
        let (_world, device) = runtime.block_on(wallet(tokens));
        let engine = device.engine.clone();
        timed(&format!("cached sync, {tokens} tokens"), || {
            let report = runtime.block_on(engine.sync(SyncRequest::default(), |_| ())).unwrap();
            assert_eq!(report.source.as_str(), "cache");
        });
        timed(&format!("status, {tokens} tokens"), || {
            black_box(engine.status());
        });
        timed(&format!("list page of 100, {tokens} tokens"), || {
            black_box(engine.tokens(None, 100, false));
        });
    }
}

criterion_group!(benches, in_process);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    percentiles();
}
