//! Blocks and the graphs they form: hashing, links, walking, fetching from the other nodes, pins.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cid::Cid;
use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::{cbor, cid as model};

use crate::fault::Fault;
use crate::node::Node;

/// Multicodec of DAG-CBOR, the only codec whose links are followed.
const DAG_CBOR: u64 = 0x71;
/// Multihash code of the identity hash: the digest is the content.
const IDENTITY: u64 = 0x00;

/// The CID of bytes under a codec, sha2-256.
pub(crate) fn cid_of(codec: u64, bytes: &[u8]) -> Cid {
    Cid::new_v1(codec, *model::Cid::of(model::Codec::Raw, bytes).to_ipld().hash())
}

/// Whether the links inside a block can be read, as Kubo has to where it follows them.
pub(crate) fn has_readable_links(cid: &Cid, bytes: &[u8]) -> bool {
    cid.codec() != DAG_CBOR || cbor::decode(bytes).is_ok()
}

/// The links inside a block; none in codecs other than DAG-CBOR.
pub(crate) fn links(cid: &Cid, bytes: &[u8]) -> Vec<Cid> {
    let mut found = Vec::new();
    let Some(value) = (cid.codec() == DAG_CBOR).then(|| cbor::decode(bytes).ok()).flatten() else {
        return found;
    };
    let mut stack = vec![&value];
    while let Some(value) = stack.pop() {
        match value {
            Ipld::Link(cid) => found.push(*cid),
            Ipld::List(items) => stack.extend(items.iter().rev()),
            Ipld::Map(map) => stack.extend(map.values().rev()),
            _ => {}
        }
    }
    found
}

/// A stored block. Nodes find blocks by hash alone; the codec is the one it was stored under first.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub cid: Cid,
    pub bytes: Bytes,
}

/// How much of a graph a pin keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinMode {
    /// One block.
    Direct,
    /// Everything below it as well.
    Recursive,
}

/// A pin without its CID.
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    pub mode: PinMode,
    pub name: String,
}

pub(crate) type Pins = BTreeMap<Cid, Pin>;

/// Where a walk may take blocks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The node's own store; a missing block ends the walk.
    Own,
    /// Every node of the cluster; a block that is nowhere is waited for without end.
    Cluster,
}

/// How far a walk has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub blocks: AtomicU64,
    pub bytes: AtomicU64,
}

/// A walk that may not leave the node met a block that is not there.
#[derive(Debug)]
pub(crate) struct NotLocal(pub Cid);

impl NotLocal {
    /// Kubo's words for it.
    pub fn message(&self) -> String {
        format!("block was not found locally (offline): ipld: could not find {}", self.0)
    }
}

impl Node {
    /// A block of this node's own store.
    pub fn own_block(&self, cid: &Cid) -> Option<Bytes> {
        if cid.hash().code() == IDENTITY {
            return Some(Bytes::copy_from_slice(cid.hash().digest()));
        }
        self.store().blocks.get(&cid.hash().to_bytes()).map(|stored| stored.bytes.clone())
    }

    /// Keeps blocks and wakes whoever waits for one of them.
    pub fn keep_blocks(&self, blocks: impl IntoIterator<Item = (Cid, Bytes)>) {
        let mut store = self.store();
        for (cid, bytes) in blocks {
            store.blocks.entry(cid.hash().to_bytes()).or_insert(Stored { cid, bytes });
        }
        drop(store);
        self.shared.blocks_moved();
    }

    /// A block from wherever it is; waits until some node has it.
    pub async fn block(&self, cid: &Cid) -> Bytes {
        let mut moves = self.shared.watch_blocks();
        loop {
            if let Some(bytes) = self.own_block(cid) {
                return bytes;
            }
            // Bitswap checks hashes, so that a forging node is of no use.
            let mut givers = self.reachable_peers().filter(|peer| !peer.has(Fault::Forge));
            if let Some(bytes) = givers.find_map(|peer| peer.own_block(cid)) {
                self.keep_blocks([(*cid, bytes.clone())]);
                return bytes;
            }
            if moves.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Every block reachable from `root`, depth first, each once.
    pub async fn walk(
        &self,
        root: &Cid,
        reach: Reach,
        skip: &HashSet<Cid>,
        progress: &Progress,
    ) -> Result<Vec<(Cid, Bytes)>, NotLocal> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![*root];
        while let Some(cid) = open.pop() {
            if skip.contains(&cid) || !seen.insert(cid) {
                continue;
            }
            let bytes = match reach {
                Reach::Own => self.own_block(&cid).ok_or(NotLocal(cid))?,
                Reach::Cluster => self.block(&cid).await,
            };
            progress.blocks.fetch_add(1, Ordering::Relaxed);
            progress.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            open.extend(links(&cid, &bytes).into_iter().rev());
            found.push((cid, bytes));
        }
        Ok(found)
    }

    /// The CIDs reachable from `root` in the own store; what is missing is passed over.
    pub fn own_graph(&self, root: &Cid) -> HashSet<Cid> {
        let mut seen = HashSet::new();
        let mut open = vec![*root];
        while let Some(cid) = open.pop() {
            if seen.insert(cid) {
                open.extend(self.own_block(&cid).map(|bytes| links(&cid, &bytes)).unwrap_or_default());
            }
        }
        seen
    }

    /// Whether below some recursive pin there is a block whose links cannot be read, or one that is nowhere.
    pub fn has_unreadable_pin(&self) -> bool {
        let pins = self.store().pins.clone();
        let roots = pins.iter().filter(|(_, pin)| pin.mode == PinMode::Recursive);
        let below: HashSet<Cid> = roots.flat_map(|(root, _)| self.own_graph(root)).collect();
        let is_nowhere = |cid: &Cid| !self.reachable_peers().any(|peer| peer.own_block(cid).is_some());
        let is_unreadable = |cid: &Cid| match self.own_block(cid) {
            Some(bytes) => !has_readable_links(cid, &bytes),
            None => is_nowhere(cid),
        };
        below.iter().any(is_unreadable)
    }

    /// Pins; a second pin renames.
    pub fn pin(&self, cid: Cid, mode: PinMode, name: &str) {
        self.store().pins.insert(cid, Pin { mode, name: name.to_owned() });
    }

    /// How `cid` is pinned, in Kubo's words, with the pin's name.
    pub fn pinned(&self, cid: &Cid) -> Option<(String, String)> {
        let pins = self.store().pins.clone();
        if let Some(pin) = pins.get(cid) {
            return Some((word(pin.mode).to_owned(), pin.name.clone()));
        }
        pins.iter()
            .filter(|(_, pin)| pin.mode == PinMode::Recursive)
            .find(|(root, _)| self.own_graph(root).contains(cid))
            .map(|(root, _)| (format!("indirect through {root}"), String::new()))
    }

    /// Drops every block no pin keeps.
    ///
    /// # Errors
    /// A block below a recursive pin is missing: nothing is dropped then.
    pub async fn collect_garbage(&self) -> Result<Vec<Cid>, NotLocal> {
        let pins = self.store().pins.clone();
        let mut kept = HashSet::new();
        for (root, pin) in pins {
            kept.insert(root.hash().to_bytes());
            if pin.mode == PinMode::Recursive {
                let below = self.walk(&root, Reach::Own, &HashSet::new(), &Progress::default()).await?;
                kept.extend(below.iter().map(|(cid, _)| cid.hash().to_bytes()));
            }
        }
        let mut dropped = Vec::new();
        self.store().blocks.retain(|hash, stored| {
            let keep = kept.contains(hash);
            if !keep {
                dropped.push(stored.cid);
            }
            keep
        });
        Ok(dropped)
    }
}

/// Kubo's word for a pin's mode.
pub(crate) const fn word(mode: PinMode) -> &'static str {
    match mode {
        PinMode::Direct => "direct",
        PinMode::Recursive => "recursive",
    }
}
