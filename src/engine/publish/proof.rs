//! What proves that a node holds an edition: its own store, read back.

use std::time::Duration;

use futures_util::future::join_all;

use super::lane::Lane;
use crate::engine::local::state::names::Standing;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::node::{Outcome, Put, PutMode};

/// Blocks looked for one by one without asking for the whole DAG.
const FEW_BLOCKS: usize = 2;
/// DAGs of up to this many blocks are looked for as a whole: one request, a few milliseconds (measured: 44 ms at 2,066).
const SMALL_DAG: usize = 256;
/// Times a displaced record is put again before the node counts as not keeping it.
const SECOND_LOOKS: u32 = 3;

/// What a node shows under our own name.
pub enum Shown {
    /// Nothing, or something we wrote that is older.
    Behind,
    /// Exactly this edition.
    Same,
    /// A record this device never wrote: to be merged before anything replaces it.
    Rival(Box<Record>),
}

impl Lane<'_> {
    /// Reads our name on one node, from its own store.
    ///
    /// # Errors
    /// When the node gives no usable answer: then nothing is put there.
    pub async fn shown(&self) -> Result<Shown, Error> {
        let is_rival = |record: &Record| {
            let state = self.account.local.read();
            state.names().standing(self.edition.edition.slot, record) == Standing::Rival
        };
        match self.node.record(&self.edition.name, true, &self.run.usual_call(self.account)).await {
            Outcome::Found(record, _) if record.same_as(&self.edition.record) => Ok(Shown::Same),
            Outcome::Found(record, _) if is_rival(&record) => Ok(Shown::Rival(record)),
            // What does not verify is no record of anybody; an honest put replaces it.
            Outcome::Absent | Outcome::Found(..) | Outcome::Invalid(_) => Ok(Shown::Behind),
            Outcome::Unreachable(e) => Err(e),
            Outcome::Skipped => Err(Error::new(Code::Unreachable, "the node was not asked")),
        }
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
            Put::Stored => Ok(()),
            Put::Older => Err(Error::new(Code::Conflict, "the node holds a record that it prefers")),
            Put::Refused(why) => {
                Err(Error::new(Code::Invalid, format!("the node refused the record: {why}")))
            }
        }
    }

    /// # Errors
    /// `invalid` unless the node's own store shows exactly this edition's record; the node's error.
    pub async fn check_shown(&self) -> Result<(), Error> {
        match self.shown().await? {
            Shown::Same => Ok(()),
            _ => Err(Error::new(Code::Invalid, "the node said it took the record and does not show it")),
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
            let asked = changed.iter().chain(std::iter::once(&root)).map(|cid| self.node.holds(cid, &call));
            return all(join_all(asked).await);
        }
        if self.node.holds_dag(&root, &call).await?.is_none() {
            return Ok(false);
        }
        if is_small {
            return Ok(true);
        }
        let samples = (0..limits::SAMPLE_BLOCKS).filter_map(|_| {
            let at = usize::try_from(self.account.entropy.below(changed.len() as u64)).ok()?;
            changed.get(at)
        });
        let blocks = join_all(samples.map(|cid| self.node.own_block(cid, &call))).await;
        all(blocks.into_iter().map(|block| block.map(|block| block.is_some())).collect())
    }

    /// Racing puts show within this time; where a lower record came back, ours is put again.
    ///
    /// # Errors
    /// `conflict` when a rival's came, `invalid` when the node does not keep ours; the node's error.
    pub async fn second_look(&self) -> Result<(), Error> {
        for _ in 0..SECOND_LOOKS {
            tokio::time::sleep(limits::SECOND_LOOK + Duration::from_millis(1)).await;
            match self.shown().await? {
                Shown::Same => return Ok(()),
                Shown::Rival(_) => {
                    return Err(Error::new(Code::Conflict, "another record took the place of ours"));
                }
                Shown::Behind => self.put_record().await?,
            }
        }
        Err(Error::new(Code::Invalid, "the node does not keep the record"))
    }
}

fn all(answers: Vec<Result<bool, Error>>) -> Result<bool, Error> {
    answers.into_iter().try_fold(true, |all, one| Ok(all && one?))
}
