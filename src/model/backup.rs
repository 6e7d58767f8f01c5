//! The backup file: a CAR of everything that a device has, in which a head links the root.
//!
//! The head lies in clear and says what the file is; what it names is sealed as on the nodes, and public there in the same way.

use std::collections::{BTreeMap, HashSet};

use ipld_core::ipld::Ipld;

use super::block::Block;
use super::car::{CarBounds, CarReader, CarSummary};
use super::cbor;
use super::cid::{Cid, Codec};
use super::fields::{Fields, link_of, to_link};
use super::identity::{Name, WalletKeys};
use super::index::Diff;
use super::inventory::{BlockRef, Item};
use super::record::Record;
use super::root::Root;
use crate::error::{Code, Error};
use crate::limits;
use crate::shown::counted;

/// Major and minor; a file of a higher major is not read.
const FORMAT: (u32, u32) = (1, 0);
const KIND_TEXT: &str = "wallet-sync-backup";

const WHAT: &str = "backup";
const KIND: &str = "k";
const VERSION: &str = "v";
const ROOT: &str = "r";
const NAME: &str = "n";
const RECORD: &str = "s";

/// First block of the file.
#[derive(Clone, Debug)]
pub struct Head {
    /// The root of what the device had.
    pub root: Cid,
    /// The record that points at it, where the device has a slot.
    pub record: Option<Record>,
}

impl Head {
    /// Encodes it.
    ///
    /// # Errors
    /// None that can be reached: what is in it always encodes.
    pub fn to_block(&self) -> Result<Block, Error> {
        let (major, minor) = FORMAT;
        let version = [major, minor].map(|number| Ipld::Integer(number.into())).to_vec();
        let mut map = BTreeMap::from([
            (KIND.to_owned(), Ipld::String(KIND_TEXT.to_owned())),
            (VERSION.to_owned(), Ipld::List(version)),
            (ROOT.to_owned(), to_link(&self.root)),
        ]);
        if let Some(record) = &self.record {
            map.insert(NAME.to_owned(), Ipld::String(record.name().k51()));
            map.insert(RECORD.to_owned(), Ipld::Bytes(record.raw().to_vec()));
        }
        Ok(Block::new(Codec::DagCbor, cbor::encode(&Ipld::Map(map))?))
    }

    /// Reads it; the record is verified.
    ///
    /// # Errors
    /// [`Code::Malformed`] for anything else than a head; [`Code::ReadOnly`] for one of a higher major; the codes of
    /// [`Record::parse`]; [`Code::Malformed`] for a record that points at another root.
    pub fn open(block: &Block) -> Result<Self, Error> {
        let no_backup = || Error::new(Code::Malformed, "a CAR file, but no backup of a wallet");
        let map = cbor::decode(block.bytes()).and_then(|head| cbor::into_map(head, WHAT));
        let mut head = Fields::new(WHAT, map.map_err(|_| no_backup())?);
        if head.text(KIND).ok().flatten().as_deref() != Some(KIND_TEXT) {
            return Err(no_backup());
        }
        check_version(&mut head)?;
        let fields = head.rest();
        let link = fields.get(ROOT).and_then(|value| link_of(value, Codec::DagCbor));
        let mut head = Fields::new(WHAT, fields);
        let root = head.needed("a link to the root", link)?;
        let (name, raw) = (head.text(NAME)?, head.bytes(RECORD)?);
        let record = match (name, raw) {
            (Some(name), Some(raw)) => Some(Record::parse(raw, &Name::parse(&name)?)?),
            (None, None) => None,
            _ => return Err(head.wrong("a record without its name, or a name without a record")),
        };
        if record.as_ref().is_some_and(|record| record.root() != Some(root)) {
            return Err(head.wrong("the record points at another root"));
        }
        Ok(Self { root, record })
    }
}

fn check_version(head: &mut Fields) -> Result<(), Error> {
    let version = head.list(VERSION)?;
    let major = match head.needed(VERSION, version)?.first() {
        Some(Ipld::Integer(major)) => *major,
        _ => return Err(head.wrong("v is not [major, minor]")),
    };
    let ours = i128::from(FORMAT.0);
    if major > ours {
        let message = format!("a backup of format {major}, this release reads {ours}");
        return Err(Error::new(Code::ReadOnly, message));
    }
    if major < ours { Err(head.wrong("v is below 1")) } else { Ok(()) }
}

/// What a whole file holds.
#[derive(Debug)]
pub struct Backup {
    /// Its head.
    pub head: Head,
    /// What is inside; none where no keys were given.
    pub opened: Option<Opened>,
    /// Blocks and bytes.
    pub car: CarSummary,
}

/// What is inside of a file.
#[derive(Debug)]
pub struct Opened {
    /// Its root.
    pub root: Root,
    /// Everything that the index has.
    pub items: Vec<Item>,
    /// Items that do not parse; none in what this release wrote.
    pub unreadable: usize,
    /// Data blocks that items want and the file lacks: the device did not have them either.
    pub missing: usize,
}

/// Push parser of a backup file. With keys it opens what it meets; without, it checks hashes, the record and that nothing is missing.
///
/// Memory is bounded by [`limits`]: index and CIDs are kept, data blocks are handed out and forgotten.
pub struct BackupReader<'a> {
    keys: Option<&'a WalletKeys>,
    car: CarReader,
    head: Option<Head>,
    root: Option<Root>,
    diff: Option<Diff>,
    items: Vec<Item>,
    unreadable: usize,
    data: HashSet<Cid>,
}

impl<'a> BackupReader<'a> {
    /// Begins with the CID that the file names as its root, see [`root_of`](super::car::root_of).
    #[must_use]
    pub fn new(root: Cid, keys: Option<&'a WalletKeys>) -> Self {
        let bounds = CarBounds { blocks: limits::CAR_BLOCKS, bytes: limits::CAR_BYTES };
        Self {
            keys,
            car: CarReader::new(root, bounds),
            head: None,
            root: None,
            diff: None,
            items: Vec::new(),
            unreadable: 0,
            data: HashSet::new(),
        }
    }

    /// Takes the next bytes; gives the data blocks that they complete.
    ///
    /// # Errors
    /// Those of [`CarReader::push`], [`Head::open`], [`Root::open`] and [`Diff::offer`]; [`Code::DecryptFailed`] for a backup of
    /// another wallet or network, [`Code::NameMismatch`] for a record of another name than the root's slot has.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<Block>, Error> {
        let mut data = Vec::new();
        let mut chunk = chunk;
        loop {
            let blocks = self.car.push(chunk)?;
            if blocks.is_empty() {
                return Ok(data);
            }
            chunk = &[];
            for block in blocks {
                match block.cid().codec() {
                    Codec::Raw => {
                        self.data.insert(*block.cid());
                        data.push(block);
                    }
                    Codec::DagCbor => self.take_node(&block)?,
                }
            }
        }
    }

    /// Ends the reading at the end of the file.
    ///
    /// # Errors
    /// [`Code::Malformed`] for a file that is cut short or lacks a block.
    pub fn finish(self) -> Result<Backup, Error> {
        let car = self.car.finish()?;
        if let Some(first) = car.missing.first() {
            let message = format!(
                "the backup is not whole: {} missing, the first is {first}",
                counted(car.missing.len(), "block is", "blocks are")
            );
            return Err(Error::new(Code::Malformed, message));
        }
        let incomplete =
            || Error::new(Code::Malformed, "the backup is not whole: a part of the index is missing");
        let head = self.head.ok_or_else(incomplete)?;
        let opened = match (self.keys, self.root, self.diff) {
            (None, ..) => None,
            (Some(_), Some(root), Some(diff)) if diff.wanted().is_empty() => {
                let wanted: HashSet<Cid> = self.items.iter().flat_map(wanted).collect();
                let missing = wanted.difference(&self.data).count();
                Some(Opened { root, items: self.items, unreadable: self.unreadable, missing })
            }
            _ => return Err(incomplete()),
        };
        Ok(Backup { head, opened, car })
    }

    fn take_node(&mut self, block: &Block) -> Result<(), Error> {
        let Some(head) = &self.head else {
            self.head = Some(Head::open(block)?);
            return Ok(());
        };
        let Some(keys) = self.keys else { return Ok(()) };
        if *block.cid() == head.root {
            let root = open_root(block, head, keys)?;
            self.diff = Some(Diff::new(root.index, HashSet::new()));
            self.root = Some(root);
        } else if let Some(diff) = &mut self.diff {
            for (key, encoded) in diff.offer(block, keys.sealer())? {
                match Item::decode(key, &encoded) {
                    Ok(item) if item.index_key(keys.sealer()) == key => self.items.push(item),
                    _ => self.unreadable = self.unreadable.saturating_add(1),
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for BackupReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BackupReader({:?}, {} items)", self.car, self.items.len())
    }
}

/// Chunks that an item wants: the payload of a state that is proven spent is not one of them.
fn wanted(item: &Item) -> Vec<Cid> {
    let refs = match item {
        Item::Token(_, state) if state.is_spent() => {
            state.intents.iter().chain(&state.proofs).cloned().collect()
        }
        item => item.refs(),
    };
    refs.iter().flat_map(BlockRef::chunks).copied().collect()
}

fn open_root(block: &Block, head: &Head, keys: &WalletKeys) -> Result<Root, Error> {
    let root = Root::open(block, keys.sealer(), keys.wallet_id()).map_err(|e| match e.code() {
        // The hash was right: these are the bytes that were written.
        Code::DecryptFailed | Code::WrongWallet => {
            Error::new(Code::DecryptFailed, "a backup of another wallet, or of another network")
        }
        _ => e,
    })?;
    if let Some(record) = &head.record {
        if *record.name() != keys.name(root.slot) {
            return Err(Error::new(
                Code::NameMismatch,
                "backup: the record is of another slot than the root",
            ));
        }
        if record.sequence() != root.sequence {
            return Err(Error::new(Code::Malformed, "backup: record and root are of different sequences"));
        }
    }
    Ok(root)
}
