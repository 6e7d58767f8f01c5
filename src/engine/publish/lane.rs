//! One edition on its way to one node.

use super::edition::SignedEdition;
use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::proofs::Proven;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::node::Node;

/// An edition and the node it goes to.
pub struct Lane<'a> {
    pub account: &'a Account,
    pub node: &'a dyn Node,
    pub edition: &'a SignedEdition,
    pub run: &'a Run,
}

impl<'a> Lane<'a> {
    /// # Errors
    /// `not_found` when there is no such node.
    pub fn to(
        at: usize,
        account: &'a Account,
        edition: &'a SignedEdition,
        run: &'a Run,
    ) -> Result<Self, Error> {
        Ok(Self { account, node: account.network.require(at)?, edition, run })
    }

    /// What has to be sent. Where nothing is known any more of a node that was written to before, one question may
    /// save sending everything.
    pub async fn to_send(&self) -> Vec<Cid> {
        let lack = lacking(self.account, self.node.id(), self.edition);
        let was_pinned = self.account.local.read().nodes().is_known(self.node.id());
        let root = self.edition.edition.root;
        if lack.len() == self.edition.all.len()
            && was_pinned
            && let Ok(Some(_)) = self.node.holds_dag(&root, &self.run.usual_call(self.account)).await
        {
            return Vec::new();
        }
        lack
    }

    /// Remembers the node as proven to hold the edition, and our own name as seen.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_proven(&self, sent: &[Cid]) -> Result<(), Error> {
        let edition = &self.edition.edition;
        let proven = Proven {
            slot: edition.slot,
            sequence: edition.sequence,
            root: edition.root,
            all: &self.edition.all,
            sent,
        };
        self.account.local.note_proven(self.node.id(), proven).await
    }

    /// Unpins roots of ours beyond the newest few. Only roots that the node was verified with are listed, so a newer
    /// one is pinned and proven there.
    pub async fn unpin_older(&self) {
        let local = &self.account.local;
        let Some(row) = local.read().nodes().newest_row(self.node.id()).cloned() else { return };
        let surplus = row.pinned.len().saturating_sub(limits::PINNED_ROOTS);
        for root in row.pinned.iter().take(surplus) {
            let unpinned = self.node.unpin(root, &self.run.usual_call(self.account)).await;
            if unpinned.is_err() || local.note_unpinned(self.node.id(), root).await.is_err() {
                return;
            }
        }
    }
}

/// Blocks of the edition that a node is not known to hold, children first.
pub fn lacking(account: &Account, node: &str, edition: &SignedEdition) -> Vec<Cid> {
    let state = account.local.read();
    match state.nodes().held(node) {
        Some(held) => edition.all.iter().filter(|cid| !held.contains(cid)).copied().collect(),
        None => edition.all.clone(),
    }
}

/// Whether an upload is bulk: then two nodes carry it to the others.
pub fn is_bulk(account: &Account, node: &str, edition: &SignedEdition) -> bool {
    edition.bytes_of(&lacking(account, node, edition)) > limits::BULK_BYTES as u64
}
