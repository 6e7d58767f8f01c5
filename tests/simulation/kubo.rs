//! One node of the world: what it holds, as Kubo does, and its manners.
//!
//! As measured on Kubo: a put is compared and then written, so that of two at once the lower may win; an online put says yes
//! to what it throws away; records are forgotten after 48 h; a block that is nowhere is looked for without end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;
use tokio::time::Instant;

use crate::support::dag::links;

/// Kubo forgets a record that nobody put again for so long.
pub const RECORD_LIFE: Duration = Duration::from_secs(48 * 3600);
/// What a machine that loses power has not yet on its disk.
const UNSYNCED: Duration = Duration::from_secs(30);

/// What a node that goes back to what was saved shows a moment longer: a second look comes after it.
const FADES: Duration = Duration::from_millis(90);

/// Kinds of request that can go wrong each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Records,
    Blocks,
    Cars,
    Import,
    Pin,
    Pins,
    /// Renaming a pin; without a fault of its own it has those of `Pin`.
    Names,
    Put,
    Holds,
}

/// What is wrong with a kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 403.
    Refuses,
    /// 500.
    Fails,
    /// No answer.
    Freezes,
    /// A little now and then, never all in time.
    Drips,
    /// Signs of life without end.
    Endless,
    /// Says yes and does nothing; of reads: answers with forgeries.
    Lies,
    /// Says yes and does half of it.
    Halves,
    /// Shows what it had when it was saved.
    Old,
    /// The same, but for what came less than [`FADES`] ago.
    Fades,
    /// Answers with what another node has.
    Proxies,
    /// An answer too long to be read.
    Full,
    /// Of an online put: it goes on to every other node that takes puts, as on a DHT of these nodes alone. Nothing is wrong with it.
    Walks,
    /// So much later than usual.
    Slow(Duration),
    /// It gets there so much later, whether or not anybody waits for it.
    Late(Duration),
    /// Of a put: so long passes between its comparison and its writing.
    Busy(Duration),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    Up,
    Dead,
    Frozen,
}

/// How a node behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    pub reach: Reach,
    pub rtt: Option<Duration>,
    pub verbs: BTreeMap<Verb, Fault>,
}

impl Manners {
    /// Whether it does what an honest, reachable node does, near or far.
    pub fn is_honest(&self) -> bool {
        self.reach == Reach::Up && self.verbs.values().all(|fault| *fault == Fault::Walks)
    }
}

#[derive(Clone)]
pub struct StoredRecord {
    pub record: Record,
    pub at: Instant,
}

/// What is on the node's disk.
#[derive(Clone, Default)]
pub struct Held {
    pub records: HashMap<Name, StoredRecord>,
    pub blocks: BTreeMap<Cid, (Block, Option<Instant>)>,
    pub pins: BTreeMap<Cid, Name>,
    /// Names of pins that were given one.
    pub labels: BTreeMap<Cid, String>,
}

impl Held {
    /// The name of a pin.
    pub fn name_of(&self, cid: &Cid) -> Option<String> {
        self.labels.get(cid).cloned().or_else(|| self.pins.get(cid).map(Name::k51))
    }

    /// Drops every block that no pin holds.
    fn drop_garbage(&mut self) {
        let pinned = self.pins.keys().chain(self.labels.keys());
        let (mut stack, mut seen): (Vec<Cid>, _) = (pinned.copied().collect(), BTreeSet::new());
        while let Some(cid) = stack.pop() {
            if seen.insert(cid)
                && let Some((block, _)) = self.blocks.get(&cid)
            {
                stack.extend(links(block));
            }
        }
        self.blocks.retain(|cid, _| seen.contains(cid));
    }
}

pub struct Kubo {
    pub at: usize,
    held: Mutex<Held>,
    saved: Mutex<Option<Held>>,
    manners: Mutex<Manners>,
    peers: Mutex<Vec<Weak<Kubo>>>,
    /// Names that ever had a record here.
    names: Mutex<HashSet<Name>>,
    counts: Mutex<Counts>,
    /// Records that ever came here to be put.
    offered: Mutex<Vec<Record>>,
    /// It once said that it pinned what it did not pin: nobody could know what it holds for good.
    feigned: AtomicBool,
}

/// What the node was asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub requests: u64,
    pub puts: u64,
}

impl Kubo {
    pub fn cluster(count: usize) -> Vec<Arc<Self>> {
        let nodes: Vec<_> = (0..count).map(|at| Arc::new(Self::holding(at, Held::default()))).collect();
        for node in &nodes {
            *node.peers.lock().unwrap() =
                nodes.iter().filter(|other| other.at != node.at).map(Arc::downgrade).collect();
        }
        nodes
    }

    /// A node without peers.
    pub fn holding(at: usize, held: Held) -> Self {
        Self {
            at,
            held: Mutex::new(held),
            saved: Mutex::default(),
            manners: Mutex::default(),
            peers: Mutex::default(),
            names: Mutex::default(),
            counts: Mutex::default(),
            offered: Mutex::default(),
            feigned: AtomicBool::default(),
        }
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    pub fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap()
    }

    pub fn names(&self) -> HashSet<Name> {
        self.names.lock().unwrap().clone()
    }

    pub fn counts(&self) -> Counts {
        *self.counts.lock().unwrap()
    }

    pub fn count_request(&self) {
        self.counts.lock().unwrap().requests += 1;
    }

    /// What anybody who asks is shown.
    pub fn shown(&self) -> Held {
        let mut shown = self.held().clone();
        if matches!(self.manners().verbs.get(&Verb::Records), Some(Fault::Old | Fault::Fades)) {
            shown.records = self.saved.lock().unwrap().clone().unwrap_or_default().records;
        }
        shown.records.retain(|_, stored| stored.at.elapsed() < RECORD_LIFE);
        shown
    }

    /// The same once the garbage is collected, as any node does sooner or later.
    pub fn lasting(&self) -> Held {
        let mut held = self.shown();
        if !self.feigned.load(Ordering::Relaxed) {
            held.drop_garbage();
        }
        held
    }

    /// From now on its word about pins is worth nothing.
    pub fn feign_pins(&self) {
        self.feigned.store(true, Ordering::Relaxed);
    }

    pub fn record(&self, name: &Name) -> Option<Record> {
        let is_new = |stored: &StoredRecord| stored.at.elapsed() < FADES;
        let is_old = match self.manners().verbs.get(&Verb::Records) {
            Some(Fault::Old) => true,
            Some(Fault::Fades) => !self.held().records.get(name).is_some_and(is_new),
            _ => false,
        };
        let found = if is_old {
            self.saved.lock().unwrap().as_ref().and_then(|saved| saved.records.get(name).cloned())
        } else {
            self.held().records.get(name).cloned()
        };
        found.filter(|stored| stored.at.elapsed() < RECORD_LIFE).map(|stored| stored.record)
    }

    /// The best record of a name that another node has.
    pub fn record_elsewhere(&self, name: &Name) -> Option<Record> {
        let others = self.reachable_peers();
        others.iter().filter_map(|peer| peer.record(name)).max_by(Record::cmp_order)
    }

    /// The name of any other pin.
    pub fn another_label(&self, cid: &Cid) -> Option<String> {
        self.held().labels.iter().find(|(other, _)| *other != cid).map(|(_, label)| label.clone())
    }

    /// Whether a put would be taken, as the node sees it when the request comes.
    pub fn would_take(&self, record: &Record) -> bool {
        let mut offered = self.offered.lock().unwrap();
        if offered.last().is_none_or(|last| last.raw() != record.raw()) {
            offered.push(record.clone());
        }
        drop(offered);
        self.record(record.name()).is_none_or(|there| !there.cmp_order(record).is_gt())
    }

    pub fn offered(&self) -> Vec<Record> {
        self.offered.lock().unwrap().clone()
    }

    pub fn write_record(&self, record: Record) {
        self.counts.lock().unwrap().puts += 1;
        self.names.lock().unwrap().insert(*record.name());
        self.held().records.insert(*record.name(), StoredRecord { record, at: monotonic() });
    }

    pub fn add_blocks(&self, blocks: impl IntoIterator<Item = Block>) {
        let now = monotonic();
        let mut held = self.held();
        for block in blocks {
            held.blocks.entry(*block.cid()).or_insert((block, Some(now)));
        }
    }

    /// A block of this node, else of one of its peers.
    pub fn pull(&self, cid: &Cid) -> Option<Block> {
        if let Some((block, _)) = self.held().blocks.get(cid) {
            return Some(block.clone());
        }
        self.reachable_peers().iter().find_map(|peer| peer.own(cid))
    }

    pub fn own(&self, cid: &Cid) -> Option<Block> {
        self.held().blocks.get(cid).map(|(block, _)| block.clone())
    }

    pub fn has_frozen_peer(&self) -> bool {
        let peers = self.peers.lock().unwrap();
        peers.iter().filter_map(Weak::upgrade).any(|peer| peer.manners().reach == Reach::Frozen)
    }

    fn reachable_peers(&self) -> Vec<Arc<Kubo>> {
        let peers = self.peers.lock().unwrap();
        let up = peers.iter().filter_map(Weak::upgrade).filter(|peer| {
            let manners = peer.manners();
            manners.reach == Reach::Up && !manners.verbs.contains_key(&Verb::Blocks)
        });
        up.collect()
    }

    /// Hands a record on: each of the others compares and writes in one step, as an online put does.
    pub fn walk(&self, record: &Record) {
        let peers = self.peers.lock().unwrap();
        for peer in peers.iter().filter_map(Weak::upgrade) {
            let takes = {
                let manners = peer.manners();
                manners.reach == Reach::Up
                    && matches!(manners.verbs.get(&Verb::Put), None | Some(Fault::Walks))
            };
            if takes && peer.would_take(record) {
                peer.write_record(record.clone());
            }
        }
    }

    /// Pulls a whole DAG; `false` when a block of it is nowhere. What was found stays.
    pub fn pull_dag(&self, root: &Cid) -> bool {
        let (mut stack, mut seen) = (vec![*root], BTreeSet::new());
        while let Some(cid) = stack.pop() {
            if !seen.insert(cid) {
                continue;
            }
            let Some(block) = self.pull(&cid) else { return false };
            stack.extend(links(&block));
            self.add_blocks([block]);
        }
        true
    }

    pub fn has_dag(&self, root: &Cid) -> bool {
        let held = self.held();
        let (mut stack, mut seen) = (vec![*root], BTreeSet::new());
        while let Some(cid) = stack.pop() {
            if !seen.insert(cid) {
                continue;
            }
            let Some((block, _)) = held.blocks.get(&cid) else { return false };
            stack.extend(links(block));
        }
        true
    }

    pub fn wipe(&self) {
        *self.held() = Held::default();
    }

    pub fn forget_records(&self) {
        self.held().records.clear();
    }

    pub fn save(&self) {
        *self.saved.lock().unwrap() = Some(self.held().clone());
    }

    /// Back to what was saved, or to nothing.
    pub fn roll_back(&self) {
        *self.held() = self.saved.lock().unwrap().clone().unwrap_or_default();
    }

    /// Drops every block that no pin holds.
    pub fn collect_garbage(&self) {
        self.held().drop_garbage();
    }

    /// Loses one block.
    pub fn lose(&self, cid: &Cid) {
        self.held().blocks.remove(cid);
    }

    /// Loses every payload; the nodes of the tries stay.
    pub fn lose_leaves(&self) {
        self.held().blocks.retain(|cid, _| cid.codec() == Codec::DagCbor);
    }

    /// Loses every root and every node of the tries; the payloads stay.
    pub fn lose_roots(&self) {
        self.held().blocks.retain(|cid, _| cid.codec() == Codec::Raw);
    }

    /// Loses the blocks that were not yet on the disk.
    pub fn lose_power(&self) {
        self.held().blocks.retain(|_, (_, at)| at.is_none_or(|at| at.elapsed() > UNSYNCED));
    }
}
