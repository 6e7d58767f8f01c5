//! What proves that a node holds an edition: its own store, read back.
//!
//! Record and beacons of a slot are one thing in several places: whatever is said of absence, of what is contained and of
//! what may be replaced holds for all of them.

use futures_util::future::{join, join_all};

use super::lane::Lane;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::beacon::{Beacon, Rank};
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::node::{Call, Outcome, Put, PutMode, is_refused, is_unreadable};
use crate::planted::{Bug, is_planted};

/// Blocks looked for one by one without asking for the whole DAG.
const FEW_BLOCKS: usize = 2;
/// DAGs of up to this many blocks are looked for as a whole: one request, a few milliseconds (measured: 44 ms at 2,066).
const SMALL_DAG: usize = 256;

/// Something that stands under our own name.
#[derive(Clone, Debug)]
pub struct Claim {
    pub sequence: u64,
    /// None for a record that points at no root.
    pub rank: Option<Rank>,
    /// None for a record that points at no root.
    pub root: Option<Cid>,
    /// None when only a beacon says so.
    pub record: Option<Box<Record>>,
}

/// What a node shows under our own name.
pub enum Shown {
    /// Nothing but what the edition contains and nodes give way for.
    Fits(Fitting),
    /// Something that the edition does not contain, or that nodes prefer.
    Foreign(Claim),
}

/// How what a node shows fits the edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitting {
    /// Its record is exactly this edition's.
    pub has_record: bool,
    /// The beacon that names this edition.
    pub place: Option<u8>,
    /// Its record is of this device.
    pub is_ours: bool,
}

impl Lane<'_> {
    /// Reads our name and its beacons on one node, from its own store.
    ///
    /// # Errors
    /// When the node gives no usable answer: then nothing is put there. `denied` when only its gateway answers, which may show
    /// another node's copy.
    pub async fn shown(&self) -> Result<Shown, Error> {
        let asked_at = self.account.clock.monotonic();
        let call = self.run.usual_call(self.account);
        let names = join_all(self.edition.beacons.iter().map(|cid| self.node.pin_name(cid, &call)));
        let (outcome, names) = join(self.node.record(&self.edition.name, true, &call), names).await;
        let record = match outcome {
            Outcome::Found(_, source) if !self.node.gives_own_records(source) => {
                let message = "only the node's gateway shows the record, not its own store";
                return Err(Error::new(Code::Denied, message));
            }
            Outcome::Found(record, _) => Some(record),
            // What does not verify is no record of anybody; an honest put replaces it.
            Outcome::Absent | Outcome::Invalid(_) => None,
            Outcome::Unreachable(e) => return Err(e),
            Outcome::Skipped => return Err(Error::new(Code::Unreachable, "the node was not asked")),
        };
        let mut beacons = Vec::new();
        for name in names {
            let beacon = name?.and_then(|name| Beacon::open(&name, self.account.local.keys().sealer()).ok());
            beacons.push(beacon.filter(|beacon| beacon.slot == self.edition.edition.slot));
        }
        let shown = self.judge(record, &beacons);
        self.looked(asked_at, beacons);
        Ok(shown)
    }

    fn judge(&self, record: Option<Box<Record>>, beacons: &[Option<Beacon>]) -> Shown {
        let state = self.account.local.read();
        let (names, edition) = (state.names(), &self.edition.edition);
        let own_rank = Rank::of(&self.edition.record);
        let mut fitting = Fitting { has_record: false, place: None, is_ours: false };
        if let Some(record) = record {
            let is_taken_for_it = is_planted(Bug::TieByArrival) && record.sequence() == edition.sequence;
            fitting.has_record = record.same_as(&self.edition.record) || is_taken_for_it;
            let is_contained = self.edition.contains_record(names, &record);
            let gives_way = record.cmp_order(&self.edition.record).is_lt();
            let is_fitting = fitting.has_record || is_contained && gives_way;
            if !is_fitting {
                let (sequence, rank, root) = (record.sequence(), Rank::of(&record), record.root());
                return Shown::Foreign(Claim { sequence, rank, root, record: Some(record) });
            }
            fitting.is_ours = record.root().is_some_and(|root| names.is_signed_root(edition.slot, &root));
        }
        for (place, beacon) in (0..).zip(beacons) {
            let Some(beacon) = beacon else { continue };
            let is_taken_for_it = is_planted(Bug::TieByArrival) && beacon.sequence == edition.sequence;
            if beacon.root == edition.root || is_taken_for_it {
                fitting.place = Some(place);
            } else if !self.edition.contains(names, &beacon.root)
                || Some(beacon.rank()) > own_rank && !names.is_signed_root(edition.slot, &beacon.root)
            {
                let (sequence, rank, root) = (beacon.sequence, Some(beacon.rank()), Some(beacon.root));
                return Shown::Foreign(Claim { sequence, rank, root, record: None });
            }
        }
        Shown::Fits(fitting)
    }

    /// Puts the record into the node's own store.
    ///
    /// # Errors
    /// `conflict` when the node prefers another record, `invalid` when it refuses this one; the node's error.
    pub async fn put_record(&self) -> Result<(), Error> {
        match self
            .node
            .put_record(&self.edition.record, PutMode::Offline, &self.run.usual_call(self.account))
            .await?
        {
            Put::Stored => {
                if !self.edition.is_for_another() {
                    self.account.push.took(self.edition.edition.slot, &self.edition.record);
                }
                Ok(())
            }
            Put::Older => Err(Error::new(Code::Conflict, "the node holds a record that it prefers")),
            Put::Refused(why) => {
                // What a node says is for logs only.
                let why = std::io::Error::other(why);
                Err(Error::with_source(Code::Invalid, "the node refused the record", why))
            }
        }
    }

    /// Whether the node's own store holds the root and the changed blocks; of many, the whole DAG and a hashed sample.
    ///
    /// # Errors
    /// The node's error.
    pub async fn holds(&self, changed: &[Cid]) -> Result<bool, Error> {
        let call = self.run.usual_call(self.account);
        let root = self.edition.edition.root;
        let is_small = self.edition.all.len() <= SMALL_DAG;
        if changed.len() <= FEW_BLOCKS || (!is_small && changed.len() <= limits::STAT_BLOCKS) {
            return self.holds_each(changed).await;
        }
        // One way there and back for both: a node that lacks the bytes says so beside its word for the whole.
        let samples = if is_small { 1 } else { limits::SAMPLE_BLOCKS };
        let (whole, bytes) =
            join(self.node.holds_dag(&root, &call), self.holds_bytes(changed, samples)).await;
        match whole {
            // The pin, which the node has answered, is its word for the rest.
            Err(e) if is_refused(&e) => {
                let some = changed.get(..limits::STAT_BLOCKS).unwrap_or(changed);
                let more = self.holds_bytes(changed, limits::SAMPLE_BLOCKS);
                let (each, more) = join(self.holds_each(some), more).await;
                Ok(bytes? && each? && more?)
            }
            Err(e) => Err(e),
            Ok(None) => Ok(false),
            Ok(Some(_)) => bytes,
        }
    }

    async fn holds_each(&self, some: &[Cid]) -> Result<bool, Error> {
        let (call, root) = (self.run.usual_call(self.account), self.edition.edition.root);
        let asked = some.iter().chain(std::iter::once(&root)).map(|cid| self.node.holds(cid, &call));
        let (held, bytes) = join(join_all(asked), self.holds_bytes(some, 1)).await;
        Ok(all(held)? && bytes?)
    }

    /// Reads the root and so many random changed blocks back and hashes them: a node that says yes to every question has
    /// to have the bytes.
    async fn holds_bytes(&self, changed: &[Cid], samples: usize) -> Result<bool, Error> {
        let call = self.run.usual_call(self.account);
        let sample = |_| {
            let at = usize::try_from(self.account.entropy.below(changed.len() as u64)).ok()?;
            changed.get(at)
        };
        let sampled = (0..samples).filter(|_| !changed.is_empty()).filter_map(sample);
        let read = sampled.chain(std::iter::once(&self.edition.edition.root));
        all(join_all(read.map(|cid| self.gives_bytes(cid, &call))).await)
    }

    /// What is damaged there is dropped before the lane begins anew: else it would never be written again.
    pub(super) async fn gives_bytes(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let block = self.node.own_block(cid, call).await;
        if block.as_ref().is_err_and(|e| e.code() == Code::HashMismatch || is_unreadable(e)) {
            self.account.damage.note(self.at, [*cid]);
            self.account.remember_damage().await?;
        }
        Ok(block?.is_some())
    }

    /// Looks once more; a node that no longer shows the edition, or a later one of ours, is not proven any more.
    ///
    /// # Errors
    /// Store errors. A node that does not answer proves nothing.
    pub async fn look_again(&self) -> Result<(), Error> {
        let Ok(shown) = self.shown().await else { return Ok(()) };
        let is_well = match &shown {
            Shown::Fits(fitting) => fitting.has_record && fitting.place.is_some(),
            Shown::Foreign(claim) => {
                let (slot, sequence) = (self.edition.edition.slot, self.edition.edition.sequence);
                let state = self.account.local.read();
                claim.root.is_some_and(|root| state.names().is_signed_root(slot, &root))
                    && claim.sequence > sequence
            }
        };
        if is_well {
            return Ok(());
        }
        self.account.local.doubt_node(self.node.id(), self.edition.edition.slot).await?;
        self.account.local.check_level(self.account.needed()).await?;
        self.account.events.wake_outbox();
        Ok(())
    }
}

fn all(answers: Vec<Result<bool, Error>>) -> Result<bool, Error> {
    answers.into_iter().try_fold(true, |all, one| Ok(all && one?))
}
