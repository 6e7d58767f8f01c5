//! Events and progress.

use serde::Serialize;

use super::{Ack, Source, SyncOutcome, count, sentence};
use crate::engine::{self, Event};

/// Which device made a change, and how it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The device's slot, 0 to 63.
    pub slot: u8,
    /// What its owner calls it.
    pub label: Option<String>,
    /// How it came.
    pub by: Way,
}

/// How a change of another device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Its device told of it.
    Push,
    /// The nodes were read.
    Poll,
}

impl From<engine::Origin> for Origin {
    fn from(origin: engine::Origin) -> Self {
        let by = match origin.by {
            engine::Way::Push => Way::Push,
            engine::Way::Poll => Way::Poll,
        };
        Self { slot: origin.slot, label: origin.label, by }
    }
}

/// Something has changed. An event carries no content: read it with a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum WalletEvent {
    /// A sync started or ended.
    SyncChanged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// Whether a sync is running.
        running: bool,
        /// How the last one ended.
        outcome: Option<SyncOutcome>,
        /// Where its answer came from.
        source: Option<Source>,
    },
    /// The token list or the entries changed.
    TokensChanged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// States added since the last such event.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        added: u64,
        /// States proven spent since the last such event.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        spent: u64,
        /// Which other device made the last of these changes, and how it came; `null` for changes of this device.
        #[cfg_attr(feature = "specta", specta(optional))]
        origin: Option<Origin>,
        /// Milliseconds from publishing by that device's clock to merging by this one's: as right as the two clocks agree. `null` where it
        /// is seen that they do not.
        #[cfg_attr(feature = "specta", specta(optional, type = Option<specta_typescript::Number>))]
        lag_ms: Option<u64>,
    },
    /// Entries were set or deleted, here or by another device.
    EntriesChanged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
    },
    /// The level of changes has risen or fallen.
    PublishChanged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// Lowest level of any change of this device.
        ack: Ack,
        /// Nodes proven to hold this device's latest root.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        verified_nodes: u64,
    },
    /// A node became better or worse.
    NodeHealthChanged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
    },
    /// There are new measurements.
    MetricsUpdated {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
    },
    /// Something that a person should see.
    Alert {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// A stable identifier: `payload_conflict`, `level_lowered`, `content_lost`, `limit`, `clone`, `window`, `locked`, …
        kind: String,
        /// One sentence.
        message: String,
    },
    /// Events were missed: read everything again.
    Lagged {
        /// Which account.
        account: String,
        /// Revision of the account at that time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// How many were missed, at least.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        missed: u64,
    },
    /// The account was opened. Revisions count anew.
    Opened {
        /// Which account.
        account: String,
        /// Its revision.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
        /// Number of this opening; see `status`.
        opening: u32,
    },
    /// The account is being opened, which takes a while: `status` and `list_tokens` answer with what it showed when it was closed.
    Opening {
        /// Which account.
        account: String,
        /// Always 0.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
    },
    /// The account was closed. The next event is `opening` or `opened`.
    Closed {
        /// Which account.
        account: String,
        /// Its last revision.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        revision: u64,
    },
}

impl WalletEvent {
    /// Converts an event of the engine; `revision` is the account's highest so far.
    pub(in crate::plugin) fn of(account: &str, revision: u64, event: Event) -> Self {
        let account = account.to_owned();
        match event {
            Event::SyncChanged { running, outcome, source, .. } => {
                let outcome = outcome.map(SyncOutcome::from);
                Self::SyncChanged { account, revision, running, outcome, source }
            }
            Event::TokensChanged { added, spent, origin, lag_ms, .. } => {
                let (added, spent, origin) = (count(added), count(spent), origin.map(Origin::from));
                Self::TokensChanged { account, revision, added, spent, origin, lag_ms }
            }
            Event::PublishChanged { ack, verified_nodes, .. } => {
                let verified_nodes = count(verified_nodes);
                Self::PublishChanged { account, revision, ack: ack.into(), verified_nodes }
            }
            Event::EntriesChanged { .. } => Self::EntriesChanged { account, revision },
            Event::NodeHealthChanged { .. } => Self::NodeHealthChanged { account, revision },
            Event::Alert { kind, message, .. } => {
                Self::Alert { account, revision, kind: kind.to_owned(), message: sentence(&message) }
            }
            Event::Lagged { missed } => Self::Lagged { account, revision, missed },
        }
    }

    /// Merges an older event of the same kind into this one.
    pub(in crate::plugin) fn after(mut self, old: &Self) -> Self {
        if let (
            Self::TokensChanged { added, spent, .. },
            Self::TokensChanged { added: more, spent: further, .. },
        ) = (&mut self, old)
        {
            *added += *more;
            *spent += *further;
        }
        self
    }
}

/// Step of a running sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Progress {
    /// Records are being read.
    Reading {
        /// Names asked for.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        names: u64,
    },
    /// The list is known and merged.
    Listed {
        /// States that are new on this device.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        added: u64,
    },
    /// Payloads are arriving.
    Fetching {
        /// Payloads that have arrived.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        done: u64,
        /// Payloads wanted.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        total: u64,
    },
    /// Blocks are being sent to the nodes.
    Publishing {
        /// Nodes proven to hold the change.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        verified: u64,
        /// Nodes written to.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        nodes: u64,
    },
    /// The last message.
    Finished,
}

impl From<engine::Progress> for Progress {
    fn from(step: engine::Progress) -> Self {
        match step {
            engine::Progress::Reading { names } => Self::Reading { names: count(names) },
            engine::Progress::Listed { added } => Self::Listed { added: count(added) },
            engine::Progress::Fetching { done, total } => {
                Self::Fetching { done: count(done), total: count(total) }
            }
            engine::Progress::Publishing { verified, nodes } => {
                Self::Publishing { verified: count(verified), nodes: count(nodes) }
            }
        }
    }
}
