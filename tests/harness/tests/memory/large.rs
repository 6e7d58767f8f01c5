//! A wallet of 10,000 tokens is restored within its budget.

use std::time::Duration;

use dev_nodes::{Cluster, Options};
use tauri_plugin_wallet_sync::engine::{Ack, Engine, Mode, NewToken, OpenOptions, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::{Config, Secret};

use super::again;
use super::process::{Process, say, told};
use super::size;

const NODES: usize = 3;
pub const TOKENS: usize = 10_000;
/// What the whole process may hold meanwhile, KiB.
pub const MOST: u64 = 150 * 1_000_000 / 1024;
/// More than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
const RESTORES: &str = "large::a_wallet_of_10000_is_restored_within_its_memory";

pub async fn opened(nodes: &str, folder: &std::path::Path, mode: Mode) -> Engine {
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(nodes).unwrap();
    let options = OpenOptions { dir: folder.into(), config, mode };
    Engine::open(&Secret::new([8; 32]), options).await.unwrap()
}

pub fn token(at: usize) -> NewToken {
    NewToken {
        token_id: format!("{at}"),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: None,
        payload: format!("{at} ").repeat(300).into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_of_10000_is_restored_within_its_memory() {
    if again::is_inside() {
        return restore().await;
    }
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    let (json, folder) = (cluster.nodes_json().replace('\n', " "), tempfile::tempdir().unwrap());
    let engine = opened(&json, folder.path(), Mode::Own).await;
    engine.put((0..TOKENS).map(token).collect()).await.unwrap();
    let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: Some(Level::Verified) };
    assert_eq!(engine.sync(request, |_| ()).await.unwrap().ack, Ack::Verified);
    engine.close(PATIENCE).await.unwrap();
    let held: u64 = tokio::task::spawn_blocking(move || {
        let mut process = Process::of(RESTORES);
        process.tell(&json);
        process.hears("held").parse().unwrap()
    })
    .await
    .unwrap();
    eprintln!("{held} KiB");
    assert!(held <= MOST, "{held} KiB");
}

async fn restore() {
    let (nodes, folder) = (told(), tempfile::tempdir().unwrap());
    let engine = opened(&nodes, folder.path(), Mode::Own).await;
    size::begin();
    let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: None };
    let report = engine.sync(request, |_| ()).await.unwrap();
    assert_eq!((report.added, report.missing_payloads), (TOKENS, 0));
    say(&format!("held {}", size::most_above(0)));
    told();
}
