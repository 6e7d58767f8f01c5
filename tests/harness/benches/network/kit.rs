//! The front that operators put before their nodes (TLS, HTTP/2), beside the same five Kubo asked plainly.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::engine::Engine;
use wallet_sync_harness::{DelayProxy, LinkProfile, WalletNodes};

use super::{RTT, RUNS, Scratch, fresh, heading, median, one_more, row};

/// One way to the five nodes.
struct Way {
    proxy: DelayProxy,
    scratch: Scratch,
    engine: Option<Engine>,
}

impl Way {
    /// A wallet of ten tokens, verified on the nodes.
    async fn of(nodes: &str, secret: u8) -> Self {
        let proxy = DelayProxy::start(nodes, LinkProfile { rtt: RTT, bits_per_second: None }).await.unwrap();
        let scratch = Scratch::new(proxy.nodes_json(), secret);
        scratch.cli("a", &["init"]);
        scratch.put_file("a", 10, 2_000, "t");
        let (report, _) = scratch.cli("a", &["sync", "--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
        Self { proxy, scratch, engine: None }
    }

    /// A restore by a fresh process: its report, and how many connections it made.
    fn cold(&self, n: usize) -> (Value, u64) {
        let before = self.proxy.connections();
        let (report, _) = self.scratch.cli(&format!("cold{n}"), &["sync", "--fresh"]);
        // A token more was published after each.
        assert_eq!(report["tokens"]["total"], 10 + n, "{report}");
        (report, self.proxy.connections() - before)
    }

    /// One token to `verified` by a fresh process, in milliseconds.
    fn first(&self, n: usize) -> f64 {
        self.scratch.put_file("a", 1, 2_000, &format!("f{n}x"));
        let (report, ms) = self.scratch.cli("a", &["sync", "--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
        ms
    }

    async fn open(&mut self) {
        let engine = self.scratch.engine("a").await;
        engine.sync(fresh(None), |_| ()).await.unwrap();
        self.engine = Some(engine);
    }

    /// A reading over open connections that finds nothing new, in milliseconds.
    async fn warm(&self) -> f64 {
        let started = Instant::now();
        self.engine.as_ref().unwrap().sync(fresh(None), |_| ()).await.unwrap();
        started.elapsed().as_secs_f64() * 1_000.0
    }
}

/// Ways take turns, so that a busy moment of the machine meets both.
pub async fn kit() {
    let nodes = WalletNodes::start(5).expect("the nodes of examples/nodes");
    let front = nodes.wallet("bench").unwrap();
    let (plain, front) = (Way::of(&plainly(&nodes), 0x51).await, Way::of(&front, 0x52).await);
    let mut ways = [plain, front];
    println!("five Kubo behind nginx (TLS, HTTP/2), {} ms round trips, median of {RUNS}\n", RTT.as_millis());
    heading();
    let (mut list, mut whole, mut connections) = ([vec![], vec![]], [vec![], vec![]], [vec![], vec![]]);
    let (mut first, mut warm, mut token) = ([vec![], vec![]], [vec![], vec![]], [vec![], vec![]]);
    for n in 0..RUNS {
        for (at, way) in ways.iter().enumerate() {
            let (report, opened) = way.cold(n);
            list[at].push(report["listMs"].as_f64().unwrap());
            whole[at].push(report["elapsedMs"].as_f64().unwrap());
            connections[at].push(opened as f64);
            first[at].push(way.first(n));
        }
    }
    for way in &mut ways {
        way.open().await;
    }
    for n in 0..RUNS {
        for (at, way) in ways.iter().enumerate() {
            warm[at].push(way.warm().await);
            token[at].push(one_more(way.engine.as_ref().unwrap(), &format!("w{n}x"), false).await);
        }
    }
    let rtt = RTT.as_secs_f64() * 1_000.0;
    both("cold, fresh process: list and balance", list, Some(rtt), "ms");
    both("cold, fresh process: payloads too", whole, Some(rtt), "ms");
    both("  its connections", connections, None, "");
    both("one token to verified, fresh process", first, Some(rtt), "ms");
    both("warm, nothing new, connections open", warm, Some(0.0), "ms");
    both("one token to verified, connections open", token, Some(0.0), "ms");
    for way in ways {
        way.engine.unwrap().close(Duration::from_secs(5)).await.unwrap();
    }
}

/// What the front may cost beyond the plain way stands as its budget.
fn both(what: &str, [plain, front]: [Vec<f64>; 2], more: Option<f64>, unit: &str) {
    let plain = median(plain);
    row(&format!("plain: {what}"), plain, None, unit);
    row(&format!("front: {what}"), median(front), more.map(|more| plain + more), unit);
}

/// The RPCs behind the front.
fn plainly(nodes: &WalletNodes) -> String {
    let node = |i: u16| json!({"id": format!("plain{i}"), "api": nodes.addresses(i).1});
    Value::from((0..5).map(node).collect::<Vec<_>>()).to_string()
}
