//! What is said of backup files.

use serde::Serialize;

use crate::clock::UnixMs;

/// A backup file, as it was written or found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// Token states in it, spent ones too. None where it was looked at without the secret.
    pub tokens: Option<usize>,
    /// Those among them that are not proven spent.
    pub live: Option<usize>,
    /// Entries in it.
    pub entries: Option<usize>,
    /// Payloads, evidence and values that the device had listed and did not have: they are not in the file either.
    pub missing: Option<usize>,
    /// Items that do not parse; none in what this release wrote.
    pub unreadable: Option<usize>,
    /// Blocks in the file.
    pub blocks: usize,
    /// Bytes of the file.
    pub bytes: u64,
    /// When it was made by its device's clock, milliseconds since 1970.
    pub made_at: Option<UnixMs>,
    /// The sequence of the record in it; none where the device had not published yet, or its disk took no new signature.
    pub sequence: Option<u64>,
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The file.
    #[serde(flatten)]
    pub backup: BackupReport,
    /// States that are new here.
    pub added: usize,
    /// States whose first proof of spending came.
    pub spent: usize,
    /// Items (states and entries) that were here as they are in the file.
    pub unchanged: usize,
    /// Data blocks that were not here.
    pub stored: usize,
}

/// How far a file is written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupProgress {
    /// Bytes done so far. An import reads its file twice.
    pub done: u64,
    /// Bytes in all, as far as that is known.
    pub total: u64,
}
