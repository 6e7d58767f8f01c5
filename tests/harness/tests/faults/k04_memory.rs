//! K4: after a wallet was closed its secret is nowhere in the memory of the process. What calls of before left on the stack is
//! overwritten by the next ones, so those come first.

use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Mode, NewToken, Parts};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Config, Secret};

use super::again;
use super::device::clock;

/// Other than anything that stands in a program by itself.
fn secret() -> [u8; 32] {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}

/// Where the bytes stand in the memory of a process that may be written.
fn places(process: u32, wanted: &[u8]) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = fs::File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    for map in maps.lines().filter(|map| map.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")))
    {
        let (from, to) = map.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|place| u64::from_str_radix(place, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        let hits = bytes.windows(wanted.len()).filter(|part| *part == wanted).count();
        if hits > 0 {
            found.push(format!("{hits} in {map}"));
        }
    }
    found
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// Ends the process also when the test fails.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn after_closing_the_secret_is_nowhere_in_memory() {
    if again::is_inside() {
        return opens_and_closes();
    }
    let secret = secret();
    let mut command = again::command("k04_memory::after_closing_the_secret_is_nowhere_in_memory");
    let mut process = Ends(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut to = process.0.stdin.take().unwrap();
    let mut said = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    to.write_all(&hex(&secret)).unwrap();
    said.find(|line| line.ends_with("opened")).unwrap();
    assert!(!places(process.0.id(), &secret).is_empty(), "it is found while the wallet is open");
    to.write_all(b"c").unwrap();
    said.find(|line| line.ends_with("closed")).unwrap();
    assert_eq!(places(process.0.id(), &secret), [] as [&str; 0]);
    assert_eq!(places(process.0.id(), &hex(&secret)), [] as [&str; 0]);
}

/// Reads the secret, opens a wallet, waits for one byte, closes it, and waits for the end.
fn opens_and_closes() {
    let mut input = fs::File::open("/dev/stdin").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let engine = {
        let mut text = [0_u8; 64];
        input.read_exact(&mut text).unwrap();
        let secret = Secret::from_hex(std::str::from_utf8(&text).unwrap()).unwrap();
        // As an app does with its own copy.
        text.fill(0);
        std::hint::black_box(&text);
        runtime.block_on(opened(&secret))
    };
    say("opened");
    input.read_exact(&mut [0]).unwrap();
    runtime.block_on(async { engine.close(Duration::from_secs(5)).await.unwrap() });
    drop(engine);
    next_calls();
    say("closed");
    let _ = input.read(&mut [0]);
}

async fn opened(secret: &Secret) -> Engine {
    let parts = Parts {
        config: Config::default(),
        store: Arc::new(MemoryStore::new()),
        nodes: Vec::new(),
        peers: None,
        clock: clock(),
        entropy: Entropy::system().unwrap(),
        mode: Mode::Own,
        bounds: Bounds::default(),
    };
    let engine = Engine::assemble(secret, parts).await.unwrap();
    let token = NewToken {
        token_id: "t".to_owned(),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: None,
        payload: "payload".into(),
    };
    engine.put(vec![token]).await.unwrap();
    engine
}

/// Half a megabyte of the stack is used again.
fn next_calls() {
    let mut room = [0_u8; 512 * 1024];
    std::hint::black_box(&mut room);
}

/// Past what the test runner may hold back.
fn say(what: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("{what}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
