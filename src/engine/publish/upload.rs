//! Brings the blocks of an edition to one node, each once, and pins them there.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join3;

use super::lane::Lane;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::node::Repin;

/// Slowest uplink that is still waited for.
const UPLINK_BYTES_PER_S: u64 = 64 * 1024;

impl Lane<'_> {
    /// Makes the node hold the edition's blocks. `direct` sends them; otherwise the node pulls them from its peers,
    /// and they are sent when it cannot.
    ///
    /// # Errors
    /// The node's error; what it accepted before stays remembered.
    pub async fn supply(&self, lack: &[Cid], direct: bool) -> Result<(), Error> {
        if !direct {
            match self.pull().await {
                Ok(()) => return Ok(()),
                Err(e) => {
                    tracing::debug!(node = self.node.id(), code = %e.code(), "could not pull from its peers")
                }
            }
        }
        self.upload(lack).await
    }

    /// Pins; when the node lost what it was known to hold, sends everything once more.
    ///
    /// # Errors
    /// The node's error.
    pub async fn pin_or_resend(&self) -> Result<(), Error> {
        let Err(first) = self.pin().await else { return Ok(()) };
        if first.code() == Code::Denied {
            return Err(first);
        }
        tracing::debug!(node = self.node.id(), code = %first.code(), "the pin failed; everything is sent again");
        self.account.local.forget_node(self.node.id()).await?;
        self.upload(&self.edition.all).await?;
        self.pin().await
    }

    /// Uploads blocks in CARs. While one is on its way the next is read, hashed and put together, and what the node took
    /// before is remembered, so that a later run resumes.
    async fn upload(&self, cids: &[Cid]) -> Result<(), Error> {
        let (mut noted, mut sent): (&[Cid], _) = (&[], self.part_of(cids));
        let mut car = self.car(sent).await?;
        let mut rest = cids.get(sent.len()..).unwrap_or_default();
        while !sent.is_empty() {
            let next = self.part_of(rest);
            let (took, made, remembered) = join3(self.send(car), self.car(next), self.remember(noted)).await;
            remembered?;
            match took {
                // What is refused as too large is made again, smaller.
                Err(e) if e.code() == Code::TooLarge && sent.len() > 1 => {
                    let unsent = cids.len().saturating_sub(rest.len()).saturating_sub(sent.len());
                    rest = cids.get(unsent..).unwrap_or_default();
                    let smaller = self.part_of(rest);
                    if smaller.len() >= sent.len() {
                        return Err(e);
                    }
                    (noted, sent) = (&[], smaller);
                    car = self.car(sent).await?;
                }
                Err(e) => return Err(e),
                // The last part is remembered once the node was proven.
                Ok(()) => {
                    (noted, sent, car) = (sent, next, made?);
                }
            }
            rest = rest.get(sent.len()..).unwrap_or_default();
        }
        Ok(())
    }

    /// The first of these blocks: as many as one CAR is to have.
    fn part_of<'c>(&self, cids: &'c [Cid]) -> &'c [Cid] {
        let most = self.account.lanes.car_bytes(self.at) as u64;
        let mut bytes = 0_u64;
        let fits = |cid: &&Cid| {
            bytes = bytes.saturating_add(self.edition.bytes_of(std::slice::from_ref(*cid)));
            bytes <= most
        };
        let count = cids.iter().take_while(fits).count().max(1);
        cids.get(..count).unwrap_or(cids)
    }

    /// Puts blocks together; those of the disk are read at once.
    async fn car(&self, cids: &[Cid]) -> Result<Bytes, Error> {
        let stored: Vec<Cid> =
            cids.iter().filter(|cid| !self.edition.blocks.contains_key(cid)).copied().collect();
        let mut read = self.account.local.blocks(&stored).await?.into_iter();
        let mut car = CarWriter::new(&self.edition.edition.root);
        for cid in cids {
            match self.edition.blocks.get(cid) {
                Some(block) => car.push(block),
                None => match read.next().flatten() {
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
        Ok(car.finish())
    }

    /// Sends one CAR, and learns from it how large the next one may be.
    async fn send(&self, car: Bytes) -> Result<(), Error> {
        let (bytes, started) = (car.len(), self.account.clock.monotonic());
        let slowest = Duration::from_secs(bytes as u64 / UPLINK_BYTES_PER_S);
        let call = self.run.call(self.account, self.account.config.timeouts.publish + slowest);
        let took = self.node.import(car, &call).await;
        match &took {
            Ok(()) => {
                let time = self.account.clock.monotonic().saturating_duration_since(started);
                self.account.lanes.note_car(self.at, bytes, time);
                self.outgoing.took_part();
            }
            Err(e) if e.code() == Code::TooLarge => self.account.lanes.note_car_refused(self.at, bytes),
            Err(_) => {}
        }
        took
    }

    /// Remembers what the node took.
    async fn remember(&self, cids: &[Cid]) -> Result<(), Error> {
        if cids.is_empty() {
            return Ok(());
        }
        self.account.local.note_held(self.node.id(), cids.to_vec()).await?;
        let held = self.account.local.read().nodes().held(self.node.id()).map_or(0, HashSet::len);
        self.advanced(0, held as u64);
        Ok(())
    }

    /// Asks the node to pin, so that it pulls missing blocks from its peers; gives up when no further block arrives.
    async fn pull(&self) -> Result<(), Error> {
        self.follow_pin(limits::PULL_IDLE, limits::PULL_IDLE, limits::PULL_TOTAL).await
    }

    /// Pins for the first time, as long as the count of blocks rises: a node that waits for a block waits without end.
    async fn follow_pin(&self, silent: Duration, counting: Duration, total: Duration) -> Result<(), Error> {
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
            return match self.node.repin(&old, &root, &self.run.usual_call(self.account)).await? {
                Repin::Pinned => Ok(()),
                Repin::OldMissing => Err(Error::new(Code::NotFound, "the node lost its pin")),
            };
        }
        self.follow_pin(limits::PIN_SILENT, limits::PIN_IDLE, limits::WAIT_TOTAL).await
    }
}
