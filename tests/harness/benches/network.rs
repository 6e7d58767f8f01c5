//! The network budgets on real Kubo, side by side with what a user would do otherwise on the same nodes.
//!
//! Five daemons behind a proxy with 40 ms round trips. Every figure is the median of a few runs in one go, and each of ours
//! stands beside its budget and beside the plain ways. `WALLETSYNC_BIN` names a release build of the command line.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(clippy::disallowed_methods, clippy::cast_possible_truncation)]

#[path = "network/idle.rs"]
mod idle;
#[path = "network/kit.rs"]
mod kit;
#[allow(dead_code)]
#[path = "../tests/contract/made.rs"]
mod made;
#[path = "network/plain_publish.rs"]
mod plain_publish;
#[path = "network/push.rs"]
mod push;
#[path = "network/twelve.rs"]
mod twelve;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::plain_publish::Plain;
use serde_json::Value;
use tauri_plugin_wallet_sync::engine::{Ack, Engine, Mode, NewToken, OpenOptions, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::{Config, Secret};
use wallet_sync_harness::{DelayProxy, LinkProfile, RealCluster};

const RTT: Duration = Duration::from_millis(40);
const RUNS: usize = 7;

fn main() {
    // `BENCH_ONLY`: `kit` the operators' front alone, `push`, `idle` a device at rest, `twelve` devices, `token` one published.
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if only.is_empty() || only == "kit" {
        runtime.block_on(kit::kit());
    }
    if only.is_empty() || only == "push" {
        runtime.block_on(push::push());
    }
    if only.is_empty() || only == "idle" {
        runtime.block_on(idle::idle());
    }
    if ["kit", "push", "idle"].contains(&only.as_str()) {
        return;
    }
    let cluster = RealCluster::start(5).expect("real Kubo");
    runtime.block_on(async {
        let direct = cluster.nodes_json().unwrap();
        let proxy =
            DelayProxy::start(&direct, LinkProfile { rtt: RTT, bits_per_second: None }).await.unwrap();
        println!("five Kubo 0.43, {} ms round trips, median of {RUNS}\n", RTT.as_millis());
        heading();
        match only.as_str() {
            "twelve" => return twelve::twelve(&direct, &proxy).await,
            "token" => return one_token(&proxy).await,
            _ => {}
        }
        small_wallet(&proxy).await;
        twelve::twelve(&direct, &proxy).await;
        one_token(&proxy).await;
        one_of_a_thousand(&proxy).await;
        thin_line(&direct).await;
        dead_nodes(&proxy).await;
    });
}

/// A scratch account: secret, nodes, data folder.
struct Scratch {
    dir: tempfile::TempDir,
    nodes: String,
    secret: [u8; 32],
}

impl Scratch {
    fn new(nodes: String, secret: u8) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("nodes.json"), &nodes).unwrap();
        let hex: String = [secret; 32].iter().map(|byte| format!("{byte:02x}")).collect();
        let file = dir.path().join("secret");
        std::fs::write(&file, hex).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { dir, nodes, secret: [secret; 32] }
    }

    fn cli(&self, data: &str, args: &[&str]) -> (Value, f64) {
        let started = Instant::now();
        let out = Command::new(binary())
            .arg("--data")
            .arg(self.dir.path().join(data))
            .arg("--nodes")
            .arg(self.dir.path().join("nodes.json"))
            .arg("--secret-file")
            .arg(self.dir.path().join("secret"))
            .arg("--json")
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let ms = started.elapsed().as_secs_f64() * 1_000.0;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        (serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{args:?}: {text}")), ms)
    }

    fn put_file(&self, data: &str, tokens: usize, bytes: usize, mark: &str) {
        let file = self.dir.path().join("tokens.ndjson");
        let lines: String = (0..tokens).map(|n| token_line(mark, n, bytes)).collect();
        std::fs::write(&file, lines).unwrap();
        let (put, _) = self.cli(data, &["put", file.to_str().unwrap()]);
        assert_eq!(put["added"], tokens);
    }

    async fn engine(&self, data: &str) -> Engine {
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(&self.nodes).unwrap();
        let options = OpenOptions { dir: self.dir.path().join(data), config, mode: Mode::Own };
        Engine::open(&Secret::new(self.secret), options).await.unwrap()
    }
}

fn binary() -> PathBuf {
    std::env::var_os("WALLETSYNC_BIN")
        .map(PathBuf::from)
        .filter(|path| Path::new(path).exists())
        .expect("WALLETSYNC_BIN")
}

/// Payload text that a compressor cannot shrink much.
fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + (state % 90) as u8)
        })
        .map(|c| if c == '"' || c == '\\' { 'x' } else { c })
        .collect()
}

fn token_line(mark: &str, n: usize, bytes: usize) -> String {
    let data = noise(n, bytes);
    format!(
        "{{\"tokenId\":\"{mark}{n:06}\",\"stateHash\":\"s0\",\"summary\":\"coin {n}\",\"data\":\"{data}\"}}\n"
    )
}

fn token(mark: &str, n: usize, bytes: usize) -> NewToken {
    NewToken {
        token_id: format!("{mark}{n:06}"),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: Some(format!("coin {n}")),
        payload: noise(n, bytes).into(),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(what: &str, measured: f64, budget: Option<f64>, unit: &str) {
    let budget = budget.map_or_else(|| "-".to_owned(), |b| format!("{b:.0} {unit}"));
    println!("{what:<58} {:>10} {budget:>10}", format!("{measured:.1} {unit}"));
}

fn heading() {
    println!("{:<58} {:>10} {:>10}", "what", "measured", "budget");
}

async fn small_wallet(proxy: &DelayProxy) {
    let scratch = Scratch::new(proxy.nodes_json(), 0x11);
    scratch.cli("a", &["init"]);
    scratch.put_file("a", 10, 2_000, "t");
    let (report, _) = scratch.cli("a", &["sync", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");

    let cold: Vec<Value> =
        (0..RUNS).map(|n| scratch.cli(&format!("cold{n}"), &["sync", "--fresh"]).0).collect();
    let of = |key: &str| median(cold.iter().map(|report| report[key].as_f64().unwrap()).collect());
    row("cold sync, fresh process: list and balance", of("listMs"), Some(105.0), "ms");
    row("cold sync, fresh process: payloads too", of("elapsedMs"), Some(155.0), "ms");
    let name = report["names"][0]["name"].as_str().unwrap().to_owned();
    let plain = median(futures(RUNS, || plain_resolve(&scratch.nodes, &name)).await);
    row("  beside it: name/resolve, then dag/get (no check, root only)", plain, None, "ms");
    let seed = median(futures(RUNS, || predecessor(&scratch.nodes, &name)).await);
    row("  beside it: gateway path, routing/get, content (no check)", seed, None, "ms");

    let engine = scratch.engine("a").await;
    engine.sync(fresh(None), |_| ()).await.unwrap();
    let (mut warm, mut bytes, mut requests) = (Vec::new(), 0, 0);
    for _ in 0..RUNS {
        let started = Instant::now();
        let report = engine.sync(fresh(None), |_| ()).await.unwrap();
        warm.push(started.elapsed().as_secs_f64() * 1_000.0);
        (bytes, requests) = (report.bytes_in, report.requests);
    }
    row("warm sync, nothing new, connections open", median(warm), Some(55.0), "ms");
    row("  its bytes in", bytes as f64 / 1_000.0, Some(60.0), "KB");
    row("  its requests", requests as f64, Some(20.0), "");
    engine.close(Duration::from_secs(5)).await.unwrap();
}

/// One token to `verified`, and the same requests by hand. A process of ours and the plain requests take turns, so that a busy
/// moment of the machine meets both.
async fn one_token(proxy: &DelayProxy) {
    let scratch = Scratch::new(proxy.nodes_json(), 0x44);
    scratch.cli("a", &["init"]);
    scratch.put_file("a", 10, 2_000, "t");
    assert_eq!(scratch.cli("a", &["sync", "--wait", "verified"]).0["ack"], "verified");
    let mut plain = Plain::new(&scratch.nodes, "plain");
    let (open, mut first, mut ours, mut plainly) = (client(), Vec::new(), Vec::new(), Vec::new());
    let mut plain_first = Vec::new();
    // The wallet is a new one: the first processes ask for the slots that were never asked for, 16 each, before they end.
    for _ in 0..5 {
        scratch.cli("a", &["sync", "--fresh"]);
    }
    for n in 0..RUNS {
        first.push(new_wallet(proxy, n));
        plain_first.push(plain_publish::fresh(&mut Plain::new(&scratch.nodes, &format!("plain {n}"))).await);
        scratch.put_file("a", 1, 2_000, &format!("p{n}x"));
        let (report, ms) = scratch.cli("a", &["sync", "--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
        ours.push(ms);
        plainly.push(plain_publish::fresh(&mut plain).await);
    }
    row("first token of a new wallet to verified, fresh process", median(first), Some(270.0), "ms");
    row("  beside it: the same requests, unchecked", median(plain_first), None, "ms");
    row("one token to verified, fresh process", median(ours), Some(230.0), "ms");
    row("  beside it: the same requests, unchecked", median(plainly), None, "ms");

    let engine = scratch.engine("a").await;
    engine.sync(fresh(None), |_| ()).await.unwrap();
    plain.publish(&open).await;
    let (mut ours, mut read_first, mut plainly) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..RUNS {
        ours.push(one_more(&engine, &format!("w{n}x"), false).await);
        read_first.push(one_more(&engine, &format!("v{n}x"), true).await);
        plainly.push(plain.publish(&open).await);
    }
    row("one token to verified, connections open", median(ours), Some(190.0), "ms");
    row("  with all names read first (`--fresh`)", median(read_first), Some(230.0), "ms");
    row("  beside it: the same requests, unchecked", median(plainly), None, "ms");
    engine.close(Duration::from_secs(5)).await.unwrap();
}

/// Milliseconds of a sync that publishes one token.
async fn one_more(engine: &Engine, mark: &str, fresh: bool) -> f64 {
    engine.put(vec![token(mark, 0, 2_000)]).await.unwrap();
    let started = Instant::now();
    let request = SyncRequest { fresh, deadline: None, wait: Some(Level::Verified) };
    let report = engine.sync(request, |_| ()).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    started.elapsed().as_secs_f64() * 1_000.0
}

/// A wallet that nobody has seen yet, with one token.
fn new_wallet(proxy: &DelayProxy, n: usize) -> f64 {
    let scratch = Scratch::new(proxy.nodes_json(), 0x60 + n as u8);
    scratch.cli("a", &["init"]);
    scratch.put_file("a", 1, 2_000, "n");
    let (report, ms) = scratch.cli("a", &["sync", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    ms
}

const fn fresh(wait: Option<Level>) -> SyncRequest {
    SyncRequest { fresh: true, deadline: None, wait }
}

async fn futures<F: Future<Output = f64>>(runs: usize, mut make: impl FnMut() -> F) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in 0..runs {
        all.push(make().await);
    }
    all
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn url(nodes: &str, at: usize, key: &str) -> String {
    let nodes: Value = serde_json::from_str(nodes).unwrap();
    nodes[at][key].as_str().unwrap().to_owned()
}

/// What `ipfs name resolve` and `ipfs dag get` do against one node: newest known there, nothing verified.
async fn plain_resolve(nodes: &str, name: &str) -> f64 {
    let (client, api) = (client(), url(nodes, 0, "api"));
    let started = Instant::now();
    let text =
        client.post(format!("{api}/api/v0/name/resolve?arg={name}&nocache=true")).send().await.unwrap();
    let path: Value = serde_json::from_str(&text.text().await.unwrap()).unwrap();
    let path = path["Path"].as_str().unwrap().to_owned();
    let root =
        client.post(format!("{api}/api/v0/dag/get?arg={path}&output-codec=dag-cbor")).send().await.unwrap();
    root.bytes().await.unwrap();
    started.elapsed().as_secs_f64() * 1_000.0
}

/// The predecessor's order of requests: the gateway path, the routing record, then the content it names.
async fn predecessor(nodes: &str, name: &str) -> f64 {
    let (client, api, gateway) = (client(), url(nodes, 0, "api"), url(nodes, 0, "gateway"));
    let started = Instant::now();
    let first = client.get(format!("{gateway}/ipns/{name}?format=dag-json")).send().await.unwrap();
    let _ = first.bytes().await;
    let record = client.post(format!("{api}/api/v0/routing/get?arg=/ipns/{name}")).send().await.unwrap();
    let record = record.text().await.unwrap();
    let extra: Value = serde_json::from_str(record.trim()).unwrap();
    let raw = data_encoding::BASE64.decode(extra["Extra"].as_str().unwrap().as_bytes()).unwrap();
    let text = String::from_utf8_lossy(&raw);
    let from = text.find("/ipfs/").unwrap();
    let cid: String = text.split_at(from + 6).1.chars().take_while(char::is_ascii_alphanumeric).collect();
    let content = client.get(format!("{gateway}/ipfs/{cid}?format=raw")).send().await.unwrap();
    content.bytes().await.unwrap();
    started.elapsed().as_secs_f64() * 1_000.0
}

async fn one_of_a_thousand(proxy: &DelayProxy) {
    let scratch = Scratch::new(proxy.nodes_json(), 0x22);
    let started = Instant::now();
    scratch.put_file("a", 1_000, 25_000, "t");
    row(
        "put of 1,000 tokens of 25 KB (with process start)",
        started.elapsed().as_secs_f64() * 1_000.0,
        None,
        "ms",
    );
    let (report, ms) = scratch.cli("a", &["sync", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    row("  its first publish to verified", ms, None, "ms");
    // What is measured next is a quiet cluster: the other nodes have pulled it too.
    let has_all = |report: &Value| report["verifiedNodes"] == 5;
    let mut syncs = (0..10).map(|_| scratch.cli("a", &["sync", "--fresh", "--wait", "verified"]).0);
    assert!(syncs.any(|report| has_all(&report)), "all nodes have it");
    let reader = scratch.engine("b").await;
    let started = Instant::now();
    let mut report = reader.sync(fresh(None), |_| ()).await.unwrap();
    row("restore of 1,000 tokens: list", report.list_ms, None, "ms");
    while report.missing_payloads > 0 {
        report = reader.sync(fresh(None), |_| ()).await.unwrap();
    }
    row("  all payloads", started.elapsed().as_secs_f64() * 1_000.0, None, "ms");
    scratch.put_file("a", 1, 25_000, "extra");
    let (report, _) = scratch.cli("a", &["sync", "--wait", "verified"]);
    row(
        "one token more of 1,000: bytes out per node",
        report["bytesOut"].as_f64().unwrap() / 5_000.0,
        Some(100.0),
        "KB",
    );
    let report = reader.sync(fresh(None), |_| ()).await.unwrap();
    assert_eq!(report.added, 1);
    row("  bytes in at the other device", report.bytes_in as f64 / 1_000.0, Some(100.0), "KB");
    reader.close(Duration::from_secs(5)).await.unwrap();
}

async fn thin_line(direct: &str) {
    let thin = LinkProfile { rtt: RTT, bits_per_second: Some(20_000_000) };
    let scratch = Scratch::new(direct.to_owned(), 0x33);
    scratch.put_file("a", 100, 25_000, "t");
    let (report, _) = scratch.cli("a", &["sync", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    let proxy = DelayProxy::start(direct, thin).await.unwrap();
    let reader = Scratch::new(proxy.nodes_json(), 0x33);
    let started = Instant::now();
    let (mut report, _) = reader.cli("b", &["sync", "--fresh"]);
    while report["missingPayloads"].as_u64().unwrap_or(0) > 0 {
        (report, _) = reader.cli("b", &["sync", "--fresh"]);
    }
    row("restore of 100 tokens on 20 Mbit/s", started.elapsed().as_secs_f64() * 1_000.0, None, "ms");
    let content: f64 = 100.0 * 25_000.0 * 0.82;
    row("  bytes on the wire / content", proxy.bytes().1 as f64 / content, Some(1.1), "x");
}

async fn dead_nodes(proxy: &DelayProxy) {
    let scratch = Scratch::new(proxy.nodes_json(), 0x11);
    scratch.cli("a", &["sync", "--fresh"]);
    (0..5).for_each(|at| proxy.blackhole(at));
    let (report, ms) = scratch.cli("a", &["sync", "--fresh"]);
    row("every node silent over HTTP: an honest answer", ms, Some(2_000.0), "ms");
    // Their peer ports may answer still: then it is the third tier's.
    println!("  its source and outcome: {}, {}", report["source"], report["outcome"]);
    (0..5).for_each(|at| proxy.open(at));
}
