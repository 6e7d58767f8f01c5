//! What a wallet UI asks all the time, in process: cached sync, status, a page of the list; and one change of many.
//!
//! Budget (p99): 200 µs for the first three.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use criterion::{Criterion, criterion_group, criterion_main};
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

criterion_group!(benches, in_process);
criterion_main!(benches);
