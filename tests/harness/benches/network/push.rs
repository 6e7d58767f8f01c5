//! Live push: from `put` returning on one device to `tokens-changed` on the other, five Kubo with pubsub, 40 ms round trips. Coalescing is
//! off, so that what is measured is what the wire and the nodes take.

use std::time::{Duration, Instant};

use tauri_plugin_wallet_sync::engine::{Engine, Event, Mode, OpenOptions, Subscription, Way};
use tauri_plugin_wallet_sync::metrics::Operation;
use tauri_plugin_wallet_sync::{Config, Secret};
use wallet_sync_harness::{DelayProxy, LinkProfile, RealCluster};

use super::{RTT, row, token};

const CHANGES: usize = 200;
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn push() {
    let start = || RealCluster::start_with(5, "Pubsub.Enabled=true");
    let cluster = tokio::task::spawn_blocking(start).await.unwrap().expect("real Kubo");
    let direct = cluster.nodes_json().unwrap();
    let profile = LinkProfile { rtt: RTT, bits_per_second: None };
    let proxies = [
        DelayProxy::start(&direct, profile).await.unwrap(),
        DelayProxy::start(&direct, profile).await.unwrap(),
    ];
    println!("live push: two devices, {CHANGES} changes, {} ms round trips", RTT.as_millis());
    let folder = tempfile::tempdir().unwrap();
    let one = device(&folder, "one", &proxies[0]).await;
    let two = device(&folder, "two", &proxies[1]).await;
    for engine in [&one, &two] {
        engine.sync(super::fresh(None), |_| ()).await.unwrap();
    }
    let mut events = two.subscribe();
    for n in 0..20 {
        one.put(vec![token("warm", n, 200)]).await.unwrap();
        if until_here(&mut events, &two, "warm", n).await == Some(Way::Push) {
            break;
        }
    }
    series("each as soon as the one before is there", "live", &one, &two, &mut events).await;
    series("each once the one before is verified", "calm", &one, &two, &mut events).await;
    let metrics = two.metrics();
    for figures in metrics.operations.iter().filter(|figures| figures.operation == Operation::Push) {
        row("  its own figure: lag p50", figures.p50_ms.unwrap_or(0.0), None, "ms");
        row("  its own figure: lag p99", figures.p99_ms.unwrap_or(0.0), None, "ms");
    }
    for engine in [one, two] {
        engine.close(Duration::from_secs(5)).await.unwrap();
    }
}

async fn series(how: &str, mark: &str, one: &Engine, two: &Engine, events: &mut Subscription) {
    println!("{how}:");
    let (mut took, mut by_push, mut lost) = (Vec::new(), 0, 0);
    for n in 0..CHANGES {
        if mark == "calm" {
            one.flush(PATIENCE).await.unwrap();
        }
        one.put(vec![token(mark, n, 200)]).await.unwrap();
        let put = Instant::now();
        match until_here(events, two, mark, n).await {
            Some(way) => {
                took.push(put.elapsed().as_secs_f64() * 1_000.0);
                by_push += usize::from(way == Way::Push);
            }
            None => lost += 1,
        }
    }
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    row("a change on the other device, p50", at(50), Some(250.0), "ms");
    row("  p99", at(99), Some(1_000.0), "ms");
    row("  longest", at(100), None, "ms");
    row("  by push, of all", by_push as f64, Some(CHANGES as f64), "");
    row("  not within 30 s", lost as f64, Some(0.0), "");
}

async fn device(folder: &tempfile::TempDir, name: &str, proxy: &DelayProxy) -> Engine {
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&proxy.nodes_json()).unwrap();
    config.coalesce = Duration::ZERO;
    let options = OpenOptions { dir: folder.path().join(name), config, mode: Mode::Background };
    Engine::open(&Secret::new([0x77; 32]), options).await.unwrap()
}

/// How a token came, once it is here.
async fn until_here(events: &mut Subscription, engine: &Engine, mark: &str, n: usize) -> Option<Way> {
    let id = format!("{mark}{n:06}");
    let has = || engine.tokens(None, 10_000, false).iter().any(|row| row.key.token_id.as_str() == id);
    let came = async {
        while let Some(event) = events.next().await {
            if let Event::TokensChanged { origin: Some(origin), .. } = event
                && has()
            {
                return Some(origin.by);
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, came).await.ok().flatten()
}
