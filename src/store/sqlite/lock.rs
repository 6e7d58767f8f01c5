//! One process per account: an operating-system lock on a file, held for as long as the store is open.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;

use fd_lock::RwLock;

use super::fault::Fault;
use super::files;
use crate::{Code, Error, limits};

/// The held lock. The system lets go of it when the process ends, however it ends.
pub(super) struct Lock(RwLock<File>);

impl Lock {
    /// Takes the lock at once or not at all.
    ///
    /// # Errors
    /// [`Code::Locked`] with the holder's process id, [`Code::StorageIo`] when the file cannot be written.
    pub(super) fn take(path: &Path) -> Result<Self, Fault> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| Fault::io("write to the data folder", &error))?;
        let mut lock = RwLock::new(file);
        match lock.try_write() {
            Ok(mut guard) => {
                // The number is a courtesy to the next one who asks; the lock itself does not depend on it.
                let _ = write_holder(&mut guard);
                // The guard would unlock when dropped. Without it the lock lives as long as the open file.
                std::mem::forget(guard);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(held(path).into()),
            Err(error) => return Err(Fault::io("lock the data folder", &error)),
        }
        Ok(Self(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Taken once more only to unlock by hand: a child process being started may share the open file for a moment.
        let _ = self.0.try_write().map(|guard| guard.set_len(0));
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn held(path: &Path) -> Error {
    let holder = files::read_start(path, limits::LOCK_FILE_BYTES)
        .ok()
        .and_then(|bytes| String::from_utf8_lossy(&bytes).trim().parse::<u32>().ok());
    match holder {
        Some(pid) => Error::new(Code::Locked, format!("the account is held by process {pid}")),
        None => Error::new(Code::Locked, "the account is held by another process"),
    }
}
