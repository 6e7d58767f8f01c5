//! The same nodes as libp2p peers: what they hold is what the third tier gives.
//!
//! It exists for paused time, as `fake_node` does, and judges when the engine asks peers and what it makes of their
//! answers. That peers answer so is checked on real Kubo by `tests/harness/tests/peers`, and the whole way by
//! `examples/cli/tests/kubo/third_tier.rs`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::node::peers::{PeerAnswer, PeerAnswers, Peers};
use tauri_plugin_wallet_sync::node::race::Fetched;
use tauri_plugin_wallet_sync::node::{Call, Outcome, Source};
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::sync::mpsc;

use super::world::FakeNode;

/// What a peer does, whatever its HTTP side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Answers after 20 ms.
    Well,
    /// Refuses the connection.
    Dead,
    /// Never answers.
    Hung,
    /// Gives records that do not verify, and no blocks.
    Forging,
}

/// The peers of a world.
pub struct FakePeers {
    nodes: Vec<Arc<FakeNode>>,
    states: Mutex<Vec<Peer>>,
    /// Connections asked for.
    pub warmed: AtomicU64,
    /// Questions asked.
    pub asked: AtomicU64,
    /// Records put.
    pub puts: AtomicU64,
}

const LATENCY: Duration = Duration::from_millis(20);

impl FakePeers {
    pub fn new(nodes: &[Arc<FakeNode>]) -> Arc<Self> {
        let states = Mutex::new(vec![Peer::Well; nodes.len()]);
        let (warmed, asked, puts) = Default::default();
        Arc::new(Self { nodes: nodes.to_vec(), states, warmed, asked, puts })
    }

    pub fn set(&self, state: Peer, which: &[usize]) {
        let mut states = self.states.lock().unwrap();
        which.iter().for_each(|at| states[*at] = state);
    }

    /// Connections, questions and puts so far.
    pub fn traffic(&self) -> u64 {
        [&self.warmed, &self.asked, &self.puts].iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    fn in_state(&self, wanted: Peer) -> Vec<usize> {
        let states = self.states.lock().unwrap();
        (0..states.len()).filter(|at| states[*at] == wanted).collect()
    }

    /// Nobody who hangs ends a query before its deadline.
    async fn wait(&self, call: &Call) {
        let until = if self.in_state(Peer::Hung).is_empty() { monotonic() + LATENCY } else { call.deadline };
        tokio::time::sleep_until(until.min(call.deadline)).await;
    }
}

#[async_trait]
impl Peers for FakePeers {
    fn close(&self) {}

    fn warm(&self) {
        self.warmed.fetch_add(1, Ordering::Relaxed);
    }

    fn records(&self, names: &[Name], call: &Call) -> PeerAnswers {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = mpsc::unbounded_channel();
        let mut found = Vec::new();
        for (name_at, name) in names.iter().enumerate() {
            for at in self.in_state(Peer::Well) {
                if let Some(record) = self.nodes[at].held().records.get(name).cloned() {
                    found.push((at, name_at, Outcome::Found(Box::new(record), Source::Dht)));
                }
            }
            for at in self.in_state(Peer::Forging) {
                let forged = Error::new(Code::SignatureInvalid, "forged");
                found.push((at, name_at, Outcome::Invalid(forged)));
            }
        }
        let until = if self.in_state(Peer::Hung).is_empty() { monotonic() + LATENCY } else { call.deadline };
        let deadline = call.deadline;
        tokio::spawn(async move {
            tokio::time::sleep_until((monotonic() + LATENCY).min(deadline)).await;
            for (node, name, outcome) in found {
                let _ = sender.send(PeerAnswer { node: Some(node), name, outcome, elapsed: LATENCY });
            }
            tokio::time::sleep_until(until).await;
        });
        PeerAnswers::new(answers)
    }

    async fn blocks(&self, cids: &[Cid], call: &Call) -> Fetched {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let well = self.in_state(Peer::Well);
        let mut fetched = Fetched::default();
        for cid in cids {
            match well.iter().find_map(|at| self.nodes[*at].held().blocks.get(cid).cloned()) {
                Some(block) => {
                    call.meter.received(block.bytes().len() as u64);
                    fetched.blocks.push(block);
                }
                None => fetched.failed.push((*cid, Error::new(Code::Unreachable, "no peer gave the block"))),
            }
        }
        let answer = if fetched.failed.is_empty() { monotonic() + LATENCY } else { call.deadline };
        if self.in_state(Peer::Hung).is_empty() {
            tokio::time::sleep(LATENCY).await;
        } else {
            tokio::time::sleep_until(answer).await;
        }
        fetched
    }

    async fn put_record(&self, record: &Record, call: &Call) -> usize {
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.wait(call).await;
        let well = self.in_state(Peer::Well);
        let takes = |at: &&usize| {
            let mut held = self.nodes[**at].held();
            let newer = held.records.get(record.name()).is_none_or(|there| !there.cmp_order(record).is_gt());
            if newer {
                held.records.insert(*record.name(), record.clone());
            }
            newer
        };
        well.iter().filter(takes).count()
    }

    async fn holders(&self, cids: &[Cid], call: &Call) -> Vec<usize> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.wait(call).await;
        let wanted: HashSet<&Cid> = cids.iter().collect();
        let holds = |at: &usize| wanted.iter().all(|cid| self.nodes[*at].held().blocks.contains_key(cid));
        self.in_state(Peer::Well).into_iter().filter(holds).collect()
    }
}
