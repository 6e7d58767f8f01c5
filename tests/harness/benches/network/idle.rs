//! A device that has nothing to do, with live push: what it takes of the processor and of the line. Six minutes are watched, in which it asks
//! one node once; the bytes are those on the connections, heads included.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tauri_plugin_wallet_sync::engine::{Ack, Engine, Mode, OpenOptions};
use tauri_plugin_wallet_sync::{Config, Secret, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use wallet_sync_harness::RealCluster;

use super::{row, token};

/// Until all that follows an opening is over: the search of slots, and the first look at what nodes hold.
const SETTLING: Duration = Duration::from_secs(60);
/// The longest pause between two questions, and a little.
const WINDOW: Duration = Duration::from_secs(360);

pub async fn idle() {
    let start = || RealCluster::start_with(5, "Pubsub.Enabled=true");
    let cluster = tokio::task::spawn_blocking(start).await.unwrap().expect("real Kubo");
    let counted = Arc::new(Counted::default());
    let nodes = counted_nodes(&cluster.nodes_json().unwrap(), &counted).await;
    println!("at rest, with live push: {} s are watched", WINDOW.as_secs());
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&nodes).unwrap();
    let options = OpenOptions { dir: folder.path().join("data"), config, mode: Mode::Background };
    let engine = Engine::open(&Secret::new([0x78; 32]), options).await.unwrap();
    engine.put(vec![token("one", 0, 200)]).await.unwrap();
    assert_eq!(engine.flush(SETTLING).await.unwrap().ack, Ack::Verified);
    engine.sync(super::fresh(None), |_| ()).await.unwrap();
    tokio::time::sleep(SETTLING).await;
    let reading = Box::pin(counted.during(engine.sync(super::fresh(None), |_| ()))).await;
    let (began, before) = (Instant::now(), processor_ticks());
    let watched = counted.during(tokio::time::sleep(WINDOW)).await;
    let (took, ticks) = (began.elapsed().as_secs_f64(), processor_ticks() - before);
    // A hundred ticks are a second, and a hundredth of a second in a second is a percent.
    println!(
        "{:<58} {:>10} {:>10}",
        "processor, of one core",
        format!("{:.3} %", ticks as f64 / took),
        "0.1 %"
    );
    row("heartbeats of two nodes, an hour", kb(watched.push) * 3_600.0 / took, None, "KB");
    row("one node is asked whether it shows what is known", kb(watched.rest), None, "KB");
    row("all are read, and the next slots", kb(reading.rest), None, "KB");
    let hourly = |every: Duration| 3_600.0 / every.as_secs_f64();
    let readings = hourly(limits::PUSH_READ_ALL);
    let questions = hourly(limits::PUSH_POLL) - readings;
    let hour = questions * kb(watched.rest) + readings * kb(reading.rest);
    row("both beside the heartbeats, an hour", hour, Some(20.0), "KB");
    engine.close(Duration::from_secs(5)).await.unwrap();
}

fn kb(bytes: u64) -> f64 {
    bytes as f64 / 1_000.0
}

/// What this process has taken of the processor, the proxies here included.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Bytes both ways: those of messages and streams, and all others.
#[derive(Default)]
struct Counted {
    push: AtomicU64,
    rest: AtomicU64,
}

struct Bytes {
    push: u64,
    rest: u64,
}

impl Counted {
    fn now(&self) -> Bytes {
        Bytes { push: self.push.load(Ordering::Relaxed), rest: self.rest.load(Ordering::Relaxed) }
    }

    async fn during<T>(&self, work: impl Future<Output = T>) -> Bytes {
        let before = self.now();
        work.await;
        let after = self.now();
        Bytes { push: after.push - before.push, rest: after.rest - before.rest }
    }

    fn note(&self, is_push: bool, bytes: usize) {
        let count = if is_push { &self.push } else { &self.rest };
        count.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The nodes behind a counter each.
async fn counted_nodes(direct: &str, counted: &Arc<Counted>) -> String {
    let mut nodes: Value = serde_json::from_str(direct).unwrap();
    for node in nodes.as_array_mut().unwrap() {
        for surface in ["api", "gateway"] {
            let target = node[surface].as_str().unwrap().trim_start_matches("http://").to_owned();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            node[surface] = format!("http://{}", listener.local_addr().unwrap()).into();
            tokio::spawn(serve(listener, target, counted.clone()));
        }
    }
    nodes.to_string()
}

async fn serve(listener: TcpListener, target: String, counted: Arc<Counted>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(node) = TcpStream::connect(&target).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_node, to_node) = node.into_split();
        // Of a connection all counts as what its last request was.
        let is_push = Arc::new(AtomicBool::new(false));
        tokio::spawn(carry(from_client, to_node, true, is_push.clone(), counted.clone()));
        tokio::spawn(carry(from_node, to_client, false, is_push, counted.clone()));
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    asks: bool,
    is_push: Arc<AtomicBool>,
    counted: Arc<Counted>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let chunk = &bytes[..count];
        if asks && chunk.starts_with(b"POST ") {
            is_push.store(chunk.starts_with(b"POST /api/v0/pubsub/"), Ordering::Relaxed);
        }
        counted.note(is_push.load(Ordering::Relaxed), count);
        if to.write_all(chunk).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
