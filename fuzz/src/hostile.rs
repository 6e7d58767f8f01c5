//! A node, or several, whose answers the fuzzer chooses: errors, silence, lies about what they hold, and editions that
//! another device of the wallet, with its keys, might have published. Blocks and records are given as they come out of the
//! parsers of the real client, which have targets of their own: under the right hash, with a good signature.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarSummary;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Name, Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::model::seal::Kind;
use tauri_plugin_wallet_sync::node::{
    About, BlockSink, Call, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source,
};
use tauri_plugin_wallet_sync::{Code, Error};

use crate::support::fake_node::FakeNode;

/// Year 2100: a record that is never out of date.
const EOL: i64 = 4_102_444_800_000;

/// What the fuzzer has to say, byte by byte; afterwards everything is as it should be.
#[derive(Clone)]
pub struct Script(Arc<Mutex<(Vec<u8>, usize)>>);

impl Script {
    pub fn new(bytes: &[u8]) -> Self {
        Self(Arc::new(Mutex::new((bytes.to_vec(), 0))))
    }

    /// The next byte; none at the end.
    fn next(&self) -> Option<u8> {
        let mut held = self.0.lock().expect("no panic while it is held");
        let byte = held.0.get(held.1).copied();
        held.1 += 1;
        byte
    }

    /// So many bytes as the next one says.
    fn some(&self) -> Vec<u8> {
        let length = self.next().unwrap_or_default();
        (0..length).map_while(|_| self.next()).collect()
    }

    /// From now on nothing is wrong.
    pub fn end(&self) {
        self.0.lock().expect("no panic while it is held").0.clear();
    }
}

/// What becomes of one question.
enum Turn {
    Honest,
    Error(Error),
    Silence,
    Lie(u8),
}

/// A node that follows the script, in front of one that does what it should.
pub struct Hostile {
    pub honest: Arc<FakeNode>,
    pub keys: Arc<WalletKeys>,
    pub script: Script,
}

impl Hostile {
    fn turn(&self) -> Turn {
        match self.script.next() {
            None => Turn::Honest,
            Some(byte) => match byte % 8 {
                0..=2 => Turn::Honest,
                3 => Turn::Error(Error::new(Code::Unreachable, "status 500")),
                4 => Turn::Error(Error::new(Code::Denied, "status 403")),
                5 => Turn::Silence,
                _ => Turn::Lie(byte >> 3),
            },
        }
    }

    /// Gives the lie to tell, nothing for the truth.
    async fn asked(&self, call: &Call) -> Result<Option<u8>, Error> {
        match self.turn() {
            Turn::Honest => Ok(None),
            Turn::Lie(which) => Ok(Some(which)),
            Turn::Error(error) => Err(error),
            Turn::Silence => {
                tokio::time::sleep_until(call.deadline).await;
                Err(Error::new(Code::Deadline, "silence"))
            }
        }
    }

    /// A record of the name that points at something of the fuzzer's.
    fn forged(&self, name: &Name, which: u8) -> Option<Record> {
        let slot = Slot::all().find(|slot| self.keys.name(*slot) == *name)?;
        let there = self.honest.held().records.get(name).cloned();
        let sequence = match (which % 4, there.as_ref().map_or(1, Record::sequence)) {
            (0, there) => there,
            (1, there) => there.checked_add(1)?,
            (2, _) => limits::SEQUENCE_MAX,
            (_, there) => there.saturating_sub(1).max(1),
        };
        let root = match which & 4 {
            0 => crate::node(&self.keys, Kind::Root, &self.script.some())?,
            _ => self.altered(there?.root()?, sequence, slot)?,
        };
        self.keep(&root);
        let carried = if which & 8 == 0 { vec![] } else { vec![root.clone()] };
        Record::create(&self.keys.slot(slot), sequence, root.cid(), EOL, &carried).ok()
    }

    /// An edition that is there, with some of it changed.
    fn altered(&self, cid: Cid, sequence: u64, slot: Slot) -> Option<Block> {
        let sealer = self.keys.sealer();
        let block = self.honest.held().blocks.get(&cid).cloned()?;
        let mut root = Root::open(&block, sealer, self.keys.wallet_id()).ok()?;
        (root.sequence, root.slot) = (sequence, slot);
        let what = self.script.next().unwrap_or_default();
        let foreign = Cid::of(Codec::DagCbor, &[what]);
        match what % 9 {
            0 => root.device = [what; 16],
            1 => (root.index, root.keep) = (root.keep, root.index),
            2 => root.index = foreign,
            3 => root.index = self.made(Kind::Index)?,
            4 => root.keep = self.made(Kind::Index)?,
            5 => root.heads.extend(Slot::new(what >> 3).map(|slot| (slot, (u64::from(what), foreign)))),
            6 => root.predecessors.insert(0, foreign),
            7 => root.retired = true,
            _ => root.counts.total = usize::MAX,
        }
        root.seal(sealer).ok()
    }

    /// A node of the fuzzer's, held here.
    fn made(&self, kind: Kind) -> Option<Cid> {
        let block = crate::node(&self.keys, kind, &self.script.some())?;
        self.keep(&block);
        Some(*block.cid())
    }

    fn keep(&self, block: &Block) {
        self.honest.held().blocks.insert(*block.cid(), block.clone());
    }
}

#[async_trait]
impl Node for Hostile {
    fn id(&self) -> &str {
        self.honest.id()
    }

    fn has_api(&self) -> bool {
        true
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        let mut about = self.honest.about(call).await?;
        if self.asked(call).await?.is_some() {
            about.version = String::from_utf8_lossy(&self.script.some()).into_owned();
        }
        Ok(about)
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        match self.asked(call).await? {
            Some(which) => Ok(format!("machine {which}")),
            None => self.honest.machine(call).await,
        }
    }

    async fn warm(&self, _connections: usize) {}

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        match self.asked(call).await {
            Err(error) => Outcome::Unreachable(error),
            Ok(None) => self.honest.record(name, known, call).await,
            Ok(Some(0)) => Outcome::Absent,
            Ok(Some(1)) => Outcome::Invalid(Error::new(Code::SignatureInvalid, "forged")),
            Ok(Some(which)) => match self.forged(name, which) {
                Some(record) => Outcome::Found(Box::new(record), Source::HttpRouting),
                None => Outcome::Absent,
            },
        }
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        match self.asked(call).await? {
            None => self.honest.shown(names, call).await,
            Some(which @ 0..=1) => Ok(if which == 0 { Shown::Refused } else { Shown::NotAll }),
            Some(2) => Ok(Shown::Unpinned(usize::from(self.script.next().unwrap_or_default()))),
            Some(which) => {
                let any: Vec<Cid> =
                    self.honest.held().blocks.keys().copied().take(usize::from(which)).collect();
                Ok(Shown::Roots(any))
            }
        }
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        match self.asked(call).await? {
            None => self.honest.block(cid, call).await,
            Some(_) => Err(Error::new(Code::HashMismatch, "other bytes")),
        }
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let Some(which) = self.asked(call).await? else {
            return self.honest.car(root, held, sink, call).await;
        };
        let nothing = CarSummary { blocks: 0, bytes: 0, skipped: 0, missing: vec![*root] };
        if which & 1 == 0 {
            return Ok(nothing);
        }
        // The root alone, then the end of the line.
        let there = self.honest.held().blocks.get(root).cloned();
        there.into_iter().for_each(|block| sink(block));
        Err(Error::new(Code::Unreachable, "cut off"))
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        match self.asked(call).await? {
            None => self.honest.import(car, call).await,
            Some(_) => Ok(()),
        }
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        match self.asked(call).await? {
            None => self.honest.pin(root, name, progress, call).await,
            Some(which) => {
                progress(which.into());
                Ok(())
            }
        }
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        match self.asked(call).await? {
            None => self.honest.repin(old, new, call).await,
            Some(which) => Ok(if which & 1 == 0 { Repin::Pinned } else { Repin::OldMissing }),
        }
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        match self.asked(call).await? {
            None => self.honest.unpin(root, call).await,
            Some(_) => Ok(()),
        }
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        match self.asked(call).await? {
            None => self.honest.pin_name(cid, call).await,
            Some(_) => Ok(Some(String::from_utf8_lossy(&self.script.some()).into_owned())),
        }
    }

    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        match self.asked(call).await? {
            None => self.honest.name_pin(cid, name, call).await,
            Some(_) => Ok(Rename::Done),
        }
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        match self.asked(call).await? {
            None => self.honest.put_record(record, mode, call).await,
            Some(which) => Ok(if which & 1 == 0 { Put::Stored } else { Put::Older }),
        }
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let truth = self.honest.holds(cid, call).await?;
        Ok(self.asked(call).await?.is_some() != truth)
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        match self.asked(call).await? {
            None => self.honest.holds_dag(root, call).await,
            Some(which) => Ok((which & 1 == 0).then_some(u64::MAX)),
        }
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        match self.asked(call).await? {
            None => self.honest.own_block(cid, call).await,
            Some(_) => Ok(None),
        }
    }
}
