//! Puts blocks again that are damaged in a node's own store.
//!
//! Kubo gives what its file says, counts it as there, and writes no block that it believes to have. So a damaged one is dropped,
//! which leaves every pin as it is, and then sent as if it had never been there. Nothing is dropped that cannot be put back.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::MutexGuard;

use super::lane::Lane;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::{Cid, Codec};
use crate::model::identity::Slot;
use crate::node::{Discarded, is_refused};

/// What was unpinned on a node, which is done on one node at a time: should the process end meanwhile, the others hold the wallet.
#[derive(Default)]
struct Release<'a> {
    roots: Vec<Pinned>,
    turn: Option<MutexGuard<'a, ()>>,
    /// It was done, or is of no use.
    is_over: bool,
    /// What has links is damaged: the node comes by it, and gets no further or waits for what it seems to lead to.
    is_in_the_way: bool,
}

/// A root of the wallet that is pinned on a node; with its slot where it is the newest of another device.
pub(super) type Pinned = (Option<Slot>, Cid);

impl Lane<'_> {
    /// Mends what is known to be damaged there.
    ///
    /// # Errors
    /// The node's error; `invalid` when it has other bytes again and again, or cannot drop them; store errors.
    pub(super) async fn mend(&self) -> Result<(), Error> {
        let damage = &self.account.damage;
        damage.note_kept(self.at, false);
        let damaged = damage.on(self.at);
        if damaged.is_empty() {
            return Ok(());
        }
        // Whatever comes of it: the node does not hold what it was proven to hold.
        self.doubt_blocks(&damaged).await?;
        if damage.is_hopeless(self.at) {
            let words = "its store has other bytes for a block, however often that is put again";
            return Err(Error::new(Code::Invalid, words));
        }
        let all: HashSet<&Cid> = self.edition.all.iter().collect();
        let (here, elsewhere): (Vec<Cid>, Vec<Cid>) = damaged.into_iter().partition(|cid| all.contains(cid));
        damage.forget(self.at, &elsewhere);
        let is_in_the_way = here.iter().chain(&elsewhere).any(|cid| cid.codec() == Codec::DagCbor);
        let (here, lacking) = self.supplied(here).await?;
        let mut release = Release { is_in_the_way, ..Release::default() };
        let replaced = self.replace(&here, &mut release).await;
        self.pin_again(&release.roots).await;
        drop(release);
        self.account.remember_damage().await?;
        replaced?;
        if lacking > 0 {
            return Err(Error::new(Code::Corrupt, "a stored payload is damaged here too"));
        }
        Ok(())
    }

    async fn read_back(&self, some: &[Cid]) -> Result<(), Error> {
        let call = self.run.usual_call(self.account);
        for few in some.chunks(limits::BLOCK_REQUESTS) {
            for given in join_all(few.iter().map(|cid| self.gives_bytes(cid, &call))).await {
                if !given? {
                    return Err(Error::new(Code::Invalid, "the node said it took a block and lacks it"));
                }
            }
        }
        Ok(())
    }

    async fn doubt_blocks(&self, damaged: &[Cid]) -> Result<(), Error> {
        let local = &self.account.local;
        let lost = damaged.iter().copied().collect();
        local.note_lost(self.node.id(), self.edition.edition.slot, &lost, false).await?;
        local.check_level(self.account.needed()).await
    }

    /// Drops these and sends them. For each block that it drops the node walks through all that is pinned, also by others: the first
    /// tells whether it can. Where it would walk far through what is the wallet's own, that is released before.
    async fn replace<'a>(&'a self, here: &[Cid], release: &mut Release<'a>) -> Result<(), Error> {
        if here.len().saturating_mul(self.edition.all.len()) > limits::DISCARD_WALKED {
            self.release(release).await?;
        }
        let (mut left, mut most) = (here, 1);
        while !left.is_empty() {
            let some = left.get(..most).unwrap_or(left);
            tracing::debug!(node = self.node.id(), blocks = some.len(), "damaged blocks are put again");
            let gone = self.drop_some(some, release).await?;
            let (gone, rest) = left.split_at_checked(gone).unwrap_or((left, &[]));
            self.upload(gone, None).await?;
            self.account.damage.note_mended(self.at, gone);
            self.read_back(gone).await?;
            (left, most) = (rest, limits::DISCARD_BLOCKS);
        }
        Ok(())
    }

    /// Drops the first of these, at least one; tells how many. Where the wallet's own is what the node cannot read, or waits for, that
    /// is taken out of its way; nothing can be done about what others have there.
    async fn drop_some<'a>(&'a self, some: &[Cid], release: &mut Release<'a>) -> Result<usize, Error> {
        if !release.is_over {
            let first = self.discard(some, limits::DISCARD_FIRST).await;
            match &first {
                Ok(Discarded::All) => return Ok(some.len()),
                Err(e) if is_refused(e) => return Err(self.keeps(e.clone())),
                Ok(_) | Err(_) => release.is_over = true,
            }
            if release.is_in_the_way || !self.reads_all_pinned().await? {
                self.release(release).await?;
            } else if matches!(first, Ok(Discarded::Unreadable)) {
                return Err(self.keeps(of_others()));
            }
            if let Ok(Discarded::First(gone)) = first
                && gone > 0
            {
                return Ok(gone.min(some.len()));
            }
        }
        match self.discard(some, limits::DISCARD).await {
            Ok(Discarded::All) => Ok(some.len()),
            Ok(Discarded::First(gone)) if gone > 0 => Ok(gone.min(some.len())),
            Ok(Discarded::First(_)) => {
                Err(Error::new(Code::Invalid, "the node did not drop a damaged block"))
            }
            Ok(Discarded::Unreadable) => Err(self.keeps(of_others())),
            Err(e) if is_refused(&e) => Err(self.keeps(e)),
            Err(e) => Err(e),
        }
    }

    /// The node keeps what is damaged, and not for anything that this device could do: it is brought all else.
    fn keeps(&self, why: Error) -> Error {
        self.account.damage.note_kept(self.at, true);
        why
    }

    /// Whether the node can read all that the wallet has pinned there.
    async fn reads_all_pinned(&self) -> Result<bool, Error> {
        for (_, root) in self.pinned_roots().await? {
            let call = self.run.usual_call(self.account);
            if !matches!(self.node.holds_dag(&root, &call).await, Ok(Some(_))) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those that this device can send, and how many it cannot: what is damaged on this disk too hinders no other block.
    async fn supplied(&self, some: Vec<Cid>) -> Result<(Vec<Cid>, usize), Error> {
        let (mut here, mut lacking) = (Vec::new(), 0);
        for cid in some {
            if self.edition.blocks.contains_key(&cid) || self.account.local.block(&cid).await?.is_some() {
                here.push(cid);
            } else {
                lacking += 1;
            }
        }
        Ok((here, lacking))
    }

    /// Unpins the wallet's roots there, each of which is noted first.
    async fn release<'a>(&'a self, release: &mut Release<'a>) -> Result<(), Error> {
        release.turn = Some(self.account.releasing.lock().await);
        release.is_over = true;
        for (slot, root) in self.pinned_roots().await? {
            release.roots.push((slot, root));
            self.node.unpin(&root, &self.run.usual_call(self.account)).await?;
            if slot.is_none() {
                let (node, own) = (self.node.id(), self.edition.edition.slot);
                self.account.local.note_unpinned(node, own, &root).await?;
            }
        }
        Ok(())
    }

    async fn discard(&self, some: &[Cid], within: Duration) -> Result<Discarded, Error> {
        self.node.discard(some, &self.run.call(self.account, within)).await
    }
}

fn of_others() -> Error {
    let words = "something else that is pinned there, of another device or wallet or of the node itself, cannot be read, and keeps damaged blocks \
                 from being put again: what is this wallet's is mended by the device that has it, all else by its operator: `ipfs repo verify --heal`";
    Error::new(Code::Invalid, words)
}
