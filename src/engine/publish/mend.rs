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
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::node::{Discarded, is_refused};

/// What was unpinned on a node, which is done on one node at a time: should the process end meanwhile, the others hold the wallet.
#[derive(Default)]
struct Release<'a> {
    roots: Vec<Pinned>,
    turn: Option<MutexGuard<'a, ()>>,
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
        let (here, lacking) = self.supplied(here).await?;
        let mut release = Release::default();
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

    /// Drops these and sends them. The node walks through all that is pinned for each block that it drops: where there are many,
    /// and where it cannot read a node of a trie and so drops nothing, what the wallet has pinned there is released first.
    async fn replace<'a>(&'a self, here: &[Cid], release: &mut Release<'a>) -> Result<(), Error> {
        let damage = &self.account.damage;
        if here.len() > limits::DISCARD_BLOCKS {
            self.release(release).await?;
        }
        for some in here.chunks(limits::DISCARD_BLOCKS) {
            tracing::debug!(node = self.node.id(), blocks = some.len(), "damaged blocks are put again");
            let dropped = match self.discard(some, limits::DISCARD_FIRST).await {
                Err(e) if is_refused(&e) => return Err(e),
                Ok(Discarded::All) => Discarded::All,
                // A changed byte may name a block that is nowhere: the walk waits for it.
                Ok(Discarded::Unreadable) | Err(_) => {
                    if release.turn.is_none() {
                        self.release(release).await?;
                    }
                    self.discard(some, limits::DISCARD).await?
                }
            };
            if dropped == Discarded::Unreadable {
                let words = "something else that is pinned there, of another device or wallet or of the node itself, cannot be read, and keeps damaged blocks \
                             from being put again: what is this wallet's is mended by the device that has it, all else by its operator: `ipfs repo verify --heal`";
                return Err(Error::new(Code::Invalid, words));
            }
            self.upload(some, None).await?;
            damage.note_mended(self.at, some);
            self.read_back(some).await?;
        }
        Ok(())
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
