//! The blocks of an edition on one node: a sample of them read and hashed, or all, one after the other; never more than a few in
//! memory.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, stream};

use super::expected::Expected;
use crate::engine::account::Account;
use crate::engine::api::audit::{AuditProgress, OnAudit};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::node::{Node, is_unreadable};

/// Counts what was looked at, on all nodes.
pub struct Count {
    checked: AtomicU64,
    total: AtomicU64,
    progress: OnAudit,
}

impl Count {
    pub fn new(progress: OnAudit) -> Self {
        Self { checked: AtomicU64::new(0), total: AtomicU64::new(0), progress }
    }

    fn add(&self, more: usize) {
        self.total.fetch_add(more as u64, Ordering::Relaxed);
        self.tell();
    }

    fn step(&self) {
        self.checked.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn tell(&self) {
        let [checked, total] = [&self.checked, &self.total].map(|count| count.load(Ordering::Relaxed));
        (self.progress)(AuditProgress { checked, total });
    }
}

/// What was found of the blocks on one node.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    pub checked: u64,
    pub missing: BTreeSet<Cid>,
    pub damaged: BTreeSet<Cid>,
    /// Each of them was asked for.
    pub is_complete: bool,
    /// Why some were not answered for.
    pub error: Option<Error>,
}

/// How a block is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Its bytes are read and hashed.
    Bytes,
    /// The node says how many bytes it has.
    Size,
}

/// One node and who asks it.
pub struct OnNode<'a> {
    pub account: &'a Account,
    pub node: &'a dyn Node,
    pub count: &'a Count,
}

impl OnNode<'_> {
    /// Looks at the blocks; at all of them where `all` says so or the node turns out to lack something.
    pub async fn blocks(&self, expected: &Expected, all: bool) -> Blocks {
        if all {
            return self.each(&expected.blocks, Way::Bytes).await;
        }
        let sample = self.sample(&expected.blocks);
        let mut found = self.each(&sample, Way::Bytes).await;
        let is_nothing_there = !sample.is_empty() && found.missing.len() == sample.len();
        found.is_complete = sample.len() == expected.blocks.len();
        if found.error.is_some() || found.is_complete {
            return found;
        }
        if is_nothing_there {
            // Of a node that was emptied nothing more is to be learnt.
            found.missing = expected.blocks.iter().map(|(cid, _)| *cid).collect();
            return found;
        }
        if found.missing.is_empty() && found.damaged.is_empty() {
            match self.has_all_bytes(expected).await {
                Ok(true) => return found,
                // Its files are as long as they should be.
                Err(e) if is_unreadable(&e) => return self.each(&expected.blocks, Way::Bytes).await,
                Err(e) if expected.blocks.len() > limits::AUDIT_SIZES => {
                    found.error = Some(e);
                    return found;
                }
                Ok(false) | Err(_) => {}
            }
        }
        if !found.damaged.is_empty() {
            // What was changed keeps its size, and is hardly alone.
            return self.each(&expected.blocks, Way::Bytes).await;
        }
        let mut sizes = self.each(&expected.blocks, Way::Size).await;
        sizes.damaged.extend(found.damaged.iter().filter(|cid| !sizes.missing.contains(*cid)).copied());
        sizes
    }

    /// Whether the node counts as many bytes under the root as there should be. Where it does not offer that, the sample has to do.
    async fn has_all_bytes(&self, expected: &Expected) -> Result<bool, Error> {
        let root = expected.edition.map(|edition| edition.root);
        let (Some(root), Some(bytes)) = (root, expected.dag) else { return Ok(true) };
        let count = u32::try_from(expected.blocks.len()).unwrap_or(u32::MAX);
        let wait = limits::AUDIT_DAG + limits::AUDIT_DAG_BLOCK.saturating_mul(count);
        let ask = async || self.node.own_dag_bytes(&root, &self.account.network.call(wait)).await;
        let answer = match ask().await {
            Err(e) if e.code() != Code::Denied => ask().await,
            first => first,
        };
        match answer {
            Ok(found) => Ok(found == Some(bytes)),
            Err(e) if e.code() == Code::Denied => Ok(true),
            Err(e) => Err(e),
        }
    }

    fn sample(&self, blocks: &[(Cid, u64)]) -> Vec<(Cid, u64)> {
        let mut left: Vec<(Cid, u64)> = blocks.to_vec();
        let mut sample = Vec::new();
        while sample.len() < limits::AUDIT_SAMPLE && !left.is_empty() {
            let at = usize::try_from(self.account.entropy.below(left.len() as u64)).unwrap_or(0);
            sample.push(left.swap_remove(at.min(left.len() - 1)));
        }
        sample
    }

    async fn each(&self, blocks: &[(Cid, u64)], way: Way) -> Blocks {
        self.count.add(blocks.len());
        let mut found = Blocks { is_complete: true, ..Blocks::default() };
        let mut failures = 0;
        let asked: Vec<_> = blocks.iter().map(|(cid, size)| self.one(*cid, *size, way)).collect();
        let mut answers = stream::iter(asked).buffer_unordered(limits::BLOCK_REQUESTS);
        while let Some((cid, answer)) = answers.next().await {
            self.count.step();
            match answer {
                Ok(Some(true)) => found.checked += 1,
                Ok(Some(false)) => {
                    found.checked += 1;
                    found.damaged.insert(cid);
                }
                Ok(None) => {
                    found.checked += 1;
                    found.missing.insert(cid);
                }
                Err(e) => {
                    failures += 1;
                    (found.error, found.is_complete) = (Some(e), false);
                    if failures >= limits::AUDIT_FAILURES {
                        break;
                    }
                }
            }
        }
        found
    }

    /// Whether a block is as it should be; none where it is not there. An answer that is lost is asked for once more. A block that
    /// the node has and cannot read, twice, is damaged like one that has other bytes.
    async fn one(&self, cid: Cid, size: u64, way: Way) -> (Cid, Result<Option<bool>, Error>) {
        let first = self.ask(&cid, size, way).await;
        match first {
            Err(e) if e.code() != Code::Denied => {
                let again = self.ask(&cid, size, way).await;
                (cid, if again.as_ref().is_err_and(is_unreadable) { Ok(Some(false)) } else { again })
            }
            other => (cid, other),
        }
    }

    async fn ask(&self, cid: &Cid, size: u64, way: Way) -> Result<Option<bool>, Error> {
        let call = self.account.network.call(self.account.config.timeouts.publish);
        if way == Way::Size {
            return Ok(self.node.own_size(cid, &call).await?.map(|found| found == size));
        }
        match self.node.own_block_of(cid, size, &call).await {
            Ok(block) => Ok(block.map(|_| true)),
            Err(e) if matches!(e.code(), Code::HashMismatch | Code::TooLarge) => Ok(Some(false)),
            Err(e) => Err(e),
        }
    }
}
