//! The root block: what a device publishes.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

use super::block::Block;
use super::cid::{Cid, Codec};
use super::envelope::{self, Opened};
use super::fields::{Fields, link_of, malformed, to_link, unsigned};
use super::identity::{DeviceId, Slot, WalletId};
use super::inventory::{Counts, check_unknown};
use super::pool::PoolMark;
use super::seal::{Kind, Sealer};
use crate::error::{Code, Error};
use crate::limits;

/// Format major and minor; a root of a higher major is not merged.
pub const FORMAT: (u32, u32) = (1, 0);

const WHAT: &str = "root";
const VERSION: &str = "v";
const WALLET: &str = "w";
const DEVICE: &str = "d";
const SLOT: &str = "s";
const SEQUENCE: &str = "n";
const HEADS: &str = "e";
const COUNTS: &str = "c";
const PUBLISHED: &str = "p";
const PREDECESSORS: &str = "o";
const RETIRED: &str = "r";
const POOL: &str = "k";
const LABEL: &str = "l";
const MOVED: &str = "g";
const FORMER: &str = "a";
const LINKS_HASH: &str = "h";
const KEYS: [&str; 15] = [
    VERSION,
    WALLET,
    DEVICE,
    SLOT,
    SEQUENCE,
    HEADS,
    COUNTS,
    PUBLISHED,
    PREDECESSORS,
    RETIRED,
    POOL,
    LABEL,
    MOVED,
    FORMER,
    LINKS_HASH,
];
/// More than index and keep only in later minor versions.
const LINKS_MAX: usize = 32;

/// What one device published under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// Format major and minor of the release that made it.
    pub format: (u32, u32),
    /// Which wallet it belongs to.
    pub wallet: WalletId,
    /// Which device made it.
    pub device: DeviceId,
    /// Under which slot's name.
    pub slot: Slot,
    /// The record's sequence number.
    pub sequence: u64,
    /// The other slots it has merged: sequence and root of each.
    pub heads: BTreeMap<Slot, (u64, Cid)>,
    /// Live states in its index.
    pub counts: Counts,
    /// When it was made by its device's clock, milliseconds since 1970. A hint: no rule depends on it.
    pub published: u64,
    /// Roots under the same name that it contains, newest first: what it may replace, and what else is pinned.
    pub predecessors: Vec<Cid>,
    /// Its device is done with the slot.
    pub retired: bool,
    /// The pool that its device had, and the machines in it that hold the wallet.
    pub pool: Option<PoolMark>,
    /// What the owner calls the device; 1 to [`limits::LABEL_BYTES`] bytes.
    pub label: Option<String>,
    /// The wallet has another secret since: the id of the wallet that goes on.
    pub moved: Option<WalletId>,
    /// The wallet whose secret was changed for this one's.
    pub former: Option<WalletId>,
    /// Root node of the index.
    pub index: Cid,
    /// Root node of the keep.
    pub keep: Cid,
    /// Fields of later releases.
    pub unknown: BTreeMap<String, Ipld>,
}

impl Root {
    /// Seals it.
    ///
    /// # Errors
    /// [`Code::Malformed`] naming the bound it exceeds: what readers refuse is not written.
    pub fn seal(&self, sealer: &Sealer) -> Result<Block, Error> {
        self.check()?;
        let number = |value: u64| Ipld::Integer(value.into());
        let count = |value: usize| Ipld::Integer(u32::try_from(value).unwrap_or(u32::MAX).into());
        let (major, minor) = self.format;
        let heads = self.heads.iter().map(|(slot, (sequence, root))| {
            Ipld::List(vec![number(slot.number().into()), number(*sequence), to_link(root)])
        });
        let Counts { total, unspent, suspect } = self.counts;
        let mut body = self.unknown.clone();
        body.extend(
            [
                (VERSION, Ipld::List(vec![number(major.into()), number(minor.into())])),
                (WALLET, Ipld::Bytes(self.wallet.to_vec())),
                (DEVICE, Ipld::Bytes(self.device.to_vec())),
                (SLOT, number(self.slot.number().into())),
                (SEQUENCE, number(self.sequence)),
                (HEADS, Ipld::List(heads.collect())),
                (COUNTS, Ipld::List(vec![count(total), count(unspent), count(suspect)])),
                (PUBLISHED, number(self.published)),
                (PREDECESSORS, Ipld::List(self.predecessors.iter().map(to_link).collect())),
                (RETIRED, Ipld::Bool(self.retired)),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        body.extend(self.pool.as_ref().map(|pool| (POOL.to_owned(), pool.to_ipld())));
        body.extend(self.label.clone().map(|label| (LABEL.to_owned(), Ipld::String(label))));
        body.extend(self.moved.map(|wallet| (MOVED.to_owned(), Ipld::Bytes(wallet.to_vec()))));
        body.extend(self.former.map(|wallet| (FORMER.to_owned(), Ipld::Bytes(wallet.to_vec()))));
        envelope::wrap(Kind::Root, body, &[self.index, self.keep], sealer)
    }

    /// Opens a root block. The format is looked at before anything that a higher major may have changed.
    ///
    /// # Errors
    /// [`Code::Malformed`] (not a root block at all), [`Code::DecryptFailed`], [`Code::WrongWallet`],
    /// [`Code::ReadOnly`] (higher major).
    pub fn open(block: &Block, sealer: &Sealer, wallet: &WalletId) -> Result<Self, Error> {
        // The bound on a root's size is this major's: a future one must still be known by its version.
        let mut opened = Opened::new(block, Kind::Root, WHAT, sealer, limits::BLOCK_BYTES)?;
        let format = format(&mut opened.body)?;
        if format.0 > FORMAT.0 {
            let message =
                format!("a root of format {}.{}, this release reads {}", format.0, format.1, FORMAT.0);
            return Err(Error::new(Code::ReadOnly, message));
        }
        if format.0 < FORMAT.0 || opened.size > limits::ROOT_BYTES {
            return Err(malformed(WHAT, &format!("format {}, {} bytes", format.0, opened.size)));
        }
        let links = opened.links(LINKS_MAX)?;
        let mut body = opened.body;
        let of = body.array(WALLET)?;
        if body.needed(WALLET, of)? != *wallet {
            return Err(Error::new(Code::WrongWallet, "a root of another wallet"));
        }
        let [index, keep, ..] = links.as_slice() else {
            return Err(body.wrong("not a link to index and keep"));
        };
        let device = body.array(DEVICE)?;
        let slot = body.unsigned(SLOT, u8::MAX.into())?.and_then(to_slot);
        let sequence = body.unsigned(SEQUENCE, limits::SEQUENCE_MAX)?;
        let root = Self {
            format,
            wallet: *wallet,
            device: body.needed(DEVICE, device)?,
            slot: body.needed("a slot below 64", slot)?,
            sequence: body.needed(SEQUENCE, sequence)?,
            heads: heads(&mut body)?,
            counts: counts(&mut body)?,
            published: {
                let published = body.unsigned(PUBLISHED, limits::SEQUENCE_MAX)?;
                body.needed(PUBLISHED, published)?
            },
            predecessors: predecessors(&mut body)?,
            retired: {
                let retired = body.flag(RETIRED)?;
                body.needed(RETIRED, retired)?
            },
            pool: body.list(POOL)?.map(|pool| PoolMark::from_ipld(&pool)).transpose()?,
            label: body.text(LABEL)?,
            moved: body.array(MOVED)?,
            former: body.array(FORMER)?,
            index: *index,
            keep: *keep,
            unknown: body.rest(),
        };
        root.check()?;
        Ok(root)
    }

    /// Bounds that hold both ways.
    fn check(&self) -> Result<(), Error> {
        if let Some(pool) = &self.pool {
            pool.check()?;
        }
        let sequences = self.heads.values().map(|(sequence, _)| *sequence).chain([self.sequence]);
        if sequences.into_iter().any(|sequence| !(1..=limits::SEQUENCE_MAX).contains(&sequence)) {
            return Err(malformed(WHAT, "a sequence number of 0 or above the highest"));
        }
        if self.published > limits::SEQUENCE_MAX || self.predecessors.len() > limits::PREDECESSORS {
            return Err(malformed(WHAT, "a time or a number of predecessors above the highest"));
        }
        if self.label.as_ref().is_some_and(|label| !(1..=limits::LABEL_BYTES).contains(&label.len())) {
            return Err(malformed(WHAT, "a label that is empty or too long"));
        }
        let heads = self.heads.values().map(|(_, root)| root);
        let mut nodes = heads.chain(&self.predecessors).chain([&self.index, &self.keep]);
        if nodes.any(|cid| cid.codec() != Codec::DagCbor) {
            return Err(malformed(WHAT, "a link that is not to a node"));
        }
        check_unknown(WHAT, &self.unknown, &KEYS)
    }
}

fn format(body: &mut Fields) -> Result<(u32, u32), Error> {
    let version = body.list(VERSION)?;
    let version = body.needed(VERSION, version)?;
    // A later major may say more after these two.
    let numbers: Option<Vec<u32>> = version.iter().take(2).map(small).collect();
    match numbers.as_deref() {
        Some([major, minor]) if version.len() == 2 || *major > FORMAT.0 => Ok((*major, *minor)),
        _ => Err(body.wrong("v is not [major, minor]")),
    }
}

fn heads(body: &mut Fields) -> Result<BTreeMap<Slot, (u64, Cid)>, Error> {
    let list = body.list(HEADS)?;
    let list = body.needed(HEADS, list)?;
    let heads: Option<Vec<(Slot, (u64, Cid))>> = list.iter().map(head).collect();
    let heads = heads.ok_or_else(|| body.wrong("a head is not [slot, sequence, link]"))?;
    if !heads.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(body.wrong("heads are not in order"));
    }
    Ok(heads.into_iter().collect())
}

fn head(value: &Ipld) -> Option<(Slot, (u64, Cid))> {
    let Ipld::List(parts) = value else { return None };
    let [slot, sequence, root] = parts.as_slice() else { return None };
    let slot = to_slot(unsigned(slot, u8::MAX.into())?)?;
    Some((slot, (unsigned(sequence, limits::SEQUENCE_MAX)?, link_of(root, Codec::DagCbor)?)))
}

fn predecessors(body: &mut Fields) -> Result<Vec<Cid>, Error> {
    let list = body.list(PREDECESSORS)?;
    let list = body.needed(PREDECESSORS, list)?;
    let links: Option<Vec<Cid>> = list.iter().map(|value| link_of(value, Codec::DagCbor)).collect();
    links.ok_or_else(|| body.wrong("a predecessor is not a link to a node"))
}

fn counts(body: &mut Fields) -> Result<Counts, Error> {
    let list = body.list(COUNTS)?;
    let list = body.needed(COUNTS, list)?;
    let numbers: Option<Vec<usize>> = list.iter().map(|n| small(n).map(|n| n as usize)).collect();
    match numbers.as_deref() {
        Some([total, unspent, suspect]) => Ok(Counts { total: *total, unspent: *unspent, suspect: *suspect }),
        _ => Err(body.wrong("c is not [total, unspent, suspect]")),
    }
}

fn small(value: &Ipld) -> Option<u32> {
    unsigned(value, u32::MAX.into()).and_then(|number| u32::try_from(number).ok())
}

fn to_slot(number: u64) -> Option<Slot> {
    u8::try_from(number).ok().and_then(Slot::new)
}
