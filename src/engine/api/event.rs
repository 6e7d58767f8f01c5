//! Events say what changed. A listener that is too slow gets [`Event::Lagged`] and reads again.

use serde::Serialize;

use super::report::SyncOutcome;
use super::status::Ack;
use crate::node::Source;

/// Something that changed. Every event carries the account's revision at that time.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A sync started or ended.
    SyncChanged {
        /// Revision of the account.
        revision: u64,
        /// Whether one is running.
        running: bool,
        /// How the last one ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<SyncOutcome>,
        /// Where its answer came from.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
    },
    /// The token list or entries changed.
    TokensChanged {
        /// Revision of the account.
        revision: u64,
        /// States added.
        added: usize,
        /// States proven spent.
        spent: usize,
    },
    /// Entries were set, here or by another device. Follows [`Event::TokensChanged`].
    EntriesChanged {
        /// Revision of the account.
        revision: u64,
    },
    /// The level of changes rose or fell.
    PublishChanged {
        /// Revision of the account.
        revision: u64,
        /// Lowest level of any change of ours.
        ack: Ack,
        /// Nodes proven to hold our latest root.
        verified_nodes: usize,
    },
    /// A node became better or worse.
    NodeHealthChanged {
        /// Revision of the account.
        revision: u64,
    },
    /// Something a person should look at.
    Alert {
        /// Revision of the account.
        revision: u64,
        /// A stable word: `payload_conflict`, `level_lowered`, `content_lost`, `limit`, `clone`, …
        kind: &'static str,
        /// One sentence.
        message: String,
    },
    /// The listener was too slow and missed events: read again.
    Lagged {
        /// How many were missed.
        missed: u64,
    },
}

/// Step of a running sync, for progress displays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Progress {
    /// Records are being read.
    Reading {
        /// Names asked for.
        names: usize,
    },
    /// The list is known and merged.
    Listed {
        /// States new here.
        added: usize,
    },
    /// Payloads are arriving.
    Fetching {
        /// Payloads here.
        done: usize,
        /// Payloads wanted.
        total: usize,
    },
    /// Blocks are going to the nodes.
    Publishing {
        /// Nodes proven to hold the change.
        verified: usize,
        /// Nodes written to.
        nodes: usize,
    },
}
