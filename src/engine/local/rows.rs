//! Small values as the store keeps them: their keys, and how each is written and read.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::state::marks::{Label, Moved, Moving};
use super::state::names::{Contained, Edition, KnownName};
use super::state::nodes::{Doubt, Former};
use crate::clock::UnixMs;
use crate::engine::api::window::Tally;
use crate::error::Error;
use crate::model::cid::Cid;
use crate::model::identity::{Slot, WalletId};
use crate::model::inventory::{Id, Item, ProofHash, TokenKey};
use crate::model::pool::PoolMark;
use crate::model::seal::{Compression, Kind, Sealer};
use crate::store::{ItemKey, ItemRow, Level, NameRow, Write};

pub const ACTOR: &str = "actor";
pub const CHECKED: &str = "checked";
pub const CONFIRMED: &str = "confirmed";
pub const CONFIGURED: &str = "configured";
pub const CONTAINED: &str = "contained";
pub const DAMAGED: &str = "damaged";
pub const DEVICE: &str = "device";
pub const DISPLACED: &str = "displaced";
pub const DOUBTS: &str = "doubts";
pub const EDITION: &str = "edition";
pub const FAILED: &str = "failed";
pub const FIRST_READ: &str = "first_read";
pub const FORMER: &str = "former";
pub const FORMER_WALLET: &str = "former_wallet";
pub const GAP: &str = "gap";
pub const HEALTH: &str = "health";
pub const KEPT: &str = "kept";
pub const LABEL: &str = "label";
pub const LAST_SYNC: &str = "last_sync";
pub const LOST: &str = "lost";
pub const MACHINES: &str = "machines";
pub const MERGED: &str = "merged";
pub const MOVED: &str = "moved";
pub const PARTLY: &str = "partly";
pub const POOL: &str = "pool";
pub const PROVED: &str = "proved";
pub const REMOTE_LEVEL: &str = "remote_level";
pub const REMOTE_LOW: &str = "remote_low";
pub const RETIRED: &str = "retired";
pub const SEARCHED: &str = "searched";
pub const SLOT: &str = "slot";
pub const STRAY: &str = "stray";
pub const VERIFIED_INDEX: &str = "verified_index";
pub const VERIFIED_KEEP: &str = "verified_keep";
pub const VERIFIED_SEQUENCE: &str = "verified_sequence";
pub const WALLET: &str = "wallet";
pub const WINDOWS: &str = "windows";

/// Rejections that this device confirmed, by state.
pub type Confirmed = BTreeMap<TokenKey, BTreeSet<ProofHash>>;

/// Bytes of a CID as stored.
pub const CID_BYTES: usize = 36;

/// A small value; none removes it.
pub fn meta(key: &'static str, value: Option<Vec<u8>>) -> Write {
    Write::Meta { key, value: value.map(Bytes::from) }
}

/// A fact that either holds or has no row.
pub fn flag(is_set: bool) -> Option<Vec<u8>> {
    is_set.then(|| vec![1])
}

/// What this device is called, behind a byte that says whether its root does not say so yet.
pub fn label(label: &Label) -> Option<Vec<u8>> {
    let text = label.text.as_deref().unwrap_or_default();
    let row = [&[u8::from(label.is_due)], text.as_bytes()].concat();
    (label.is_due || !text.is_empty()).then_some(row)
}

pub fn parse_label(value: &[u8]) -> Label {
    let (is_due, text) = value.split_first().unwrap_or((&0, &[]));
    let text = String::from_utf8(text.to_vec()).ok().filter(|text| !text.is_empty());
    Label { text, is_due: *is_due != 0 }
}

/// What windows added lately.
pub fn tally(tally: &Tally) -> Option<Vec<u8>> {
    serde_json::to_vec(tally).ok()
}

pub fn parse_tally(value: &[u8]) -> Tally {
    serde_json::from_slice(value).unwrap_or_default()
}

/// A time; 0 has no row.
pub fn time(at: UnixMs) -> Option<Vec<u8>> {
    (at != 0).then(|| at.to_be_bytes().to_vec())
}

pub fn parse_time(value: &[u8]) -> Option<UnixMs> {
    value.try_into().ok().map(i64::from_be_bytes)
}

pub fn told_level(level: Level) -> Vec<u8> {
    vec![match level {
        Level::Verified => 2,
        Level::Published => 1,
        Level::Local => 0,
    }]
}

pub fn parse_level(value: &[u8]) -> Option<Level> {
    match value.first() {
        Some(2) => Some(Level::Verified),
        Some(1) => Some(Level::Published),
        Some(0) => Some(Level::Local),
        _ => None,
    }
}

pub fn cids(cids: &[Cid]) -> Vec<u8> {
    cids.iter().flat_map(Cid::to_bytes).collect()
}

pub fn parse_cids(value: &[u8]) -> Vec<Cid> {
    value.chunks(CID_BYTES).filter_map(|bytes| Cid::from_bytes(bytes).ok()).collect()
}

/// Contained roots: a CID and eight bytes each.
pub fn contained(roots: &[Contained]) -> Vec<u8> {
    let one = |known: &Contained| [known.root.to_bytes(), known.from.to_be_bytes().to_vec()].concat();
    roots.iter().flat_map(one).collect()
}

pub fn parse_contained(value: &[u8]) -> Vec<Contained> {
    let one = |row: &[u8]| {
        let (cid, from) = row.split_at_checked(CID_BYTES)?;
        let from = u64::from_be_bytes(from.try_into().ok()?);
        Some(Contained { root: Cid::from_bytes(cid).ok()?, from })
    };
    value.chunks(CID_BYTES + size_of::<u64>()).filter_map(one).collect()
}

/// Roots that say their device is done with its slot: one byte and a CID each.
pub fn retired(roots: &BTreeMap<Slot, Cid>) -> Option<Vec<u8>> {
    let roots: BTreeSet<(Slot, Cid)> = roots.iter().map(|(slot, root)| (*slot, *root)).collect();
    displaced(&roots)
}

pub fn parse_retired(value: &[u8]) -> BTreeMap<Slot, Cid> {
    parse_displaced(value).into_iter().collect()
}

/// Roots that gave way to one that may not contain them: one byte and a CID each.
pub fn displaced(roots: &BTreeSet<(Slot, Cid)>) -> Option<Vec<u8>> {
    let one = |(slot, root): &(Slot, Cid)| [vec![slot.number()], root.to_bytes()].concat();
    (!roots.is_empty()).then(|| roots.iter().flat_map(one).collect())
}

pub fn parse_displaced(value: &[u8]) -> BTreeSet<(Slot, Cid)> {
    let one = |row: &[u8]| {
        let (slot, root) = row.split_first()?;
        Some((Slot::new(*slot)?, Cid::from_bytes(root).ok()?))
    };
    value.chunks(1 + CID_BYTES).filter_map(one).collect()
}

/// What former owners have pinned: the node's id and the root of each.
pub fn former(former: &[Former]) -> Option<Vec<u8>> {
    let row = |one: &Former| (one.node.clone(), one.root.to_string());
    let rows: Vec<_> = former.iter().map(row).collect();
    serde_json::to_vec(&rows).ok().filter(|_| !rows.is_empty())
}

pub fn parse_former(value: &[u8]) -> Vec<Former> {
    let rows: Vec<(String, String)> = serde_json::from_slice(value).unwrap_or_default();
    let one = |(node, root): (String, String)| Some(Former { node, root: root.parse().ok()? });
    rows.into_iter().filter_map(one).collect()
}

pub fn doubts(doubts: &[Doubt]) -> Option<Vec<u8>> {
    serde_json::to_vec(doubts).ok().filter(|_| !doubts.is_empty())
}

pub fn parse_doubts(value: &[u8]) -> Vec<Doubt> {
    serde_json::from_slice(value).unwrap_or_default()
}

pub fn configured(ids: &[String]) -> Option<Vec<u8>> {
    serde_json::to_vec(ids).ok()
}

pub fn parse_configured(value: &[u8]) -> Vec<String> {
    serde_json::from_slice(value).unwrap_or_default()
}

pub fn machines(machines: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    serde_json::to_vec(machines).ok().filter(|_| !machines.is_empty())
}

pub fn parse_machines(value: &[u8]) -> BTreeMap<String, String> {
    serde_json::from_slice(value).unwrap_or_default()
}

/// What is damaged on nodes, by their ids.
pub fn damaged(found: &BTreeMap<String, Vec<Cid>>) -> Option<Vec<u8>> {
    let text = |cids: &Vec<Cid>| cids.iter().map(Cid::to_string).collect::<Vec<_>>();
    let rows: BTreeMap<&str, Vec<String>> =
        found.iter().map(|(id, cids)| (id.as_str(), text(cids))).collect();
    serde_json::to_vec(&rows).ok().filter(|_| !rows.is_empty())
}

pub fn parse_damaged(value: &[u8]) -> BTreeMap<String, Vec<Cid>> {
    let rows: BTreeMap<String, Vec<String>> = serde_json::from_slice(value).unwrap_or_default();
    let cids = |texts: Vec<String>| texts.iter().filter_map(|text| text.parse().ok()).collect();
    rows.into_iter().map(|(id, texts)| (id, cids(texts))).collect()
}

/// The newest pool that a root named: its version and keys.
pub fn pool(mark: &PoolMark) -> Option<Vec<u8>> {
    serde_json::to_vec(&(mark.version, &mark.keys)).ok()
}

pub fn parse_pool(value: &[u8]) -> Option<PoolMark> {
    let (version, keys) = serde_json::from_slice(value).ok()?;
    Some(PoolMark { version, keys })
}

const MOVING: [Moving; 4] = [Moving::Begun, Moving::Made, Moving::MadeElsewhere, Moving::Joined];

/// How far it has come, and the wallet that goes on.
pub fn moved(moved: Moved) -> Vec<u8> {
    let how = MOVING.iter().position(|how| *how == moved.how).and_then(|at| u8::try_from(at).ok());
    [&[how.unwrap_or(0)][..], &moved.to].concat()
}

pub fn parse_moved(value: &[u8]) -> Option<Moved> {
    let (how, to) = value.split_first()?;
    Some(Moved { to: to.try_into().ok()?, how: *MOVING.get(usize::from(*how))? })
}

pub fn parse_wallet(value: &[u8]) -> Option<WalletId> {
    value.try_into().ok()
}

/// Rejections that this device confirmed: token id, state hash, and what each proof is called by.
pub fn confirmed(confirmed: &Confirmed) -> Option<Vec<u8>> {
    let row = |(key, proofs): (&TokenKey, &BTreeSet<ProofHash>)| {
        (key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned(), proofs.clone())
    };
    let rows: Vec<_> = confirmed.iter().map(row).collect();
    serde_json::to_vec(&rows).ok().filter(|_| !rows.is_empty())
}

pub fn parse_confirmed(value: &[u8]) -> Confirmed {
    let rows: Vec<(String, String, BTreeSet<ProofHash>)> = serde_json::from_slice(value).unwrap_or_default();
    let key = |(token, state, proofs): (String, String, _)| {
        let (token_id, state_hash) = (Id::parse(&token).ok()?, Id::parse(&state).ok()?);
        Some((TokenKey { token_id, state_hash }, proofs))
    };
    rows.into_iter().filter_map(key).collect()
}

/// How far the search of all slots is, and when one last ended.
pub fn searched(below: u8, at: UnixMs) -> Vec<u8> {
    [&[below][..], &at.to_be_bytes()].concat()
}

pub fn parse_searched(value: &[u8]) -> Option<(u8, UnixMs)> {
    let (below, at) = value.split_first()?;
    Some((*below, parse_time(at).unwrap_or(0)))
}

/// The row of an item, sealed.
///
/// # Errors
/// As sealing.
pub fn item_row(key: ItemKey, encoded: &[u8], item: &Item, sealer: &Sealer) -> Result<ItemRow, Error> {
    let sealed = sealer.seal(Kind::Row, encoded, Compression::Never)?.into();
    let (token_id, state_hash) = match item {
        Item::Token(key, _) => (key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned()),
        _ => (String::new(), String::new()),
    };
    Ok(ItemRow { key, token_id, state_hash, sealed })
}

/// The row of a change.
pub fn change(key: ItemKey, number: u64, level: Level) -> Write {
    Write::Change { key, number, level }
}

/// The row of a known name.
pub fn name_row(slot: Slot, known: &KnownName) -> NameRow {
    NameRow {
        slot: slot.number(),
        sequence: known.sequence,
        record: known.record.as_ref().map(|record| record.raw().clone()).unwrap_or_default(),
        merged_root: known.merged_root,
        verified_at: known.verified_at,
        changed_at: known.changed_at,
        occupied: known.occupied,
    }
}

/// The last edition: slot, three numbers of eight bytes, three CIDs.
pub fn edition(edition: &Edition) -> Vec<u8> {
    let mut row = vec![edition.slot.number()];
    row.extend(edition.sequence.to_be_bytes());
    row.extend(edition.upto.to_be_bytes());
    row.extend(edition.signed_at.to_be_bytes());
    row.extend(cids(&[edition.root, edition.index, edition.keep]));
    row
}

pub fn parse_edition(row: &[u8]) -> Option<Edition> {
    let (slot, rest) = row.split_first()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (upto, rest) = rest.split_first_chunk()?;
    let (signed_at, rest) = rest.split_first_chunk()?;
    let [root, index, keep] = parse_cids(rest).try_into().ok()?;
    Some(Edition {
        slot: Slot::new(*slot)?,
        sequence: u64::from_be_bytes(*sequence),
        upto: u64::from_be_bytes(*upto),
        signed_at: UnixMs::from_be_bytes(*signed_at),
        root,
        index,
        keep,
    })
}

/// Small values as they were loaded.
pub struct Metas<'a>(pub &'a BTreeMap<String, Bytes>);

impl Metas<'_> {
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(AsRef::as_ref)
    }

    pub fn time(&self, key: &str) -> UnixMs {
        self.get(key).and_then(parse_time).unwrap_or(0)
    }
}
