//! How long the opening of a full wallet takes: 200,000 states, their payloads and what five nodes hold of them.
//!
//! `OPENING_DIR` names a folder in which the wallet is kept between runs; `OPENING_STATES` another number of states.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tauri_plugin_wallet_sync::clock::SystemClock;
use tauri_plugin_wallet_sync::engine::{Mode, NewToken, OpenOptions};
use tauri_plugin_wallet_sync::store::{OpenMode, SqliteStore, Store, Write};
use tauri_plugin_wallet_sync::{Config, Engine, Secret};

/// States of one put.
const BATCH: usize = 2_000;
const RUNS: usize = 5;

fn secret() -> Secret {
    Secret::new([7; 32])
}

async fn open(dir: &Path, mode: Mode) -> Engine {
    let options = OpenOptions { dir: dir.to_owned(), config: Config::default(), mode };
    Engine::open(&secret(), options).await.unwrap()
}

fn token(n: usize) -> NewToken {
    NewToken {
        token_id: format!("{n:064x}"),
        state_hash: format!("{:064x}", n * 7),
        previous: None,
        summary: Some(format!("{n} units")),
        payload: format!("payload of {n}").into_bytes().into(),
    }
}

async fn fill(dir: &Path, states: usize) {
    let engine = open(dir, Mode::Own).await;
    for first in (0..states).step_by(BATCH) {
        engine.put((first..states.min(first + BATCH)).map(token).collect()).await.unwrap();
    }
    engine.close(Duration::from_secs(5)).await.unwrap();
    let store = SqliteStore::open(dir, Arc::new(SystemClock), OpenMode::Own).unwrap().store;
    let cids: Vec<_> = store.load().await.unwrap().data_blocks.into_iter().map(|(cid, _)| cid).collect();
    for node in 1..=5 {
        store.commit(vec![Write::Held { node: format!("n{node}"), cids: cids.clone() }]).await.unwrap();
    }
    store.close().await.unwrap();
}

fn line(what: &str, times: &mut [Duration]) {
    times.sort();
    let [least, middle] =
        [times.first(), times.get(times.len() / 2)].map(|time| time.unwrap().as_secs_f64() * 1e3);
    println!("{what:<40} median {middle:>8.1} ms   least {least:>8.1} ms");
}

async fn timed(dir: &Path, states: usize) {
    let mut all: [Vec<Duration>; 5] = Default::default();
    for _ in 0..RUNS {
        let started = Instant::now();
        let options = OpenOptions { dir: dir.to_owned(), config: Config::default(), mode: Mode::ReadAlong };
        if let Some(look) = Engine::first_look(&secret(), &options).await.unwrap() {
            assert_eq!((look.status.tokens.total, look.tokens.len()), (states, 100));
            all[4].push(started.elapsed());
        }
        let started = Instant::now();
        let store = SqliteStore::open(dir, Arc::new(SystemClock), OpenMode::Own).unwrap().store;
        all[0].push(started.elapsed());
        store.close().await.unwrap();
        for (at, mode) in [(1, Mode::Own), (2, Mode::ReadAlong)] {
            let started = Instant::now();
            let engine = open(dir, mode).await;
            assert_eq!(engine.status().tokens.total, states);
            assert_eq!(engine.tokens(None, 100, false).len(), 100);
            all[at].push(started.elapsed());
            let started = Instant::now();
            engine.close(Duration::from_secs(5)).await.unwrap();
            all[3].push(started.elapsed());
        }
    }
    let names = ["store alone", "all of it, owner", "all of it, read along", "closing", "first look"];
    for (what, times) in names.iter().zip(&mut all) {
        line(what, times);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}

fn main() {
    let states = std::env::var("OPENING_STATES").map_or(200_000, |states| states.parse().unwrap());
    let kept = std::env::var_os("OPENING_DIR").map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let dir = kept.unwrap_or_else(|| temporary.path().join("wallet"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if !dir.join("wallet.sqlite3").exists() {
            fill(&dir, states).await;
        }
        timed(&dir, states).await;
    });
}
