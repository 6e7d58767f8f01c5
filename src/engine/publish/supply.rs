//! How a node comes by the blocks of an edition: it is sent them when its turn comes, or pulls them from a node that has them.

use std::time::Duration;

use futures_util::future::join_all;

use super::lane::{Lane, lacking};
use super::upload::Sent;
use crate::engine::local::edition::Outgoing;
use crate::engine::uplink::{Asking, Sending, Turn};
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;

/// What a lane does next.
enum Way<'a> {
    Send(Sending<'a>),
    Pull,
}

impl Lane<'_> {
    /// Makes the node hold these blocks of the edition: on a thin line one node is sent bulk, and the others pull it from that one.
    /// Who cannot is sent it too, in turn.
    ///
    /// # Errors
    /// The node's error; what it accepted before stays remembered.
    pub async fn supply(&self, lack: &[Cid]) -> Result<(), Error> {
        let Some(outgoing) = self.outgoing else { return self.upload(lack, None).await.map(drop) };
        let (mut lack, mut tail) = self.parted(lack).await?;
        let mut may_pull = true;
        loop {
            match self.way(outgoing, &lack, may_pull).await {
                Way::Send(sending) => {
                    let mut sent = self.upload(&lack, Some(&sending)).await?;
                    if matches!(sent, Sent::All) && !tail.is_empty() {
                        let late = self.not_taken(&std::mem::take(&mut tail)).await?;
                        sent = self.upload(&late, Some(&sending)).await?;
                    }
                    if matches!(sent, Sent::All) {
                        outgoing.note_carried();
                        return Ok(());
                    }
                    (lack, tail) = (lacking(self.account, self.node.id(), self.edition), Vec::new());
                }
                Way::Pull => match self.pull().await {
                    Ok(()) => return Ok(()),
                    Err(e) => {
                        tracing::debug!(node = self.node.id(), code = %e.code(), "could not pull from its peers");
                        may_pull = false;
                    }
                },
            }
        }
    }

    /// What to send first, and what last: a CAR that an earlier process was sending when it ended is in the line and arrives after it. The
    /// node is asked about so many blocks, half a kilobyte each, now and, of those that did not come yet, once the others are there.
    async fn parted(&self, lack: &[Cid]) -> Result<(Vec<Cid>, Vec<Cid>), Error> {
        let uplink = &self.account.uplink;
        let is_resumed = lack.len() < self.edition.all.len() && !uplink.is_measured(self.at);
        let is_bulk = uplink.is_bulk(self.edition.bytes_of(lack), self.account.clock.monotonic());
        if !is_resumed || !is_bulk {
            return Ok((lack.to_vec(), Vec::new()));
        }
        let mut bytes = 0_u64;
        let begun = lack.iter().take(limits::PROBE_BLOCKS).take_while(|cid| {
            bytes = bytes.saturating_add(self.edition.bytes_of(std::slice::from_ref(cid)));
            bytes <= limits::PROBE_BYTES
        });
        let (begun, rest) = lack.split_at_checked(begun.count()).unwrap_or((&[], lack));
        Ok((rest.to_vec(), self.not_taken(begun).await?))
    }

    /// Those of these blocks that the node does not have; the others are remembered.
    async fn not_taken(&self, cids: &[Cid]) -> Result<Vec<Cid>, Error> {
        let call = self.run.usual_call(self.account);
        let asked = join_all(cids.iter().map(|cid| self.node.holds(cid, &call))).await;
        let held = |(_, held): &(Cid, Result<bool, Error>)| matches!(held, Ok(true));
        let (taken, left): (Vec<_>, Vec<_>) = cids.iter().copied().zip(asked).partition(held);
        if !taken.is_empty() {
            let taken = taken.into_iter().map(|(cid, _)| cid).collect();
            self.account.local.note_held(self.node.id(), taken).await?;
        }
        Ok(left.into_iter().map(|(cid, _)| cid).collect())
    }

    /// Waits until the node may be sent these blocks, or can pull them.
    async fn way<'b>(&'b self, outgoing: &Outgoing, lack: &[Cid], may_pull: bool) -> Way<'b> {
        let uplink = &self.account.uplink;
        let bytes = self.edition.bytes_of(lack);
        let (mut changes, mut carried) = (uplink.changes(), outgoing.carried.subscribe());
        let mut has_waited = false;
        loop {
            changes.borrow_and_update();
            let now = self.account.clock.monotonic();
            // Pulling spares the line: where that is wide, sending is faster, and safe where the nodes do not meet.
            let is_soon = uplink.is_wide_for(bytes, now) || !uplink.is_bulk(bytes, now);
            let is_carried = *carried.borrow_and_update();
            if is_carried && has_waited {
                self.account.lanes.note_bulk(self.at, now);
            }
            if is_carried && may_pull && !is_soon {
                return Way::Pull;
            }
            let is_first = outgoing.order.first() == Some(&self.at);
            let answered = self.answered_look();
            let asking = Asking { at: self.at, bytes, is_first, answered, is_open: is_carried && is_soon };
            let until = match uplink.ask(asking, now) {
                Turn::Send(sending) => return Way::Send(sending),
                Turn::Wait(until) => until,
            };
            has_waited = true;
            tokio::select! {
                biased;
                _ = carried.changed() => {}
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Asks the node to pin, so that it pulls missing blocks from its peers; gives up when no further block arrives.
    async fn pull(&self) -> Result<(), Error> {
        let idle = limits::PULL_IDLE + self.ways();
        self.follow_pin(idle, idle, limits::PULL_TOTAL).await
    }

    /// What the way to a far node and back adds to a step: a new connection, and the answer.
    pub fn ways(&self) -> Duration {
        self.round_trip().min(limits::PULL_IDLE) * 2
    }
}
