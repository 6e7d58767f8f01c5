//! Brings the blocks of an edition to one node, each once, and pins them there.

use std::collections::HashSet;
use std::time::Duration;

use super::lane::Lane;
use crate::engine::uplink::Sending;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::node::{Repin, is_refused, is_unreadable};

/// What became of an upload.
pub enum Sent {
    All,
    /// One CAR, and the line carries no more than without it.
    Some,
}

impl Lane<'_> {
    /// Pins; when the node lost what it was known to hold, sends everything once more.
    ///
    /// # Errors
    /// The node's error.
    pub async fn pin_or_resend(&self) -> Result<(), Error> {
        let Err(first) = self.pin().await else { return Ok(()) };
        if is_refused(&first) {
            return Err(first);
        }
        // A line that broke off is no loss: what the node has is not sent again.
        if first.code() != Code::NotFound {
            let root = &self.edition.edition.root;
            match self.node.holds_dag(root, &self.run.usual_call(self.account)).await {
                Ok(None) => {}
                Ok(Some(_)) => return self.pin().await,
                // Why it cannot be pinned.
                Err(e) if is_unreadable(&e) => return Err(e),
                Err(_) => return Err(first),
            }
        }
        tracing::debug!(node = self.node.id(), code = %first.code(), "the pin failed; everything is sent again");
        self.account.local.forget_node(self.node.id(), self.edition.edition.slot).await?;
        self.upload(&self.edition.all, None).await?;
        self.pin().await
    }

    /// Uploads blocks in CARs whose size follows the measured rate, and remembers after each what the node has, so that a later run
    /// resumes.
    pub(super) async fn upload(&self, cids: &[Cid], sending: Option<&Sending<'_>>) -> Result<Sent, Error> {
        let (uplink, clock) = (&self.account.uplink, &self.account.clock);
        let (mut rest, began) = (cids, clock.monotonic());
        while !rest.is_empty() {
            let started = clock.monotonic();
            let most = uplink.car_bytes(self.at, self.round_trip(), began, started).min(self.body_most());
            let (car, taken) = self.next_car(rest, most).await?;
            let (sent, left) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
            let bytes = car.len();
            if let Some(sending) = sending {
                sending.begins(bytes, self.ways(), started);
            }
            let slowest = uplink.slowest(self.at, bytes, started);
            let call = self.run.call(self.account, self.account.config.timeouts.publish + slowest);
            let is_taken = self.send_car(car, taken == 1, &call).await;
            let now = clock.monotonic();
            if is_taken.as_ref().is_err_and(|e| e.code() == Code::Deadline) {
                uplink.note_too_large(self.at, now);
            }
            if !is_taken? {
                continue;
            }
            // What is small and goes at once is remembered once the node was proven.
            if !left.is_empty() || bytes > limits::CAR_FIRST_BYTES || sent.len() < cids.len() {
                self.account.local.note_held(self.node.id(), sent.to_vec()).await?;
                let held = self.account.local.read().nodes().held(self.node.id()).map_or(0, HashSet::len);
                self.advanced(0, held as u64);
            }
            let took = now.saturating_duration_since(started);
            uplink.note_taken(self.at, bytes, took, self.round_trip(), now);
            rest = left;
            if sending.is_some_and(|sending| !sending.goes_on()) && !rest.is_empty() {
                return Ok(Sent::Some);
            }
        }
        Ok(Sent::All)
    }

    /// Packs blocks up to this size; says how many of the CIDs it took.
    async fn next_car(&self, cids: &[Cid], most: usize) -> Result<(bytes::Bytes, usize), Error> {
        let mut car = CarWriter::new(&self.edition.edition.root);
        let mut taken = 0;
        for cid in cids {
            let size =
                usize::try_from(self.edition.bytes_of(std::slice::from_ref(cid))).unwrap_or(usize::MAX);
            if taken > 0 && car.len().saturating_add(size) > most {
                break;
            }
            taken += 1;
            match self.edition.blocks.get(cid) {
                Some(block) => car.push(block),
                None => match self.account.local.block(cid).await? {
                    Some(block) => car.push(&block),
                    // It must not block the rest: it is fetched again, the next keep is without it.
                    None => {
                        let message =
                            "a stored payload is damaged; it is fetched again before the next publish";
                        return Err(Error::new(Code::Corrupt, message));
                    }
                },
            }
        }
        Ok((car.finish(), taken))
    }

    /// Reads every payload that is to be sent: the next edition is without all that are damaged, not without the first alone.
    ///
    /// # Errors
    /// Store errors.
    pub async fn look_for_damage(&self, cids: &[Cid]) -> Result<(), Error> {
        for cid in cids.iter().filter(|cid| !self.edition.blocks.contains_key(*cid)) {
            self.account.local.block(cid).await?;
        }
        Ok(())
    }

    /// Pins for the first time, as long as the count of blocks rises: a node that waits for a block waits without end.
    pub(super) async fn follow_pin(
        &self,
        silent: Duration,
        counting: Duration,
        total: Duration,
    ) -> Result<(), Error> {
        let call = self.run.call(self.account, total);
        let (blocks, mut seen) = tokio::sync::watch::channel(0_u64);
        // More than there are is a sign of life at most, as is the same count again.
        let most = self.edition.all.len() as u64;
        let progress = |count: u64| {
            let count = count.min(most);
            if blocks.send_if_modified(|old| std::mem::replace(old, count.max(*old)) < count) {
                self.advanced(0, count);
            }
        };
        let mut again = seen.clone();
        let stalled = async {
            let mut idle = silent;
            while let Ok(Ok(())) = tokio::time::timeout(idle, seen.changed()).await {
                idle = counting;
            }
        };
        let pin = || self.node.pin(&self.edition.edition.root, &self.edition.name, &progress, &call);
        // A request that hangs may hang alone: once it counted, it is asked a second time beside it.
        let second = async {
            let _ = again.changed().await;
            let mut pause = limits::PIN_SILENT;
            loop {
                while let Ok(Ok(())) = tokio::time::timeout(pause, again.changed()).await {}
                pause = pause.saturating_mul(2);
                if let Ok(Ok(())) = tokio::time::timeout(pause, pin()).await {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            pinned = pin() => pinned,
            () = second => Ok(()),
            () = stalled => Err(Error::new(Code::Deadline, "the pin got no further")),
        }
    }

    /// Moves the node's pin to the edition's root, or pins it for the first time.
    async fn pin(&self) -> Result<(), Error> {
        let root = self.edition.edition.root;
        let old = {
            let state = self.account.local.read();
            state
                .nodes()
                .row(self.node.id(), self.edition.edition.slot)
                .and_then(|row| row.pinned.last().copied())
        };
        if let Some(old) = old.filter(|old| *old != root) {
            match self.node.repin(&old, &root, &self.run.usual_call(self.account)).await {
                Ok(Repin::Pinned) => return Ok(()),
                Ok(Repin::OldMissing) => return Err(Error::new(Code::NotFound, "the node lost its pin")),
                // Pinned as if for the first time: the node walks all of it instead of the difference.
                Err(e) if is_refused(&e) => {}
                Err(e) => return Err(e),
            }
        }
        self.follow_pin(limits::PIN_SILENT + self.ways(), limits::PIN_IDLE, limits::WAIT_TOTAL).await
    }
}
