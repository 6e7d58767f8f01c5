//! Which machine a node is: two entries of the configuration may be one, and then hold one copy.

use std::sync::PoisonError;

use futures_util::future::join_all;

use super::Network;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::node::Call;

impl Network {
    /// Whether a node was not asked yet which machine it is, since the account was opened.
    pub fn is_machine_due(&self, at: usize) -> bool {
        !self.machines.lock().unwrap_or_else(PoisonError::into_inner).contains(&at)
    }

    /// Asks a node which machine it is; none when it does not say. Where it gives no answer, a block of nobody's is put
    /// there: a node that has it too is the same machine.
    pub async fn machine(&self, at: usize, nobodys: &Block, call: &Call) -> Option<String> {
        let half =
            Call { deadline: self.clock.monotonic() + limits::MACHINE_LOOK / 2, meter: call.meter.clone() };
        let machine = match self.node(at)?.machine(&half).await {
            Ok(machine) => machine,
            Err(e) => {
                tracing::debug!(node = self.id(at), code = %e.code(), "the node does not say which machine it is");
                self.machine_by_block(at, nobodys, call).await?
            }
        };
        self.machines.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
        Some(machine)
    }

    async fn machine_by_block(&self, at: usize, nobodys: &Block, call: &Call) -> Option<String> {
        let mut car = CarWriter::new(nobodys.cid());
        car.push(nobodys);
        self.node(at)?.import(car.finish(), call).await.ok()?;
        let others: Vec<usize> = self.api_nodes().into_iter().filter(|other| *other != at).collect();
        let answers = join_all(others.iter().map(|other| self.has(*other, nobodys.cid(), call))).await;
        // A node that will not say may be the one.
        if answers.iter().any(|answer| answer.as_ref().is_err_and(|e| e.code() == Code::Denied)) {
            return None;
        }
        let same = others.into_iter().zip(answers).find(|(_, answer)| matches!(answer, Ok(true)));
        let Some((same, _)) = same else { return Some(self.id(at)) };
        match self.node(same)?.machine(call).await {
            Ok(machine) => Some(machine),
            Err(_) => Some(self.id(at.min(same))),
        }
    }

    /// Whether a node has a block, one way or the other.
    async fn has(&self, at: usize, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let node = self.require(at)?;
        match node.holds(cid, call).await {
            Err(e) if e.code() == Code::Denied => Ok(node.own_block(cid, call).await?.is_some()),
            other => other,
        }
    }
}
