//! Daemons that run with `--offline`: their RPC gives no records, their gateway does.

use std::time::Duration;

use serde_json::Value;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use wallet_sync_harness::{NEWEST, OLDEST};

use crate::device::{Device, clock};
use crate::first_days::{live, start};

const HEARD: &str = include_str!("../../../data/kubo-words.json");
const NAME: &str = "k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r";

fn words(version: &str, when: &str) -> String {
    let lines: Vec<Value> = serde_json::from_str(HEARD).unwrap();
    let line = lines.iter().find(|line| line["when"] == when).unwrap();
    line["says"][version].as_str().unwrap().to_owned()
}

async fn said(api: &str, call: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let part = reqwest::multipart::Part::bytes(b"nonsense".to_vec()).file_name("f");
    let form = reqwest::multipart::Form::new().part("file", part);
    let answer = client.post(format!("{api}/api/v0/{call}")).multipart(form).send().await.unwrap();
    let json: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    json["Message"].as_str().unwrap().to_owned()
}

async fn works_with_gateways_and_says_what_it_lacks_without(version: &'static str, cluster: &'static [&str]) {
    let cluster = start(cluster, "--offline").await;
    let json = cluster.nodes_json().unwrap();
    let mut nodes: Value = serde_json::from_str(&json).unwrap();
    let api = nodes[0]["api"].as_str().unwrap().to_owned();
    let (get, put) =
        (format!("name/get?arg={NAME}&offline=true"), format!("routing/put?arg=/ipns/{NAME}&offline=true"));
    assert_eq!(said(&api, &get).await, words(version, "offline_daemon_get"));
    assert_eq!(said(&api, &put).await, words(version, "offline_daemon_put"));
    live(&json, cluster.len()).await;

    for node in nodes.as_array_mut().unwrap() {
        node.as_object_mut().unwrap().remove("gateway");
    }
    let device = Device::on(&nodes.to_string(), clock()).await;
    device.put("mine").await;
    let request =
        SyncRequest { fresh: true, deadline: Some(Duration::from_secs(3)), wait: Some(Level::Verified) };
    let told = match device.engine.sync(request, |_| ()).await {
        Ok(report) => {
            assert!(report.ack < Ack::Verified, "{:?}", report.warnings);
            report.warnings.join("\n")
        }
        Err(failure) => failure.error.message().to_owned(),
    };
    assert!(told.contains("--offline") && told.contains("gateway"), "{told}");
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest() {
    works_with_gateways_and_says_what_it_lacks_without(NEWEST, &[NEWEST; 3]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest() {
    works_with_gateways_and_says_what_it_lacks_without(OLDEST, &[OLDEST; 3]).await;
}

#[cfg(feature = "kubo-matrix")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_before_the_newest() {
    use wallet_sync_harness::BEFORE_NEWEST;
    works_with_gateways_and_says_what_it_lacks_without(BEFORE_NEWEST, &[BEFORE_NEWEST; 3]).await;
}
