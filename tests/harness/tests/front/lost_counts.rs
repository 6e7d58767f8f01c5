//! An audit asks each node how many bytes it has. A node whose answer is lost is asked again, and one that never answers is not asked
//! for each of ten thousand blocks in place of it: that takes half a minute over a long line.

use dev_nodes::{Cluster, Options};
use tauri_plugin_wallet_sync::engine::{Ack, AuditReport, AuditRequest};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use wallet_sync_harness::RealCluster;

use super::device::{Device, clock};
use super::fronts::Fronts;

const NODES: usize = 2;
/// The proxy before the node did not get its answer.
const BAD_GATEWAY: u16 = 502;

/// A wallet of so many tokens, and what its audit finds when the answer of each node is lost so often; with the number of questions
/// for the size of a block.
async fn audited(fronts: &Fronts, tokens: usize, lost: usize) -> (AuditReport, usize) {
    let device = Device::of(7, MemoryStore::new(), &fronts.nodes_json(), clock()).await;
    let ids: Vec<String> = (0..tokens).map(|n| format!("t{n:03}")).collect();
    device.put_all(&ids).await;
    assert_eq!(device.verify().await.ack, Ack::Verified);
    fronts.refuse_times("dag/stat", BAD_GATEWAY, lost);
    let sizes = || fronts.log().iter().filter(|line| line.contains("/block/stat?")).count();
    let before = sizes();
    let report = device.engine.audit(AuditRequest::default(), |_| ()).await.unwrap();
    device.close().await;
    (report, sizes() - before)
}

async fn one_lost_answer_is_asked_for_again(nodes: &str) {
    let fronts = Fronts::before(nodes).await;
    let (report, sizes) = audited(&fronts, limits::AUDIT_SIZES + 1, 1).await;
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    assert_eq!(sizes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_count_is_asked_for_again_on_embedded_nodes() {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    one_lost_answer_is_asked_for_again(&cluster.nodes_json()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_count_is_asked_for_again_on_kubo() {
    let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap().unwrap();
    one_lost_answer_is_asked_for_again(&cluster.nodes_json().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_never_counts_is_not_whole_and_not_asked_for_every_block() {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    let fronts = Fronts::before(&cluster.nodes_json()).await;
    let (report, sizes) = audited(&fronts, limits::AUDIT_SIZES + 1, usize::MAX).await;
    assert!(report.nodes.iter().all(|node| !node.whole && node.error.is_some()), "{report:?}");
    assert!(report.nodes.iter().all(|node| (node.missing, node.damaged) == (0, 0)), "{report:?}");
    assert_eq!(sizes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_small_wallet_each_block_is_asked_for_where_a_node_never_counts() {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    let fronts = Fronts::before(&cluster.nodes_json()).await;
    let (report, sizes) = audited(&fronts, 40, usize::MAX).await;
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    assert!(sizes >= 40 * NODES, "{sizes} questions");
}
