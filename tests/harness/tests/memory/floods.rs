//! P9: whatever nodes and peers send, the process holds little more than at rest.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tauri_plugin_wallet_sync::clock::{Entropy, monotonic};
use tauri_plugin_wallet_sync::engine::{Engine, Mode, OpenOptions, SyncRequest};
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Name, Slot, WalletKeys};
use tauri_plugin_wallet_sync::node::dht::Dht;
use tauri_plugin_wallet_sync::node::peers::Peers;
use tauri_plugin_wallet_sync::node::{Call, Meter};
use tauri_plugin_wallet_sync::{Config, Secret};

use super::again;
use super::hostile_frames::{self, Trick};
use super::hostile_http::{self, Flood};
use super::hostile_peer;
use super::large;
use super::process::{Process, say, told};
use super::size;

/// What all of them together may make a process hold above what it holds at rest, KiB.
const MOST: u64 = 64 * 1024;
const HOSTILE: usize = 5;
/// How long each is let do its worst.
const LONG: Duration = Duration::from_secs(8);

fn path(test: &str) -> String {
    format!("floods::{test}")
}

/// What the second run of a test says that it held, KiB.
async fn held(test: &'static str, nodes: String) -> u64 {
    tokio::task::spawn_blocking(move || {
        let mut process = Process::of(&path(test));
        process.tell(&nodes);
        let said = process.hears("held");
        eprintln!("{test}: {said}");
        said.split(' ').next().unwrap().parse().unwrap()
    })
    .await
    .unwrap()
}

fn say_held(before: u64, used: Duration) {
    say(&format!("held {} KiB above {before} KiB, processor {used:?}", size::most_above(before)));
}

async fn under_http(test: &'static str, flood: Flood) {
    if again::is_inside() {
        let mode = if matches!(flood, Flood::Messages) { Mode::Background } else { Mode::Own };
        return read_them(mode).await;
    }
    let mut nodes = Vec::new();
    for at in 0..HOSTILE {
        let (api, _) = hostile_http::start(flood).await;
        nodes.push(json!({"id": format!("n{at}"), "api": api, "gateway": api}));
    }
    let held = held(test, json!(nodes).to_string()).await;
    assert!(held <= MOST, "{held} KiB");
}

/// A first reading of everything, of nodes that are all hostile, with all that goes on behind its answer.
async fn read_them(mode: Mode) {
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&told()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { dir: folder.path().into(), config, mode };
    let engine = Engine::open(&Secret::new([7; 32]), options).await.unwrap();
    let (before, used, until) = (size::begin(), size::processor(), monotonic() + LONG);
    while monotonic() < until {
        let request = SyncRequest { fresh: true, deadline: Some(LONG), wait: None };
        let _ = engine.sync(request, |_| ()).await;
    }
    say_held(before, size::processor().saturating_sub(used));
    told();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_heads_without_an_end_fill_little() {
    under_http("p09_heads_without_an_end_fill_little", Flood::Heads).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_lists_of_nothing_fill_little() {
    under_http("p09_lists_of_nothing_fill_little", Flood::Lists).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_bodies_without_an_end_fill_little() {
    under_http("p09_bodies_without_an_end_fill_little", Flood::Bodies).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_messages_without_an_end_fill_little() {
    under_http("p09_messages_without_an_end_fill_little", Flood::Messages).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_hostile_peers_fill_little() {
    if again::is_inside() {
        return ask_peers().await;
    }
    let mut nodes = Vec::new();
    for at in 0..HOSTILE {
        let (address, _) = hostile_peer::start().await;
        nodes.push(json!({"id": format!("p{at}"), "api": "http://127.0.0.1:1", "swarm": [address]}));
    }
    let one = held("p09_hostile_peers_fill_little", json!(nodes[..1]).to_string()).await;
    let all = held("p09_hostile_peers_fill_little", json!(nodes).to_string()).await;
    assert!(one <= MOST && all <= MOST, "{one} KiB by one, {all} KiB by all");
}

async fn under_frames(test: &'static str, trick: Trick) {
    if again::is_inside() {
        return ask_peers().await;
    }
    let mut nodes = Vec::new();
    for at in 0..HOSTILE {
        let (address, _) = hostile_frames::start(trick).await;
        nodes.push(json!({"id": format!("p{at}"), "api": "http://127.0.0.1:1", "swarm": [address]}));
    }
    let held = held(test, json!(nodes).to_string()).await;
    assert!(held <= MOST, "{held} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_frames_of_one_byte_fill_little() {
    under_frames("p09_frames_of_one_byte_fill_little", Trick::Tiny).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_peers_that_let_no_reset_out_fill_little() {
    under_frames("p09_peers_that_let_no_reset_out_fill_little", Trick::Deaf).await;
}

/// Nodes that are hostile over HTTP, in pubsub and as peers.
async fn hostile_everywhere() -> String {
    let mut nodes = Vec::new();
    for at in 0..HOSTILE {
        let (api, _) = hostile_http::start(Flood::Every).await;
        let (address, _) = hostile_peer::start().await;
        nodes.push(json!({"id": format!("n{at}"), "api": api, "gateway": api, "swarm": [address]}));
    }
    json!(nodes).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_everything_at_once_fills_little() {
    if again::is_inside() {
        return read_them(Mode::Background).await;
    }
    let nodes = hostile_everywhere().await;
    let held = held("p09_everything_at_once_fills_little", nodes).await;
    assert!(held <= MOST, "{held} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_a_wallet_of_10000_stays_small_under_everything_at_once() {
    if again::is_inside() {
        return read_with_tokens().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let engine = large::opened(r#"[{"id":"n","api":"http://127.0.0.1:1"}]"#, folder.path(), Mode::Own).await;
    engine.put((0..large::TOKENS).map(large::token).collect()).await.unwrap();
    engine.close(Duration::ZERO).await.unwrap();
    let (nodes, path) = (hostile_everywhere().await, folder.path().to_str().unwrap().to_owned());
    let said = tokio::task::spawn_blocking(move || {
        let mut process = Process::of("floods::p09_a_wallet_of_10000_stays_small_under_everything_at_once");
        process.tell(&nodes);
        process.tell(&path);
        process.hears("held")
    });
    let held: u64 = said.await.unwrap().parse().unwrap();
    eprintln!("with a wallet of {}: {held} KiB", large::TOKENS);
    assert!(held <= large::MOST, "{held} KiB");
}

/// The same with a wallet that is there already; says what the whole process holds.
async fn read_with_tokens() {
    let (nodes, folder) = (told(), told());
    let engine = large::opened(&nodes, folder.as_str().as_ref(), Mode::Background).await;
    size::begin();
    let until = monotonic() + LONG;
    while monotonic() < until {
        let request = SyncRequest { fresh: true, deadline: Some(LONG), wait: None };
        let _ = engine.sync(request, |_| ()).await;
    }
    say(&format!("held {}", size::most_above(0)));
    told();
}

/// Asks peers for every name of a wallet, and for blocks.
async fn ask_peers() {
    let nodes = Config::parse_nodes(&told()).unwrap();
    let dht = Dht::new(&nodes, &[], Entropy::system().unwrap()).unwrap().unwrap();
    let keys = WalletKeys::derive(&Secret::new([7; 32]), None);
    let names: Vec<Name> = Slot::all().map(|slot| keys.name(slot)).collect();
    let cids: Vec<Cid> = (0..64_u8).map(|n| Cid::of(Codec::Raw, &[n])).collect();
    let call = Call { deadline: monotonic() + LONG, meter: Arc::new(Meter::default()) };
    let (before, used) = (size::begin(), size::processor());
    let mut answers = dht.records(&names, &call);
    let asking = async { while answers.recv().await.is_some() {} };
    tokio::join!(asking, dht.blocks(&cids, &call));
    say_held(before, size::processor().saturating_sub(used));
    told();
}
