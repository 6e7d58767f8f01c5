//! What a test may do to a node beside faults, and what it can see of it.

use std::time::Duration;

use dev_nodes::{Cluster, Code, Options};

use crate::support::{block, client, get_raw, name, put, put_block, record, rpc, shown};

#[tokio::test]
async fn nodes_file_names_every_node_and_its_ports() {
    let options = Options { count: 5, token: Some("secret".to_owned()), ..Options::default() };
    let cluster = Cluster::start_with(options).await.unwrap();
    let nodes = tauri_plugin_wallet_sync::Config::parse_nodes(&cluster.nodes_json()).unwrap();
    assert_eq!((nodes.len(), cluster.len()), (5, 5));
    for (i, node) in nodes.iter().enumerate() {
        assert_eq!(node.id, cluster.node(i).id());
        assert_eq!(node.api.as_deref(), Some(&*cluster.node(i).api_url()));
        assert_eq!(node.gateway.as_deref(), Some(&*cluster.node(i).gateway_url()));
        assert!(node.token.is_some());
    }
    assert_eq!(rpc(cluster.node(0), "version").await.unwrap().status(), 403);
    let url = format!("{}/api/v0/version", cluster.node(0).api_url());
    let with_token = client().post(url).header("authorization", "Bearer secret").send().await.unwrap();
    assert_eq!(with_token.status(), 200);
    assert_eq!(Cluster::start(0).await.unwrap_err().code(), Code::BadRequest);
}

#[tokio::test]
async fn stopping_closes_the_ports() {
    let cluster = Cluster::start(2).await.unwrap();
    let node = cluster.node(1).clone();
    cluster.stop().await;
    assert!(rpc(&node, "version").await.unwrap_err().is_connect());
}

#[tokio::test]
async fn kept_things_survive_a_kill_and_can_be_wiped_forgotten_and_restored() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(1)).await;
    put_block(node, &block(10)).await;
    node.kill();
    node.revive().await.unwrap();
    assert_eq!(node.record(&name()).unwrap(), record(1));
    assert_eq!((node.blocks().len(), node.pins().len()), (1, 1));
    let before = node.snapshot();
    node.forget_records();
    assert_eq!((shown(node).await, node.blocks().len()), (None, 1));
    put(node, record(2)).await;
    node.wipe();
    assert_eq!((node.blocks().len(), node.pins().len()), (0, 0));
    node.restore(&before);
    assert_eq!(shown(node).await, Some(record(1)));
    assert!(node.lose_pin(block(10).cid()));
    assert!(node.lose_block(block(10).cid()));
    assert!(!node.lose_block(block(10).cid()));
    assert_eq!((node.blocks().len(), node.pins().len()), (0, 0));
}

#[tokio::test]
async fn record_is_forgotten_two_days_after_its_last_put() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(2)).await;
    node.advance_clock(Duration::from_secs(47 * 3600));
    assert_eq!(put(node, record(2)).await, 200, "the same bytes again start the two days anew");
    node.advance_clock(Duration::from_secs(47 * 3600));
    assert_eq!(shown(node).await, Some(record(2)));
    node.advance_clock(Duration::from_secs(2 * 3600));
    assert_eq!(shown(node).await, None);
    assert_eq!(put(node, record(1)).await, 200, "a lower sequence is let in");
}

#[tokio::test]
async fn planted_bytes_are_shown_whatever_they_are() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(1)).await;
    node.plant_record(&name(), vec![0; 20_000]);
    assert_eq!(shown(node).await, Some(vec![0; 20_000]));
    node.plant_record(&name(), Vec::new());
    assert_eq!(shown(node).await, Some(record(1)));
}

#[tokio::test]
async fn log_tells_each_request_with_its_bytes() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put_block(node, &block(1_000)).await;
    get_raw(node, &block(1_000)).await.unwrap().bytes().await.unwrap();
    let log = node.request_log();
    let [upload, download] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((&*upload.method, &*upload.path, upload.status), ("POST", "/api/v0/block/put", 200));
    assert!(upload.query.contains("cid-codec=raw"));
    assert!((1_000..2_000).contains(&upload.bytes_in), "{upload:?}");
    assert_eq!((download.bytes_in, download.bytes_out), (0, 1_000));
    node.clear_log();
    assert!(node.request_log().is_empty());
}
