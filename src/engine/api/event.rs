//! Events say what changed. A listener that is too slow gets [`Event::Lagged`] and reads again.

use std::time::Duration;

use serde::Serialize;

use super::report::SyncOutcome;
use super::status::Ack;
use crate::clock::{UnixMs, millis};
use crate::limits;
use crate::model::root::Root;
use crate::node::Source;
use crate::shown::plain_or_none;

/// How a change of another device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Its device told of it.
    Push,
    /// The nodes were read.
    Poll,
}

/// Which device made a change, and how it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The device's slot, 0 to 63.
    pub slot: u8,
    /// What its owner calls it, without characters that are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How it came.
    pub by: Way,
}

/// A change of another device that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    pub origin: Origin,
    /// See [`lag`].
    pub lag: Option<Duration>,
}

impl Arrived {
    /// What a root that is merged now says of itself.
    pub fn of(root: &Root, by: Way, now: UnixMs) -> Self {
        let label = root.label.clone().and_then(plain_or_none);
        let origin = Origin { slot: root.slot.number(), label, by };
        Self { origin, lag: lag(by, root.published, now) }
    }
}

/// From publishing by the other device's clock to merging by this one's: as right as the two clocks agree. None where it is seen that they
/// do not: it would be negative, or longer than a message can take.
pub fn lag(by: Way, published: u64, now: UnixMs) -> Option<Duration> {
    let published = UnixMs::try_from(published).ok()?;
    let lag = now.checked_sub(published)?;
    let is_plausible = by == Way::Poll || lag <= millis(limits::PUSH_LAG_MAX);
    u64::try_from(lag).ok().filter(|_| is_plausible).map(Duration::from_millis)
}

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
        /// Which other device made the change, and how it came; none for changes of this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        /// Milliseconds from publishing by that device's clock to merging by this one's, as right as the two clocks agree; none where they
        /// do not.
        #[serde(skip_serializing_if = "Option::is_none")]
        lag_ms: Option<u64>,
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
        /// A stable word: `payload_conflict`, `level_lowered`, `content_lost`, `limit`, `clone`, `window`, `locked`, …
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::clock::millis;
    use crate::engine::api::event::{Way, lag};
    use crate::limits;

    #[test]
    fn clocks_that_are_seen_to_differ_tell_no_lag() {
        let most = millis(limits::PUSH_LAG_MAX);
        assert_eq!(lag(Way::Push, 1_000, 1_250), Some(Duration::from_millis(250)));
        assert_eq!(lag(Way::Push, 1_000, 999), None);
        assert_eq!(lag(Way::Push, 0, most), Some(limits::PUSH_LAG_MAX));
        assert_eq!(lag(Way::Push, 0, most + 1), None);
        assert_eq!(lag(Way::Push, u64::MAX, 1_000), None);
        // A device that was off for days hears of a change days later.
        assert!(lag(Way::Poll, 0, most + 1).is_some() && lag(Way::Poll, 1, 0).is_none());
    }
}
