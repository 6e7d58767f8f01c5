//! One process per account: an operating-system lock on a file, held for as long as the store is open.
//!
//! The holder's process id is for the next one who asks. On Unix it is in the lock file. On Windows others cannot read a locked
//! file, so that it has a file of its own there.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use super::disk::{self, Identity};
use super::fault::Fault;
use super::files::Files;
use crate::error::{Code, Error};
use crate::limits;

/// The held lock. The system lets go of it when the process ends, however it ends.
pub(super) struct Lock {
    file: File,
    identity: Identity,
    holder: PathBuf,
}

impl Lock {
    /// Takes the lock at once or not at all.
    ///
    /// # Errors
    /// [`Code::Locked`] with the holder's process id, [`Code::StorageIo`] when the file cannot be written.
    pub(super) fn take(files: &Files) -> Result<Self, Fault> {
        let mut options = disk::private();
        disk::keep_in_place(options.read(true).create(true).truncate(false));
        let file = disk::open_private(&options, &files.lock())
            .map_err(|error| Fault::io("write to the data folder", &error))?;
        let holder = files.holder();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&holder).into()),
            Err(TryLockError::Error(error)) => return Err(Fault::io("lock the data folder", &error)),
        }
        let identity = file.metadata().map(|file| disk::identity_of(&file));
        let identity = identity.map_err(|error| Fault::io("look at the lock file", &error))?;
        if !disk::identity(&files.lock()).is_ok_and(|found| found == identity) {
            // Somebody removed the file in between: the next one would lock another.
            return Err(held(&holder).into());
        }
        // The number is a courtesy; the lock itself does not depend on it.
        let _ = write_holder(&holder);
        Ok(Self { file, identity, holder })
    }

    /// Which file is locked.
    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = if cfg!(windows) { std::fs::remove_file(&self.holder) } else { self.file.set_len(0) };
        // By hand: a child process being started may share the open file for a moment.
        let _ = self.file.unlock();
    }
}

fn write_holder(path: &std::path::Path) -> io::Result<()> {
    let mut file = disk::open_private(disk::private().create(true).truncate(true), path)?;
    write!(file, "{}", std::process::id())
}

fn held(holder: &std::path::Path) -> Error {
    let pid = disk::read_start(holder, limits::LOCK_FILE_BYTES)
        .ok()
        .and_then(|bytes| String::from_utf8_lossy(&bytes).trim().parse::<u32>().ok());
    match pid {
        Some(pid) => Error::new(Code::Locked, format!("the account is held by process {pid}")),
        None => Error::new(Code::Locked, "the account is held by another process"),
    }
}
