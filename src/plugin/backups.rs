//! Backup files that a window asks for: where they go is the app's choice, never the window's.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::folder;
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;

const ENDING: &str = ".backup.car";

/// A file that is not there yet in the folder for backups, which is made when it is absent.
///
/// # Errors
/// [`Code::Conflict`] where the folder holds [`limits::BACKUP_FILES`] of this account already; [`Code::StorageIo`].
pub(super) fn new_file(base: &Path, id: &str, now: UnixMs) -> Result<(PathBuf, String), Error> {
    let failed = |e: &std::io::Error| {
        Error::new(Code::StorageIo, format!("the folder for backups cannot be used: {}", e.kind()))
    };
    folder::make_private(base).map_err(|e| failed(&e))?;
    let account = folder::name_of(id);
    let begin = format!("{account}.");
    let entries = std::fs::read_dir(base).map_err(|e| failed(&e))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let is_ours = |name: &std::ffi::OsString| {
        name.to_str().is_some_and(|name| name.starts_with(&begin) && name.ends_with(ENDING))
    };
    if names.filter(is_ours).count() >= limits::BACKUP_FILES {
        let message =
            format!("{} backups of this account are kept already: move them elsewhere", limits::BACKUP_FILES);
        return Err(Error::new(Code::Conflict, message));
    }
    let at = when(now);
    let name = (1..=limits::BACKUP_FILES).map(|number| match number {
        1 => format!("{begin}{at}{ENDING}"),
        number => format!("{begin}{at}-{number}{ENDING}"),
    });
    let mut free = name.filter(|name| base.join(name).symlink_metadata().is_err());
    let name =
        free.next().ok_or_else(|| Error::new(Code::Conflict, "a backup of this name is there already"))?;
    Ok((base.join(&name), name))
}

/// Digits that sort by time, and stand in no file system's way.
fn when(now: UnixMs) -> String {
    let Ok(time) = OffsetDateTime::from_unix_timestamp(now.div_euclid(1000)) else { return now.to_string() };
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_a_name_of_its_own_and_there_are_only_so_many() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("backups");
        let mut names = Vec::new();
        for _ in 0..limits::BACKUP_FILES {
            let (path, name) = new_file(&folder, "Alice", 1_767_225_600_000).unwrap();
            assert_eq!(path, folder.join(&name));
            std::fs::write(path, "").unwrap();
            names.push(name);
        }
        assert_eq!(names[0], "account-~41lice.20260101T000000Z.backup.car");
        assert_eq!(names[1], "account-~41lice.20260101T000000Z-2.backup.car");
        assert_eq!(new_file(&folder, "Alice", 0).unwrap_err().code(), Code::Conflict);
        // Another account whose name begins alike has its own.
        assert!(new_file(&folder, "Alice2", 0).is_ok());
    }
}
