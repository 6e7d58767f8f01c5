//! A wallet on real Kubo daemons, and a look into those daemons that shares no code with the engine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde_json::Value;
use tauri_plugin_wallet_sync::clock::monotonic;
use wallet_sync_harness::RealCluster;

use super::{Outcome, Wallet, run_with};

/// The promise of every command: an answer within two seconds, and what starting a process takes on a busy machine.
pub const TWO_SECONDS: Duration = Duration::from_millis(2_250);

/// One secret, one nodes file, any number of data folders.
pub struct Devices {
    pub wallet: Wallet,
}

impl Devices {
    pub fn on(nodes_json: &str) -> Self {
        let wallet = Wallet::new();
        wallet.file("nodes.json", nodes_json);
        let devices = Self { wallet };
        devices.run("a", &["init"]).done();
        devices
    }

    pub fn command(&self, device: &str) -> std::process::Command {
        let mut command = self.wallet.command();
        command.env("WALLETSYNC_DATA", self.wallet.path(device));
        command.env("WALLETSYNC_NODES", self.wallet.path("nodes.json"));
        command
    }

    pub fn run(&self, device: &str, arguments: &[&str]) -> Outcome {
        run_with(self.command(device).args(arguments), b"")
    }

    /// Adds token states, each with this many bytes of payload; gives them as `tokens --data` shows them.
    #[track_caller]
    pub fn put(&self, device: &str, mark: &str, count: usize, bytes: usize) -> Vec<(String, String)> {
        let tokens: Vec<(String, String)> =
            (0..count).map(|n| (format!("{mark}-{n:05}"), noise(mark, n, bytes))).collect();
        let line = |(id, data): &(String, String)| {
            format!(
                "{{\"tokenId\":\"{id}\",\"stateHash\":\"s0\",\"summary\":\"sum-{id}\",\"data\":\"{data}\"}}\n"
            )
        };
        let file = self.wallet.file(&format!("{mark}.ndjson"), tokens.iter().map(line).collect::<String>());
        let put = self.run(device, &["put", &file]).done();
        assert_eq!((&put["added"], &put["ack"]), (&count.into(), &"local".into()));
        tokens
    }

    #[track_caller]
    pub fn sync(&self, device: &str, arguments: &[&str]) -> Value {
        self.run(device, &[&["sync"], arguments].concat()).done()
    }

    /// Every live token with its payload, fetched when it is not there.
    #[track_caller]
    pub fn tokens(&self, device: &str) -> Vec<(String, String)> {
        let told = self.run(device, &["tokens", "--data"]);
        assert_eq!(told.exit, Some(0), "{told:?}");
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        told.lines().iter().map(|row| (text(row, "tokenId"), text(row, "data"))).collect()
    }
}

/// Printable text that a compressor cannot shrink much, the same for the same arguments.
pub fn noise(mark: &str, n: usize, bytes: usize) -> String {
    let mut state = mark.bytes().fold(n as u64 ^ 0x9e37_79b9_7f4a_7c15, |sum, byte| {
        sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
    });
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + u8::try_from(state % 75).unwrap())
    };
    (0..bytes).map(|_| next()).map(|c| if c == '\\' { 'x' } else { c }).collect()
}

/// A daemon as its own RPC shows it.
pub struct Daemon {
    api: String,
}

/// The daemons of a nodes file.
pub fn daemons(nodes_json: &str) -> Vec<Daemon> {
    let nodes: Vec<Value> = serde_json::from_str(nodes_json).unwrap();
    nodes.iter().map(|node| Daemon { api: node["api"].as_str().unwrap().to_owned() }).collect()
}

/// The daemon whose RPC is there.
pub fn daemon_at(api: &str) -> Daemon {
    Daemon { api: api.to_owned() }
}

impl Daemon {
    /// One call; status and body.
    pub fn rpc(&self, call: &str) -> (u16, Vec<u8>) {
        let host = self.api.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // HTTP/1.0 is answered without chunks.
        write!(stream, "POST /api/v0/{call} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer.split_off(head + 4))
    }

    /// The record in the daemon's own store.
    pub fn record(&self, name: &str) -> Option<Vec<u8>> {
        let (status, body) = self.rpc(&format!("name/get?arg={name}&offline=true"));
        (status == 200).then_some(body)
    }

    /// Whether record and every block under the root are in the daemon's own store, and the root is pinned.
    pub fn really_holds(&self, name: &str, root: &str) -> bool {
        let points_there = self.record(name).is_some_and(|record| {
            let value = format!("/ipfs/{root}");
            record.windows(value.len()).any(|part| part == value.as_bytes())
        });
        let (whole, _) = self.rpc(&format!("dag/stat?arg={root}&offline=true&progress=false"));
        let (pinned, _) = self.rpc(&format!("pin/ls?arg={root}&type=recursive"));
        points_there && whole == 200 && pinned == 200
    }

    /// Recursive pins under a name.
    pub fn pins(&self, k51: &str) -> usize {
        let (status, body) = self.rpc(&format!("pin/ls?type=recursive&names=true&name={k51}"));
        assert_eq!(status, 200);
        let value: Value = serde_json::from_slice(&body).unwrap();
        value["Keys"].as_object().map_or(0, serde_json::Map::len)
    }
}

/// Tests with daemons share the machine with each other, but not with one that has to have it alone.
static MACHINE: RwLock<()> = RwLock::new(());

/// The turn to use daemons beside other tests.
pub fn turn() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Five daemons, and the turn to use them.
pub fn five() -> (RwLockReadGuard<'static, ()>, RealCluster, String) {
    let turn = turn();
    let (cluster, nodes) = start();
    (turn, cluster, nodes)
}

/// Five daemons that no other test disturbs.
pub fn five_alone() -> (RwLockWriteGuard<'static, ()>, RealCluster, String) {
    let turn = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    let (cluster, nodes) = start();
    (turn, cluster, nodes)
}

fn start() -> (RealCluster, String) {
    let cluster = RealCluster::start(5).unwrap();
    let nodes = cluster.nodes_json().unwrap();
    (cluster, nodes)
}

/// Runs and times.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = monotonic();
    let done = work();
    (done, started.elapsed())
}

/// Whether a text stands in any file under a folder.
pub fn found_in(folder: &std::path::Path, text: &str) -> Option<std::path::PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && bytes.windows(text.len()).any(|part| part == text.as_bytes())
            {
                return Some(path);
            }
        }
    }
    None
}
