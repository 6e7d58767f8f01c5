//! Every change of the state: the rows that make it last, and what it does in memory.
//!
//! [`Change::to_writes`] and [`Change::apply`] read side by side; an account is opened by applying the stored rows.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::State;
use super::kept::KeptBlocks;
use super::marks::{Label, Moved, Verified};
use super::names::{Contained, Edition, KnownName, OwnSlot, RecordDigest, Written};
use super::nodes::{Doubt, Former};
use super::partly::Partly;
use crate::clock::UnixMs;
use crate::engine::api::window::Tally;
use crate::engine::local::rows::{self, Confirmed};
use crate::error::Error;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{Slot, WalletId, WalletKeys};
use crate::model::inventory::Item;
use crate::model::pool::PoolMark;
use crate::planted::{Bug, is_planted};
use crate::store::{BlockClass, ItemKey, Level, NodeRow, RollupRow, SET_ASIDE, Write, WrittenRow};

/// One change. All changes of a batch become true together or not at all.
#[derive(Clone, Debug)]
pub enum Change {
    /// An item, already joined with what was there.
    Item {
        key: ItemKey,
        encoded: Bytes,
        item: Box<Item>,
    },
    /// This device changed an item, or another one altered what it changed; its own new ones are at [`Level::Local`].
    Made {
        key: ItemKey,
        number: u64,
        level: Level,
    },
    /// All rejections of proofs that this device confirmed.
    Confirmed(Confirmed),
    /// A data block was stored.
    Block(Block),
    /// A data block was stored whose item comes next.
    BlockAhead(Block),
    /// A data block is on the disk.
    OnDisk {
        cid: Cid,
        size: u64,
    },
    /// The store found a data block damaged and has set it aside.
    BlockLost(Cid),
    /// All blocks that were damaged here and did not come back.
    Lost(Vec<Cid>),
    /// A block that can be fetched or built again.
    CacheBlock(Block),
    /// All blocks that are kept for roots on their way.
    Kept(KeptBlocks),
    /// Cached blocks that nobody wants any more.
    Uncached(Vec<Cid>),

    /// Changes up to a number have at least this level.
    Raise {
        upto: u64,
        level: Level,
        /// Items that are local, with the number of their change: a block of theirs was here and is lost.
        except: Vec<(ItemKey, u64)>,
    },
    /// No change is above this level.
    Lower(Level),

    /// What is known of a name.
    Name(Slot, Box<KnownName>),
    /// All roots whose content is in the inventory.
    Merged(Vec<Cid>),
    /// All roots that may be replaced by what this device signs.
    Contained(Vec<Contained>),
    /// All roots that are here in part.
    Partly(Partly),
    /// No root counts as read any more: what rows that were set aside had is looked for again.
    Doubted,
    /// All roots that say their device is done with its slot.
    Retired(BTreeMap<Slot, Cid>),
    /// The list of roots that gave way to one that may not contain them.
    Displaced(BTreeSet<(Slot, Cid)>),
    /// This device signed a record.
    Signed(SignedRecord),
    /// The last edition of the own slot.
    Edition(Option<Edition>),
    Own(OwnSlot),

    /// What a node was proven to hold.
    Node(NodeRow),
    /// A node holds these blocks too.
    Held {
        node: String,
        cids: Vec<Cid>,
    },
    /// A node is known to hold these blocks and no others.
    HeldExactly {
        node: String,
        cids: Vec<Cid>,
    },

    /// All renames that may still arrive.
    Doubts(Vec<Doubt>),
    /// All that former owners of the own slot have pinned.
    Former(Vec<Former>),

    /// Which machine each node is.
    Machines(BTreeMap<String, String>),

    /// What is damaged on nodes, by their ids.
    Damaged(BTreeMap<String, Vec<Cid>>),

    /// What the owner calls this device.
    Label(Label),
    /// What windows added lately.
    Windows(Tally),
    Verified(Verified),
    FirstRead,
    RemoteLevel(Level),
    RemoteLow(u8),
    /// Whether something is here that no edition which counts has.
    Stray(bool),
    /// When a node was last proven to hold something, and when all were last asked whether they still do.
    Proved(UnixMs),
    Checked(UnixMs),
    Gap(UnixMs),
    /// Slots below this one were asked for, with their beacons, by a majority; and when all last were.
    Searched(u8, UnixMs),
    Failed(Option<UnixMs>),

    /// The newest pool that a root named.
    Pool(PoolMark),

    /// The wallet has another secret since, or is the one that has it.
    Moved(Moved),
    FormerWallet(WalletId),

    /// Health of the nodes, for the next start.
    Health(Bytes),
    /// The last sync, for the next start.
    LastSync(Option<Bytes>),
    /// A minute of history.
    Rollup(RollupRow),
    /// History before a minute is forgotten.
    PruneRollups(i64),
    /// The folder belongs to this wallet.
    Wallet,

    /// The nodes that are configured.
    Configured(Vec<String>),
    /// A slot holds content of a newer format. Until the account is closed.
    ReadOnly(Slot),
    /// These blocks were asked for in vain. Until the account is closed.
    InVain(Vec<Cid>, UnixMs),
    /// Nothing came of these blocks for a moment. Until the account is closed.
    Silent(Vec<Cid>, UnixMs),
    /// The content of a root did not come. Until the account is closed.
    RootInVain(Cid, UnixMs),
    /// Whether the last read met content that no node gave. Until the account is closed.
    Unread(bool),
    /// A search for all slots was left without an answer.
    SearchInVain(UnixMs),
    /// This device is done with its slot: what it signs says so. Until the account is closed.
    Ending,
}

/// A signed record as the written log keeps it.
#[derive(Clone, Debug)]
pub struct SignedRecord {
    pub slot: u8,
    pub sequence: u64,
    pub digest: RecordDigest,
    pub root: Cid,
    pub upto: u64,
    pub signed_at: UnixMs,
}

impl Change {
    /// The rows of this change.
    pub fn to_writes(&self, keys: &WalletKeys) -> Result<Vec<Write>, Error> {
        let one = |write| Ok(vec![write]);
        match self {
            Self::Signed(_) if is_planted(Bug::PublishBeforePersist) => Ok(Vec::new()),
            Self::Signed(_) | Self::Name(..) | Self::Edition(_) if is_planted(Bug::SequenceFromMemory) => {
                Ok(Vec::new())
            }
            Self::Item { key, encoded, item } => {
                one(Write::Item(rows::item_row(*key, encoded, item, keys.sealer())?))
            }
            Self::Made { key, number, level } => one(rows::change(*key, *number, *level)),
            Self::Confirmed(all) => one(rows::meta(rows::CONFIRMED, rows::confirmed(all))),
            Self::Block(block) | Self::BlockAhead(block) => {
                one(Write::Block { block: block.clone(), class: BlockClass::Data })
            }
            Self::Lost(cids) => one(rows::meta(rows::LOST, Some(rows::cids(cids)))),
            Self::CacheBlock(block) => one(Write::Block { block: block.clone(), class: BlockClass::Cache }),
            Self::Kept(kept) => one(rows::meta(rows::KEPT, kept.to_row())),
            Self::Uncached(cids) => one(Write::Uncache(cids.clone())),
            Self::Raise { upto, level, except } => {
                let back = except.iter().map(|(key, number)| rows::change(*key, *number, Level::Local));
                Ok(std::iter::once(Write::RaiseLevel { upto: *upto, level: *level }).chain(back).collect())
            }
            Self::Lower(level) => one(Write::LowerLevel { level: *level }),

            Self::Name(slot, known) => one(Write::Name(rows::name_row(*slot, known))),
            Self::Merged(roots) => one(rows::meta(rows::MERGED, Some(rows::cids(roots)))),
            Self::Contained(roots) => one(rows::meta(rows::CONTAINED, Some(rows::contained(roots)))),
            Self::Partly(partly) => one(rows::meta(rows::PARTLY, partly.to_row())),
            Self::Retired(roots) => one(rows::meta(rows::RETIRED, rows::retired(roots))),
            Self::Displaced(roots) => one(rows::meta(rows::DISPLACED, rows::displaced(roots))),
            Self::Signed(signed) => one(Write::Written(signed.row())),
            Self::Edition(edition) => one(rows::meta(rows::EDITION, edition.as_ref().map(rows::edition))),
            Self::Own(own) => Ok(vec![
                rows::meta(rows::DEVICE, Some(own.device.to_vec())),
                rows::meta(rows::ACTOR, Some(own.actor.to_vec())),
                rows::meta(rows::SLOT, own.slot.map(|slot| vec![slot.number()])),
            ]),

            Self::Node(row) => one(Write::Node(row.clone())),
            Self::Held { node, cids } => one(Write::Held { node: node.clone(), cids: cids.clone() }),
            Self::HeldExactly { node, cids } => {
                one(Write::HeldExactly { node: node.clone(), cids: cids.clone() })
            }

            Self::Doubts(doubts) => one(rows::meta(rows::DOUBTS, rows::doubts(doubts))),
            Self::Former(former) => one(rows::meta(rows::FORMER, rows::former(former))),
            Self::Machines(machines) => one(rows::meta(rows::MACHINES, rows::machines(machines))),

            Self::Verified(Verified { index, keep, sequence }) => {
                let sequence = (*sequence > 0).then(|| sequence.to_be_bytes().to_vec());
                Ok(vec![
                    rows::meta(rows::VERIFIED_INDEX, index.map(|index| index.to_bytes().to_vec())),
                    rows::meta(rows::VERIFIED_KEEP, keep.map(|keep| keep.to_bytes().to_vec())),
                    rows::meta(rows::VERIFIED_SEQUENCE, sequence),
                ])
            }
            Self::Doubted => one(rows::meta(SET_ASIDE, None)),
            Self::Damaged(found) => one(rows::meta(rows::DAMAGED, rows::damaged(found))),
            Self::Label(label) => one(rows::meta(rows::LABEL, rows::label(label))),
            Self::Windows(tally) => one(rows::meta(rows::WINDOWS, rows::tally(tally))),
            Self::FirstRead => one(rows::meta(rows::FIRST_READ, rows::flag(true))),
            Self::RemoteLevel(level) => one(rows::meta(rows::REMOTE_LEVEL, Some(rows::told_level(*level)))),
            Self::RemoteLow(low) => one(rows::meta(rows::REMOTE_LOW, (*low > 0).then(|| vec![*low]))),
            Self::Stray(stray) => one(rows::meta(rows::STRAY, rows::flag(*stray))),
            Self::Proved(at) => one(rows::meta(rows::PROVED, rows::time(*at))),
            Self::Checked(at) => one(rows::meta(rows::CHECKED, rows::time(*at))),
            Self::Gap(at) => one(rows::meta(rows::GAP, rows::time(*at))),
            Self::Searched(below, at) => one(rows::meta(rows::SEARCHED, Some(rows::searched(*below, *at)))),
            Self::Failed(at) => one(rows::meta(rows::FAILED, at.map(|at| at.to_be_bytes().to_vec()))),

            Self::Pool(mark) => one(rows::meta(rows::POOL, rows::pool(mark))),

            Self::Moved(moved) => one(rows::meta(rows::MOVED, Some(rows::moved(*moved)))),
            Self::FormerWallet(wallet) => one(rows::meta(rows::FORMER_WALLET, Some(wallet.to_vec()))),

            Self::Health(health) => one(rows::meta(rows::HEALTH, Some(health.to_vec()))),
            Self::LastSync(last) => one(rows::meta(rows::LAST_SYNC, last.as_ref().map(|last| last.to_vec()))),
            Self::Rollup(row) => one(Write::Rollup(row.clone())),
            Self::PruneRollups(minute) => one(Write::PruneRollups { before_minute: *minute }),
            Self::Wallet => one(rows::meta(rows::WALLET, Some(keys.wallet_id().to_vec()))),

            // Who was given no nodes says nothing of them.
            Self::Configured(ids) if ids.is_empty() => Ok(Vec::new()),
            Self::Configured(ids) => one(rows::meta(rows::CONFIGURED, rows::configured(ids))),
            Self::OnDisk { .. }
            | Self::BlockLost(_)
            | Self::InVain(..)
            | Self::Silent(..)
            | Self::RootInVain(..)
            | Self::SearchInVain(_)
            | Self::Ending
            | Self::ReadOnly(_)
            | Self::Unread(_) => Ok(Vec::new()),
        }
    }

    /// What this change does in memory, once its rows are on disk.
    pub fn apply(self, state: &mut State, keys: &WalletKeys) {
        match self {
            Self::Item { key, encoded, item } => state.holdings.put_item(key, encoded, *item),
            Self::Made { key, number, level } => state.levels.note(key, number, level),
            Self::Confirmed(all) => state.holdings.set_confirmed(all),
            Self::Block(block) => state.holdings.put_block(*block.cid(), block.bytes().len() as u64),
            Self::BlockAhead(block) => {
                state.holdings.put_block_ahead(*block.cid(), block.bytes().len() as u64);
            }
            Self::OnDisk { cid, size } => state.holdings.note_on_disk(cid, size),
            Self::Lost(cids) => state.holdings.set_lost(cids),
            Self::BlockLost(cid) => state.holdings.lose_block(cid, keys.sealer()),
            Self::Kept(kept) => state.kept = kept,

            Self::Raise { upto, level, except } => {
                state.levels.raise(upto, level);
                except.into_iter().for_each(|(key, number)| state.levels.note(key, number, Level::Local));
            }
            Self::Lower(level) => state.levels.lower(level),

            Self::Name(slot, known) => state.names.put(slot, *known),
            Self::Merged(roots) => state.names.set_merged(roots),
            Self::Contained(roots) => state.names.set_contained(roots),
            Self::Partly(partly) => state.names.set_partly(partly),
            Self::Retired(roots) => state.names.set_retired(roots),
            Self::Displaced(roots) => state.names.set_displaced(roots),
            Self::Signed(SignedRecord { slot, sequence, digest, upto, root, signed_at }) => {
                state.names.log(slot, sequence, Written { digest, upto, root, signed_at });
            }
            Self::Edition(edition) => state.names.set_edition(edition),
            Self::Own(own) => state.names.set_own(own),

            Self::Node(row) => state.nodes.put_row(row),
            Self::Held { node, cids } => state.nodes.add_held(node, cids),
            Self::HeldExactly { node, cids } => state.nodes.set_held(node, cids),

            Self::Doubts(doubts) => state.nodes.set_doubts(doubts),
            Self::Former(former) => state.nodes.set_former(former),
            Self::Machines(machines) => state.nodes.set_machines(machines),

            Self::Damaged(found) => state.nodes.set_damaged(found),
            Self::Label(label) => state.marks.label = label,
            Self::Windows(tally) => state.marks.windows = tally,
            Self::Verified(verified) => state.marks.verified = verified,
            Self::FirstRead => state.marks.first_read = true,
            Self::RemoteLow(low) => state.marks.remote_low = low,
            Self::RemoteLevel(level) => state.marks.remote_level = Some(level),
            Self::Stray(stray) => state.marks.stray = stray,
            Self::Proved(at) => state.marks.proved_at = at,
            Self::Checked(at) => state.marks.checked_at = at,
            Self::Gap(at) => state.marks.gap_at = at,
            Self::Searched(below, at) => (state.marks.searched, state.marks.searched_at) = (below, at),
            Self::Failed(at) => state.marks.failed_at = at,

            Self::Pool(mark) => state.marks.pool = Some(mark),

            Self::Moved(moved) => state.marks.moved = Some(moved),
            Self::FormerWallet(wallet) => state.marks.former = Some(wallet),

            Self::Configured(ids) => state.nodes.set_configured(ids),
            Self::InVain(cids, now) => state.holdings.note_in_vain(&cids, now),
            Self::Silent(cids, now) => state.holdings.note_silent(&cids, now),
            Self::RootInVain(root, now) => state.session.note_in_vain(root, now),
            Self::ReadOnly(slot) => drop(state.session.read_only.insert(slot)),
            Self::Unread(unread) => state.session.unread = unread,
            Self::SearchInVain(now) => state.session.searched_in_vain = Some(now),
            Self::Ending => state.session.ending = true,

            Self::CacheBlock(_)
            | Self::Uncached(_)
            | Self::Health(_)
            | Self::LastSync(_)
            | Self::Rollup(_)
            | Self::PruneRollups(_)
            | Self::Doubted
            | Self::Wallet => {}
        }
    }

    /// Whether it alters what a list or the status shows.
    pub fn is_shown(&self) -> bool {
        matches!(
            self,
            Self::Item { .. }
                | Self::Confirmed(_)
                | Self::Block(_)
                | Self::BlockAhead(_)
                | Self::BlockLost(_)
                | Self::Raise { .. }
                | Self::Lower(_)
        )
    }
}

impl SignedRecord {
    fn row(&self) -> WrittenRow {
        WrittenRow {
            slot: self.slot,
            sequence: self.sequence,
            record: self.digest.to_vec().into(),
            root: self.root,
            upto: self.upto,
            signed_at: self.signed_at,
        }
    }
}
