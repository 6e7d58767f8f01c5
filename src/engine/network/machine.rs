//! Which machine a node is: two entries of the configuration may be one, and then hold one copy.
//!
//! A machine is named by its peer id. One that does not say is named by a mark: a block of nobody's that was put there. Whoever
//! has the mark too is the same machine, also when the node that it was put through is away by then.

use std::sync::PoisonError;

use futures_util::future::join_all;

use super::Network;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::node::{Call, is_refused};

/// What came of asking which machine a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Machine {
    /// This one.
    Named(String),
    /// That of another node; both have this mark.
    As(usize, Cid),
}

/// The marks that nodes were told apart by.
#[derive(Debug)]
pub struct Marks {
    /// The node's own, if it has one from before.
    pub own: Option<Cid>,
    /// Those of other nodes.
    pub others: Vec<(usize, Cid)>,
    /// For a node that has none.
    pub fresh: Block,
}

impl Network {
    /// Whether a node is to be asked which machine it is.
    pub fn is_machine_due(&self, at: usize) -> bool {
        !self.machines.lock().unwrap_or_else(PoisonError::into_inner).contains(&at)
    }

    /// Asks a node which machine it is; none when that cannot be told. It is asked once, and again later when another node that
    /// may be the same machine was silent.
    pub async fn machine(&self, at: usize, marks: &Marks, call: &Call) -> Option<Machine> {
        let half =
            Call { deadline: self.clock.monotonic() + limits::MACHINE_LOOK / 2, meter: call.meter.clone() };
        let (machine, is_sure) = match self.node(at)?.machine(&half).await {
            Ok(machine) => (Machine::Named(machine), true),
            Err(e) => {
                tracing::debug!(node = self.id(at), code = %e.code(), "the node does not say which machine it is");
                self.machine_by_mark(at, marks, call).await?
            }
        };
        if is_sure {
            self.machines.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
        }
        Some(machine)
    }

    /// The machine, and whether every other node had its say.
    async fn machine_by_mark(&self, at: usize, marks: &Marks, call: &Call) -> Option<(Machine, bool)> {
        let known = join_all(marks.others.iter().map(|(_, cid)| self.has(at, cid, call))).await;
        let same = marks.others.iter().zip(&known).find(|(_, answer)| matches!(answer, Ok(true)));
        if let Some(((other, mark), _)) = same {
            return Some((Machine::As(*other, *mark), true));
        }
        if known.iter().any(Result::is_err) {
            return None;
        }
        let mark = self.mark(at, marks, call).await?;
        let others: Vec<usize> = self.api_nodes().into_iter().filter(|other| *other != at).collect();
        let answers = join_all(others.iter().map(|other| self.has(*other, &mark, call))).await;
        // A node that will not say may be the one.
        if answers.iter().any(|answer| answer.as_ref().is_err_and(is_refused)) {
            return None;
        }
        let is_sure = answers.iter().all(Result::is_ok);
        let same = others.into_iter().zip(answers).find(|(_, answer)| matches!(answer, Ok(true)));
        let Some((same, _)) = same else { return Some((Machine::Named(mark.to_string()), is_sure)) };
        Some(match self.node(same)?.machine(call).await {
            Ok(machine) => (Machine::Named(machine), true),
            Err(_) => (Machine::As(same, mark), true),
        })
    }

    /// The node's mark: that from before while it is there, else a new one.
    async fn mark(&self, at: usize, marks: &Marks, call: &Call) -> Option<Cid> {
        if let Some(own) = marks.own
            && self.has(at, &own, call).await.ok()?
        {
            return Some(own);
        }
        let mut car = CarWriter::new(marks.fresh.cid());
        car.push(&marks.fresh);
        self.node(at)?.import(car.finish(), call).await.ok()?;
        Some(*marks.fresh.cid())
    }

    /// Whether a node has a block, one way or the other.
    async fn has(&self, at: usize, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let node = self.require(at)?;
        match node.holds(cid, call).await {
            Err(e) if is_refused(&e) => Ok(node.own_block(cid, call).await?.is_some()),
            other => other,
        }
    }
}
