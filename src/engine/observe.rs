//! Watching an account: measurements, nodes, cache. A part of [`Engine`]'s public methods.

use super::Engine;
use super::api::status::{Ack, CacheKind, CacheStats, Finding, NodeStatus, TokenCounts};
use super::api::tokens::{TokenChanges, TokenRow};
use super::tasks::to_the_end;
use super::wallet::{read, status};
use crate::clock::UnixMs;
use crate::error::Error;
use crate::metrics::{HistoryPoint, Snapshot, Target};
use crate::model::inventory::TokenKey;
use crate::node::health::NodeHealth;

impl Engine {
    /// Counts of the view.
    #[must_use]
    pub fn counts(&self) -> TokenCounts {
        self.account().local.read().counts()
    }

    /// Revision of the account: grows with every change of what is shown.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.account().local.revision()
    }

    /// Up to `limit` rows of the view in key order, after a key; `all` shows proven-spent states too.
    #[must_use]
    pub fn tokens(&self, after: Option<&TokenKey>, limit: usize, all: bool) -> Vec<TokenRow> {
        read::tokens(self.account(), after, limit, all)
    }

    /// What changed in the list since it had a revision; at most so many tokens and rows.
    #[must_use]
    pub fn token_changes(&self, revision: u64, all: bool, at_most: usize) -> TokenChanges {
        read::token_changes(self.account(), revision, all, at_most)
    }

    /// Level of everything that this device did not change itself; see [`TokenRow::own`].
    #[must_use]
    pub fn others_level(&self) -> Ack {
        read::others_level(self.account()).into()
    }

    /// The account's wall clock.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.account().clock.now()
    }

    /// The operations measured so far, the history of this folder included.
    #[must_use]
    pub fn metrics(&self) -> Snapshot {
        status::metrics(self.account())
    }

    /// The target status of the measured operations.
    #[must_use]
    pub fn target(&self) -> Target {
        self.account().measure.metrics.target()
    }

    /// The metrics in Prometheus text format.
    #[must_use]
    pub fn prometheus(&self) -> String {
        self.account().measure.metrics.prometheus()
    }

    /// What was measured from `from_minute` up to but not including `to_minute` (minutes since the Unix epoch), a point
    /// per step; see [`Metrics::history`](crate::metrics::Metrics::history).
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only; what was measured since the last write to disk may be written or not.
    pub async fn metrics_history(
        &self,
        from_minute: i64,
        to_minute: i64,
        step_minutes: u32,
    ) -> Result<Vec<HistoryPoint>, Error> {
        status::metrics_history(self.account(), from_minute, to_minute, step_minutes).await
    }

    /// Starts the measurements at zero and forgets their history.
    ///
    /// # Errors
    /// `locked` for a handle that only reads along; store errors.
    ///
    /// # Cancel safety
    /// Whole or not at all.
    pub async fn reset_metrics(&self) -> Result<(), Error> {
        let account = self.writable()?;
        to_the_end(async move { status::reset_metrics(&account).await }).await
    }

    /// How many nodes are configured.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.account().network.len()
    }

    /// Each configured node, in the order of the configuration.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeStatus> {
        self.account().network.statuses()
    }

    /// Health of each configured node.
    #[must_use]
    pub fn node_health(&self) -> Vec<NodeHealth> {
        self.account().network.node_health()
    }

    /// Tries on one node everything that a sync and a publish ask of it, with things drawn for this: an upload of a megabyte, a few
    /// pins and a record that ends soon. Nothing of the wallet is touched. At most [`CHECK_WHOLE`](crate::limits::CHECK_WHOLE).
    ///
    /// # Errors
    /// `not_found` when no node has this id; `rate_limited` while another check is under way; `closed`.
    ///
    /// # Cancel safety
    /// A pin of one block of 34 bytes may be left on the node.
    pub async fn check_node(&self, id: &str) -> Result<Vec<Finding>, Error> {
        status::check_node(self.account(), id).await
    }

    /// Statistics of the cache.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn cache_stats(&self) -> Result<CacheStats, Error> {
        status::cache_stats(self.account()).await
    }

    /// Clears what can be fetched or built again; payloads and evidence of anything not proven spent stay.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Clears whole or not at all.
    pub async fn clear_cache(&self, kind: CacheKind) -> Result<(), Error> {
        let account = self.writable()?;
        to_the_end(async move { status::clear_cache(&account, kind).await }).await
    }
}
