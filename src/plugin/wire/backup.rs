//! Backup files.

use serde::Serialize;

use super::count;
use crate::engine;

/// A backup file that was written, read back and found whole.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// Its name, in the folder for backups that the app chose.
    pub file: String,
    /// Token states in it, spent ones too.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub tokens: u64,
    /// Entries in it.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub entries: u64,
    /// Payloads and other blocks that this device has listed and not fetched: they are not in the file.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub missing: u64,
    /// Blocks in it.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub blocks: u64,
    /// Its bytes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes: u64,
}

impl BackupReport {
    pub(in crate::plugin) fn of(report: engine::BackupReport, file: String) -> Self {
        let number = |number: Option<usize>| count(number.unwrap_or(0));
        Self {
            file,
            tokens: number(report.tokens),
            entries: number(report.entries),
            missing: number(report.missing),
            blocks: count(report.blocks),
            bytes: report.bytes,
        }
    }
}

/// How far a backup file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct BackupProgress {
    /// Bytes written.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub done: u64,
    /// Bytes in all, about; equal to `done` in the last message.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
}

impl From<engine::BackupProgress> for BackupProgress {
    fn from(engine::BackupProgress { done, total }: engine::BackupProgress) -> Self {
        Self { done, total }
    }
}
