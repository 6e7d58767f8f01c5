//! Asks nodes for the names of pins whose CIDs are known, many at once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Network;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::node::Call;

/// What the nodes that answered every question said.
#[derive(Default)]
pub struct PinNames {
    /// Per node, a name or none for each CID, in the order of the question.
    pub nodes: BTreeMap<usize, Vec<Option<String>>>,
}

impl Network {
    /// Asks `which` nodes for every pin. A node that answered not all of them counts as silent. Whoever is silent is waited for
    /// until `call` ends while fewer than a majority has answered, and for the time of the grace window then; where nothing good
    /// is known of those that are left, little longer than the others took.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn ask_pin_names(&self, cids: &[Cid], which: &[usize], call: &Call) -> PinNames {
        let mut asks: FuturesUnordered<_> = which.iter().map(|at| self.ask_one(cids, *at, call)).collect();
        let (mut heard, mut until) = (PinNames::default(), call.deadline);
        let started = self.clock.monotonic();
        let health = self.health();
        let is_hopeful = |at: &usize| {
            health.believed_healthy(*at) && !health.is_stranger(*at) && health.is_near(*at, self.grace)
        };
        let hopeful: BTreeSet<usize> = which.iter().copied().filter(is_hopeful).collect();
        loop {
            let Ok(Some((at, names))) = tokio::time::timeout_at(until, asks.next()).await else {
                return heard;
            };
            if let Ok(names) = names {
                heard.nodes.insert(at, names);
            }
            let now = self.clock.monotonic();
            if heard.nodes.len() == self.majority() {
                until = until.min(now + self.grace);
            }
            if heard.nodes.len() >= self.majority() && hopeful.iter().all(|at| heard.nodes.contains_key(at)) {
                let took = now.saturating_duration_since(started);
                until = until.min(now + (took / 4).max(limits::STRANGER_PATIENCE));
            }
        }
    }

    async fn ask_one(
        &self,
        cids: &[Cid],
        at: usize,
        call: &Call,
    ) -> (usize, Result<Vec<Option<String>>, Error>) {
        let asked = async {
            let node = self.require(at)?;
            futures_util::future::try_join_all(cids.iter().map(|cid| node.pin_name(cid, call))).await
        };
        let named = tokio::time::timeout_at(call.deadline, asked).await;
        (at, named.unwrap_or_else(|_| Err(Error::new(Code::Deadline, "no answer in time"))))
    }
}
