//! The types that go over IPC. Most are separate from the engine's, so that nothing internal, and no message of a node,
//! reaches a window by accident. Types of the metrics hold numbers and our own words only and are used as they are.
//!
//! Numbers are JSON numbers and exact up to 2⁵³; sequences, which may be larger, are decimal text; times are milliseconds
//! since the Unix epoch.

mod audit;
mod backup;
mod event;
mod metrics;
mod report;
mod rows;
mod status;
mod words;

use serde::{Deserialize, Serialize};

pub use self::audit::{AuditOptions, AuditProgress, AuditReport, Mark, NodeAudit, Rehearsal};
pub use self::backup::{BackupProgress, BackupReport};
pub use self::event::{Origin, Progress, WalletEvent, Way};
pub use self::metrics::{CacheStats, HistoryRange, MetricsReport, NodeFinding, NodeStatus};
pub use self::report::{
    Changed, NameReport, NodeReport, PutReport, SpendReport, SyncOptions, SyncReport, WipeReport,
};
pub use self::rows::{
    EntryPage, EntryRange, EntryRow, EntryVersion, EntryVersions, ProofRow, Since, TokenChanges, TokenPage,
    TokenRange, TokenRef, TokenRow,
};
pub use self::status::{
    AccountInfo, DeviceRow, HighWater, LastSync, LeftOut, SubscribeReport, TokenCounts, WalletStatus,
};
pub use self::words::{
    Ability, Ack, CacheKind, Encoding, ExportFormat, Level, NodeOutcome, NodeState, Spend, SpendKind,
    SyncOutcome,
};
pub use crate::metrics::{
    Bucket, Goal, HistoryPoint, Operation, OperationFigures, Side, SlowOperation, Source, Target,
    TargetState, Totals,
};
use crate::shown::plain;

/// Bytes in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// How the bytes are encoded.
    pub encoding: Encoding,
    /// The bytes.
    pub value: String,
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { encoding: Encoding::Utf8, value: text.to_owned() },
            Err(_) => Self { encoding: Encoding::Base64, value: multibase::Base::Base64Pad.encode(bytes) },
        }
    }
}

/// A count or size; none is ever above 2⁵³.
fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A number that may be above 2⁵³, as text.
fn decimal<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// A sentence of the engine for display: shortened and without characters that are not shown.
fn sentence(text: &str) -> String {
    plain(text).chars().take(crate::limits::SENTENCE_CHARS).collect()
}
