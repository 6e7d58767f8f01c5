//! A fresh restore from what some nodes show, beside the world: nothing of it reaches the world's nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Mode, Parts, Spend, SyncRequest};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Config, Secret};
use tokio::time::Instant;

use super::device::{ALL, SimClock};
use super::ledger::{id_of_key, parts};
use crate::kubo::Kubo;
use crate::line::Line;
use crate::process::Process;

/// Readings before a restore counts as complete.
const READINGS: usize = 4;

/// What a restore brings.
#[derive(Default)]
pub struct Restored {
    /// Token ids, and whether their spend is proven.
    pub tokens: BTreeMap<String, bool>,
    /// States whose spend is proven, known or not.
    pub spent: BTreeSet<String>,
    pub payloads: BTreeMap<String, Bytes>,
    /// All versions of each, the shown one first.
    pub entries: BTreeMap<String, Vec<String>>,
}

/// Which payloads are fetched.
pub enum Content<'a> {
    All,
    Of(&'a BTreeSet<String>),
    /// Of some, and the spends of others.
    AndSpends(&'a BTreeSet<String>, Vec<String>),
}

impl Content<'_> {
    fn wants(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(some) | Self::AndSpends(some, _) => some.contains(id),
        }
    }
}

/// Restores from what these nodes show now and hold for good, all of them well.
pub async fn restore(
    nodes: &[Arc<Kubo>],
    started: Instant,
    secret: &Secret,
    content: &Content<'_>,
) -> Restored {
    let luck = Arc::new(Entropy::seeded(1));
    let process = Arc::new(Process {
        alive: AtomicBool::new(true),
        loss: Arc::default(),
        requests: AtomicU64::new(0),
        luck,
    });
    let copies = nodes.iter().map(|node| {
        let copy = Arc::new(Kubo::holding(node.at, node.lasting()));
        Arc::new(Line::new(copy, Arc::default(), process.clone())) as Arc<dyn Node>
    });
    let parts = Parts {
        config: Config::default(),
        store: Arc::new(MemoryStore::new()),
        nodes: copies.collect(),
        peers: None,
        clock: SimClock::new(started),
        entropy: Entropy::seeded(2),
        mode: Mode::Own,
        bounds: Bounds::default(),
    };
    let engine = Engine::assemble(secret, parts).await.expect("an empty store opens");
    let mut before = None;
    for _ in 0..READINGS {
        let request = SyncRequest { fresh: true, deadline: Some(Duration::from_secs(60)), wait: None };
        let done = engine.sync(request, |_| ()).await;
        let counts = engine.counts();
        tracing::debug!(?done, ?counts, "a restore reads");
        if counts.total > 0 && before == Some(counts) {
            break;
        }
        before = Some(counts);
    }
    let restored = look(&engine, content).await;
    let _ = engine.close(Duration::from_secs(1)).await;
    process.alive.store(false, Ordering::Relaxed);
    restored
}

async fn look(engine: &Engine, content: &Content<'_>) -> Restored {
    let mut restored = Restored::default();
    for row in engine.tokens(None, ALL, true) {
        let id = id_of_key(&row.key);
        let spent = row.spend == Spend::Proof;
        if content.wants(&id)
            && !spent
            && let Ok(bytes) = engine.payload(parts(&id).0, &parts(&id).1).await
        {
            restored.payloads.insert(id.clone(), bytes);
        }
        restored.tokens.insert(id, spent);
    }
    if let Content::AndSpends(_, ids) = content {
        for id in ids {
            let proofs = engine.proofs(parts(id).0, &parts(id).1).await;
            if proofs.is_ok_and(|proofs| proofs.iter().any(|proof| !proof.is_rejected)) {
                restored.spent.insert(id.clone());
            }
        }
    }
    if matches!(content, Content::All)
        && let Ok(entries) = engine.entries("", None, ALL, 1_000_000).await
    {
        for row in entries.rows {
            let text =
                |value: Option<Bytes>| String::from_utf8_lossy(&value.unwrap_or_default()).into_owned();
            let versions = engine.entry_versions(&row.key, 1_000_000).await.map(|found| found.rows);
            let versions = versions.unwrap_or_default().into_iter().map(|row| text(row.value)).collect();
            restored.entries.insert(row.key, versions);
        }
    }
    restored
}
