//! The state of an account, without any network.

use serde::Serialize;

use super::{Ack, count, decimal};
use crate::engine;

/// An open account.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// Its name.
    pub account: String,
    /// Number of this opening: grows each time that an account is opened.
    pub opening: u32,
    /// Grows with every change of what a window may show.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
}

/// Number of live states, which have no proof of spending.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct TokenCounts {
    /// Unspent and suspect.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
    /// Without any spend.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub unspent: u64,
    /// With an intent and no proof.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub suspect: u64,
}

impl From<engine::TokenCounts> for TokenCounts {
    fn from(counts: engine::TokenCounts) -> Self {
        Self { total: count(counts.total), unspent: count(counts.unspent), suspect: count(counts.suspect) }
    }
}

/// The last sync.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct LastSync {
    /// When.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// Its source.
    pub source: String,
    /// Its outcome.
    pub outcome: String,
}

/// High-water mark of a name.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct HighWater {
    /// `12D3KooW…`.
    pub name: String,
    /// Highest sequence seen, in decimal: it may be larger than a number of JavaScript can be.
    #[serde(serialize_with = "decimal")]
    #[cfg_attr(feature = "specta", specta(type = String))]
    pub sequence: u64,
}

/// State of an account, without any network.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct WalletStatus {
    /// Which account.
    pub account: String,
    /// Number of this opening: grows each time that an account is opened. 0 while it is being opened: this is how it was closed then.
    pub opening: u32,
    /// Grows with every change of what a window may show, from the opening on.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Number of live states.
    pub tokens: TokenCounts,
    /// Changes of this device below `verified`.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub pending: u64,
    /// Lowest level of any change of this device.
    pub ack: Ack,
    /// The last sync.
    pub last_sync: Option<LastSync>,
    /// Whether a sync is running.
    pub syncing: bool,
    /// Number of the IPNS name that this device publishes under, once it has one.
    pub slot: Option<u8>,
    /// High-water marks of the known names.
    pub high_water: Vec<HighWater>,
    /// Configured nodes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub nodes: u64,
    /// Nodes proven to hold this device's latest root.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub verified_nodes: u64,
    /// Payloads of live states that are not on this device yet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub missing_payloads: u64,
    /// Slots that were seen and whose content is not here: the wallet is not whole without them.
    pub unread: Vec<u8>,
    /// Slots of which only a part fits here.
    pub left_out: Vec<LeftOut>,
    /// The wallet has another secret since: nothing is read or published under this one any more.
    pub moved: bool,
}

/// What of another device's content does not fit here.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LeftOut {
    /// Its slot.
    pub slot: u8,
    /// Items that were left out. They are on the nodes.
    pub items: u32,
}

impl WalletStatus {
    pub(in crate::plugin) fn of(
        account: &str,
        opening: u32,
        status: engine::Status,
        nodes: usize,
        syncing: bool,
    ) -> Self {
        let mark = |mark: engine::HighWater| HighWater { name: mark.name, sequence: mark.sequence };
        let left = |left: engine::LeftOut| LeftOut { slot: left.slot, items: left.items };
        let last =
            |last: engine::LastSync| LastSync { at: last.at, source: last.source, outcome: last.outcome };
        Self {
            account: account.to_owned(),
            opening,
            revision: status.revision,
            tokens: status.tokens.into(),
            pending: count(status.pending),
            ack: status.ack.into(),
            last_sync: status.last_sync.map(last),
            syncing,
            slot: status.slot,
            high_water: status.high_water.into_iter().map(mark).collect(),
            nodes: count(nodes),
            verified_nodes: count(status.verified_nodes),
            missing_payloads: count(status.missing_payloads),
            unread: status.unread,
            left_out: status.left_out.into_iter().map(left).collect(),
            moved: status.moved,
        }
    }
}

/// A device of the wallet: who publishes under a slot.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename = "Device", rename_all = "camelCase")]
pub struct DeviceRow {
    /// Its slot.
    pub slot: u8,
    /// What its owner calls it.
    pub label: Option<String>,
    /// Whether it is this device.
    #[serde(rename = "self")]
    pub is_self: bool,
    /// Sequence of its last record, in decimal.
    #[serde(serialize_with = "decimal")]
    #[cfg_attr(feature = "specta", specta(type = String))]
    pub sequence: u64,
    /// When that was made, by the device's own clock; none where it is not known.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub published_at: Option<u64>,
    /// Whether the slot was given back: the next device that needs one takes it.
    pub retired: bool,
    /// Whether all it published is here.
    pub contained: bool,
}

impl From<engine::DeviceRow> for DeviceRow {
    fn from(row: engine::DeviceRow) -> Self {
        let engine::DeviceRow { slot, label, is_self, sequence, published_at, retired, contained } = row;
        Self { slot, label, is_self, sequence, published_at, retired, contained }
    }
}

/// Answer to a subscription.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename = "Subscription", rename_all = "camelCase")]
pub struct SubscribeReport {
    /// Which account.
    pub account: String,
    /// Its revision now; 0 while it is closed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Whether this listener missed events since it subscribed before.
    pub missed: bool,
    /// Number of its opening; none while it is closed.
    pub opening: Option<u32>,
}
