//! A proxy before a node may let through a list of verbs. The one that it lacks is named, and another way is taken where there is
//! one.

use std::time::Duration;

use dev_nodes::{Cluster, Options};
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use wallet_sync_harness::RealCluster;

use super::device::{Device, clock};
use super::fronts::Fronts;

const NODES: usize = 2;
/// More than a record carries, so that a restore asks for the index as a whole.
const TOKENS: usize = 120;
/// Verbs whose place another one takes, and whether a wallet's first days ask for them at all.
const REPLACED: [(&str, bool); 9] = [
    ("name/get", true),
    ("routing/get", false),
    ("routing/put", true),
    ("pin/update", true),
    ("block/stat", true),
    ("block/get", true),
    ("dag/export", true),
    ("dag/import", true),
    ("dag/stat", true),
];
/// Verbs without which a node can keep nothing that could be verified.
const NEEDED: [&str; 2] = ["pin/add", "pin/ls"];
/// Verbs that nothing waits for.
const SPARED: [&str; 3] = ["version", "id", "pin/rm"];

async fn embedded() -> (Cluster, Fronts) {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    let fronts = Fronts::before(&cluster.nodes_json()).await;
    (cluster, fronts)
}

/// The verbs that a report names as refused, each once, of every node alike.
fn denied(fronts: &Fronts, report: &SyncReport) -> Vec<String> {
    let id = &fronts.ids()[0];
    let of_first = report.warnings.iter().filter_map(|line| line.strip_prefix(&format!("denied: {id}: ")));
    let mut verbs: Vec<String> =
        of_first.map(|words| words.split(' ').next().unwrap_or_default().to_owned()).collect();
    verbs.dedup();
    verbs
}

/// A new wallet, two changes to `verified`, a restore, all while no node answers this verb.
async fn live_without(fronts: &Fronts, wallet: u8, verb: &str, status: u16, is_asked: bool) {
    fronts.refuse(verb, status);
    let (nodes, clock) = (fronts.nodes_json(), clock());
    let first = Device::of(wallet, MemoryStore::new(), &nodes, clock.clone()).await;
    let ids: Vec<String> = (0..TOKENS).map(|n| format!("t{n:03}")).collect();
    for change in ids.chunks(TOKENS - 1) {
        first.put_all(change).await;
        let report = first.verify().await;
        assert_eq!(report.ack, Ack::Verified, "{verb} {status}: {:?}", report.warnings);
    }
    let report = first.verify().await;
    assert_eq!(report.verified_nodes, NODES, "{verb} {status}: {:?}", report.warnings);
    let second = Device::of(wallet, MemoryStore::new(), &nodes, clock).await;
    assert_eq!(second.restore().await, ids, "{verb} {status}");
    let told = [denied(fronts, &report), denied(fronts, &second.verify().await)].concat();
    assert!(told.iter().all(|named| named == verb), "{verb} {status}: {told:?}");
    assert_eq!(!told.is_empty(), is_asked, "{verb} {status}");
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_way_is_taken_on_embedded_nodes() {
    let (_cluster, fronts) = embedded().await;
    for (n, (verb, is_asked)) in (0..).zip(REPLACED) {
        for (m, status) in (0..).zip([403, 404, 405]) {
            live_without(&fronts, 10 + n * 3 + m, verb, status, is_asked).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_way_is_taken_on_real_kubo() {
    let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap().unwrap();
    let fronts = Fronts::before(&cluster.nodes_json().unwrap()).await;
    for (n, (verb, is_asked)) in (0..).zip(REPLACED) {
        live_without(&fronts, 10 + n, verb, 403, is_asked).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nothing_waits_for_may_be_refused() {
    let (_cluster, fronts) = embedded().await;
    for (n, verb) in (0..).zip(SPARED) {
        fronts.refuse(verb, 403);
        let device = Device::of(10 + n, MemoryStore::new(), &fronts.nodes_json(), clock()).await;
        // Enough editions for old ones to be unpinned.
        for change in 0..7 {
            device.put(&format!("t{change}")).await;
            let report = device.verify().await;
            assert_eq!((report.ack, report.verified_nodes), (Ack::Verified, NODES), "{verb}");
        }
        let told = denied(&fronts, &device.verify().await);
        let wanted: Vec<&str> = [verb].into_iter().filter(|verb| *verb != "version").collect();
        assert_eq!(told, wanted, "{verb}");
        device.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_without_is_named_and_nothing_is_said_to_be_verified() {
    let (_cluster, fronts) = embedded().await;
    for (n, verb) in (0..).zip(NEEDED) {
        fronts.refuse(verb, 403);
        let store = MemoryStore::new();
        let device = Device::of(20 + n, store, &fronts.nodes_json(), clock()).await;
        device.put("t0").await;
        let wait = Some(Level::Verified);
        let request = SyncRequest { fresh: true, deadline: Some(Duration::from_secs(2)), wait };
        match device.engine.sync(request, |_| ()).await {
            Ok(report) => {
                assert!(report.ack < Ack::Verified, "{verb}");
                assert_eq!(denied(&fronts, &report), [verb], "{:?}", report.warnings);
            }
            // Where no beacon can be read nobody knows whether the wallet is new.
            Err(failure) => assert_eq!(verb, "pin/ls", "{}", failure.error.message()),
        }
        // It is put right once the verb is let through.
        fronts.refuse("none", 403);
        let mut ack = Ack::None;
        for _ in 0..10 {
            ack = device.verify().await.ack;
            if ack == Ack::Verified {
                break;
            }
        }
        assert_eq!(ack, Ack::Verified, "{verb}");
        device.close().await;
    }
}

/// The address of a gateway in place of the RPC's: nobody refuses the credentials there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_no_rpc_is_called_so() {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    let mut nodes: serde_json::Value = serde_json::from_str(&cluster.nodes_json()).unwrap();
    for node in nodes.as_array_mut().unwrap() {
        *node = serde_json::json!({ "id": node["id"], "api": node["gateway"] });
    }
    let device = Device::of(40, MemoryStore::new(), &nodes.to_string(), clock()).await;
    let request = SyncRequest { fresh: true, deadline: Some(Duration::from_secs(2)), wait: None };
    let failure = device.engine.sync(request, |_| ()).await.unwrap_err();
    assert_eq!(failure.error.code(), Code::Unreachable);
    for node in failure.nodes {
        let told = node.error.unwrap().message().to_owned();
        assert!(told.contains("is it the address of a Kubo's RPC?"), "{told}");
    }
    device.close().await;
}
