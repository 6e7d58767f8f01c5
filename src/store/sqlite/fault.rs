//! From SQLite's and the system's errors to ours.
//!
//! Messages name the failure, never the folder, the statement or its parameters, and the foreign error is not kept as a source
//! since its text can hold all three.

use std::io;

use rusqlite::ErrorCode;

use crate::error::{Code, Error};

/// Primary code IOERR, detail SHMSIZE: the shared memory file could not grow, which is how a full disk shows there.
const IOERR_SHMSIZE: i32 = 10 | (19 << 8);

/// An error on its way out of the store; `?` makes one from SQLite's.
#[derive(Debug)]
pub(crate) struct Fault(Error);

impl Fault {
    /// Structural damage, with what showed it.
    pub(crate) fn corrupt(what: &str) -> Self {
        Self(Error::new(Code::Corrupt, format!("the database is damaged: {what}")))
    }

    /// A failed file operation; `what` completes "cannot …".
    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        if is_in_use(error) {
            return Self(Error::new(Code::Locked, format!("cannot {what}: another program has it open")));
        }
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::StorageFull,
            _ => Code::StorageIo,
        };
        Self(Error::new(code, format!("cannot {what}: {}", error.kind())))
    }

    /// A data folder that cannot be used.
    pub(crate) fn folder(why: &str) -> Self {
        Self(Error::new(Code::StorageIo, format!("the data folder cannot be used: {why}")))
    }

    /// Its code.
    pub(crate) fn code(&self) -> Code {
        self.0.code()
    }
}

/// Whether Windows refused because another program has the file open: a sharing violation, or a locked part of the file.
#[cfg(windows)]
fn is_in_use(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(32 | 33))
}

/// On Unix an open file can be renamed and removed.
#[cfg(not(windows))]
const fn is_in_use(_: &io::Error) -> bool {
    false
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.0
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let detail = error.sqlite_error().map_or(0, |inner| inner.extended_code);
        let (code, words) = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => (Code::StorageFull, "the disk is full"),
            Some(ErrorCode::SystemIoFailure) if detail == IOERR_SHMSIZE => {
                (Code::StorageFull, "the disk is full")
            }
            Some(ErrorCode::SystemIoFailure) => (Code::StorageIo, "the disk failed"),
            Some(ErrorCode::ReadOnly) => (Code::StorageIo, "the database cannot be written"),
            Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                (Code::StorageIo, "the database cannot be opened")
            }
            Some(ErrorCode::OutOfMemory) => (Code::StorageIo, "no memory is left for the database"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (Code::Locked, "another process holds the database")
            }
            Some(ErrorCode::TooBig) => (Code::TooLarge, "a value is too large for the database"),
            // The statements are fixed and tested: whatever else they meet is damage (a lost table, an index that disagrees).
            _ => (Code::Corrupt, "the database is damaged"),
        };
        Self(Error::new(code, format!("{words} (sqlite {detail})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(code: i32) -> Code {
        Fault::from(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(code),
            Some("/home/someone/wallet.sqlite3".into()),
        ))
        .code()
    }

    #[test]
    fn every_failure_of_the_disk_has_its_code() {
        for (sqlite, code) in [
            (13, Code::StorageFull),
            (IOERR_SHMSIZE, Code::StorageFull),
            (10 | (4 << 8), Code::StorageIo),
            (10 | (1 << 8), Code::StorageIo),
            (8, Code::StorageIo),
            (14, Code::StorageIo),
            (11, Code::Corrupt),
            (26, Code::Corrupt),
            (1, Code::Corrupt),
            (5, Code::Locked),
            (18, Code::TooLarge),
        ] {
            assert_eq!(coded(sqlite), code, "sqlite {sqlite}");
        }
    }

    #[test]
    fn no_path_or_statement_gets_into_a_message() {
        let error = Error::from(Fault::from(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(14),
            Some("unable to open database file: /home/someone/wallet.sqlite3".into()),
        )));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("someone"), "{shown}");
        assert!(std::error::Error::source(&error).is_none());
        let io = io::Error::new(io::ErrorKind::PermissionDenied, "/home/someone");
        assert!(!format!("{:?}", Error::from(Fault::io("open the lock file", &io))).contains("someone"));
    }
}
