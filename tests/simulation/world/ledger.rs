//! The oracle: what was attempted, what was acknowledged, and what was told of it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::TokenKey;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tokio::time::Instant;

/// State that every token of the world begins with.
const STATE: &str = "s0";

/// Token id and state hash of an id in a script: `t1` is the first state of a token, `t1.2` another one.
pub fn parts(id: &str) -> (&str, String) {
    match id.split_once('.') {
        Some((token, state)) => (token, format!("s{state}")),
        None => (id, STATE.to_owned()),
    }
}

/// The id in a script of what a device shows.
pub fn id_of(token: &str, state: &str) -> String {
    if state == STATE { token.to_owned() } else { format!("{token}.{}", state.trim_start_matches('s')) }
}

/// The same of a key.
pub fn id_of_key(key: &TokenKey) -> String {
    id_of(key.token_id.as_str(), key.state_hash.as_str())
}

/// What a device told of a token.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Since when the level has been `verified` without a break.
    pub proved: Instant,
    /// When it was last told after a look at the nodes.
    pub told: Instant,
    /// The name and the root that were current then.
    pub root: Option<(Name, Cid)>,
    /// Whether the proof of its spend was part of it.
    pub spent: bool,
}

/// One token of the world.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    pub payload: Bytes,
    /// By device.
    pub claims: BTreeMap<String, Claim>,
}

/// One value that was set.
#[derive(Clone, Debug)]
pub struct Setting {
    pub device: String,
    pub value: String,
    pub at: Instant,
    /// By how much its device's clock was off, milliseconds.
    pub off: i64,
    /// Its process ended before it said yes or no: it may be on the disk, and is not promised to be.
    pub is_open: bool,
}

/// What harmed a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Its records are gone or old as well: anybody who looks sees it.
    Seen,
    /// Only blocks are gone.
    Unseen,
}

#[derive(Default)]
pub struct Ledger {
    /// By token id.
    pub tokens: BTreeMap<String, Fate>,
    /// Settings that succeeded, or may have, by key, in order.
    pub settings: BTreeMap<String, Vec<Setting>>,
    /// Ids whose spend was recorded by somebody, and may so be shown.
    pub spent: BTreeSet<String>,
    harms: Vec<(Instant, usize, Harm)>,
}

impl Ledger {
    /// The payload of a token: of the size that it was first put with.
    pub fn attempt(&mut self, id: &str, size: usize) -> Bytes {
        let fate = self.tokens.entry(id.to_owned()).or_default();
        if fate.payload.is_empty() {
            fate.payload = payload(id, size);
        }
        fate.payload.clone()
    }

    /// `is_open`: nobody was told whether it was set.
    pub fn set(&mut self, device: &str, off: i64, (key, value): (&str, &str), is_open: bool) {
        let (device, value) = (device.to_owned(), value.to_owned());
        let setting = Setting { device, value, at: monotonic(), off, is_open };
        self.settings.entry(key.to_owned()).or_default().push(setting);
    }

    /// A device's disk is another one: what it alone may have known is no longer promised. Its settings may still be the last.
    pub fn forget_settings(&mut self, device: &str) {
        let all = self.settings.values_mut().flatten();
        all.filter(|one| one.device == device).for_each(|one| one.device.clear());
    }

    pub fn harm(&mut self, node: usize, harm: Harm) {
        self.harms.push((monotonic(), node, harm));
    }

    pub fn last_harm(&self) -> Option<Instant> {
        self.harms.last().map(|(at, _, _)| *at)
    }

    /// Whether so much was harmed since a claim that its copies may be gone without any fault of a device.
    pub fn is_excused(&self, claim: &Claim, copies: usize) -> bool {
        let since = |harm: &Harm| if *harm == Harm::Seen { claim.told } else { claim.proved };
        let harmed: BTreeSet<usize> =
            self.harms.iter().filter(|(at, _, harm)| *at >= since(harm)).map(|(_, node, _)| *node).collect();
        harmed.len() >= copies
    }
}

/// Bytes that do not compress, and tell which token they are of.
pub fn payload(id: &str, size: usize) -> Bytes {
    let mut state = id
        .bytes()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    let mut bytes = format!("{id}:").into_bytes();
    while bytes.len() < size {
        bytes.push(next());
    }
    bytes.into()
}
