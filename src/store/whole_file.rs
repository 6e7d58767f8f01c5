//! A file that a person names, which appears under its name whole or not at all.
//!
//! It is written under another name in the same folder, synced, renamed, and the folder is synced. What a process that was killed
//! left under such a name goes with the next write to the same file.
//!
//! Messages name no folder: the caller knows it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::sqlite::disk;
use crate::error::{Code, Error};
use crate::limits;

/// Ending of what is not whole yet.
const PART: &str = ".part";

/// A file in the making. Dropped before [`WholeFile::finish`] it leaves nothing.
#[derive(Debug)]
pub struct WholeFile {
    target: PathBuf,
    part: PathBuf,
    /// Held locked as long as it is written; none once it is closed.
    file: Option<File>,
    replaces: bool,
}

impl WholeFile {
    /// Begins a file; `tag` tells it from others that are written to the same name at this moment.
    ///
    /// # Errors
    /// [`Code::Conflict`] where there is something under the name and it is not to be replaced; [`Code::BadRequest`] where no file can be
    /// made there; [`Code::StorageFull`], [`Code::StorageIo`].
    pub fn begin(target: &Path, tag: u64, replaces: bool) -> Result<Self, Error> {
        let target = disk::verbatim(target);
        let Some(name) = target.file_name() else { return Err(bad("this names no file")) };
        if target.is_dir() {
            return Err(bad("this is a folder"));
        }
        if !replaces && disk::present(&target) {
            return Err(exists());
        }
        // A device, a pipe or a link would be gone, with a file in its place.
        if fs::symlink_metadata(&target).is_ok_and(|found| !found.is_file()) {
            return Err(bad("what is there is no regular file"));
        }
        remove_leftovers(&target, name);
        let part = target.with_file_name(part_name(name, tag));
        let file = disk::open_private(disk::private().read(true).create_new(true), &part);
        let file = file.map_err(|e| failed(&e))?;
        let whole = Self { target, part, file: Some(file), replaces };
        // What is locked is not left over; a file system without locks has none that could be told apart.
        let _ = whole.file.as_ref().map(File::try_lock);
        Ok(whole)
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Code::StorageFull`], [`Code::StorageIo`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(|e| failed(&e)),
            None => Err(Error::new(Code::StorageIo, "the file is closed")),
        }
    }

    /// What was written, from its beginning: it is on disk.
    ///
    /// # Errors
    /// As [`WholeFile::write`].
    pub fn read_back(&mut self) -> Result<ReadFile, Error> {
        let Some(file) = &mut self.file else {
            return Err(Error::new(Code::StorageIo, "the file is closed"));
        };
        file.sync_all().and_then(|()| file.rewind()).map_err(|e| failed(&e))?;
        file.try_clone().map(ReadFile).map_err(|e| failed(&e))
    }

    /// Puts it under its name. On disk when this returns.
    ///
    /// # Errors
    /// As [`WholeFile::begin`]; what was under the name is as it was then.
    pub fn finish(mut self) -> Result<(), Error> {
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(|e| failed(&e))?;
        }
        self.put_in_place()?;
        disk::sync_folder(folder_of(&self.target)).map_err(|e| failed(&e))
    }

    fn put_in_place(&self) -> Result<(), Error> {
        if !self.replaces {
            // A second name fails where there is one; not every file system has second names.
            match fs::hard_link(&self.part, &self.target) {
                Ok(()) => return Ok(()),
                Err(_) if disk::present(&self.target) => return Err(exists()),
                Err(_) => {}
            }
        }
        fs::rename(&self.part, &self.target).map_err(|e| failed(&e))
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        drop(self.file.take());
        // After a rename there is nothing under this name.
        let _ = fs::remove_file(&self.part);
    }
}

/// Reads a file that a person names, part by part.
#[derive(Debug)]
pub struct ReadFile(File);

impl ReadFile {
    /// Opens it.
    ///
    /// # Errors
    /// [`Code::BadRequest`] where it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |e: &std::io::Error| bad(&format!("the file cannot be read: {}", e.kind()));
        let file = File::open(disk::verbatim(path)).map_err(|e| unreadable(&e))?;
        if file.metadata().is_ok_and(|about| about.is_dir()) {
            return Err(bad("this is a folder"));
        }
        Ok(Self(file))
    }

    /// Bytes that it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |about| about.len())
    }

    /// The next bytes, [`limits::FILE_CHUNK`] of them; fewer at the end, none behind it.
    ///
    /// # Errors
    /// [`Code::BadRequest`] where it cannot be read.
    pub fn read_on(&mut self) -> Result<Vec<u8>, Error> {
        let mut chunk = Vec::new();
        let most = limits::FILE_CHUNK;
        match (&mut self.0).take(most).read_to_end(&mut chunk) {
            Ok(_) => Ok(chunk),
            Err(e) => Err(bad(&format!("the file cannot be read: {}", e.kind()))),
        }
    }
}

fn part_name(name: &OsStr, tag: u64) -> OsString {
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{tag:016x}{PART}"));
    part
}

/// Removes what processes that were killed left; what is locked is being written.
fn remove_leftovers(target: &Path, name: &OsStr) {
    let Ok(entries) = fs::read_dir(folder_of(target)) else { return };
    let begin = [b".", name.as_encoded_bytes(), b"."].concat();
    for entry in entries.flatten() {
        let found = entry.file_name();
        let bytes = found.as_encoded_bytes();
        let middle = bytes.strip_prefix(begin.as_slice()).and_then(|rest| rest.strip_suffix(PART.as_bytes()));
        let is_ours = middle.is_some_and(|tag| tag.len() == 16 && tag.iter().all(u8::is_ascii_hexdigit));
        if is_ours
            && let Ok(file) = disk::private().open(entry.path())
            && file.try_lock().is_ok()
        {
            // It only takes room.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn bad(message: &str) -> Error {
    Error::new(Code::BadRequest, message)
}

fn exists() -> Error {
    Error::new(Code::Conflict, "there is a file of this name already, and it is not to be replaced")
}

fn failed(error: &std::io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Code::StorageFull,
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename => Code::BadRequest,
        _ => Code::StorageIo,
    };
    Error::new(code, format!("the file cannot be written: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_stands_under_the_name_before_the_end_and_all_of_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        let mut file = WholeFile::begin(&path, 1, false).unwrap();
        file.write(b"one").unwrap();
        file.write(b"two").unwrap();
        assert_eq!(file.read_back().unwrap().read_on().unwrap(), b"onetwo");
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
        assert_eq!(names(folder.path()), ["backup"]);
    }

    #[test]
    fn a_file_is_replaced_only_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        fs::write(&path, "old").unwrap();
        assert_eq!(WholeFile::begin(&path, 1, false).unwrap_err().code(), Code::Conflict);
        let mut file = WholeFile::begin(&path, 1, true).unwrap();
        file.write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // It came while the other one was written.
        let late = folder.path().join("late");
        let file = WholeFile::begin(&late, 2, false).unwrap();
        fs::write(&late, "first").unwrap();
        assert_eq!(file.finish().unwrap_err().code(), Code::Conflict);
        assert_eq!(fs::read(&late).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["backup", "late"]);
    }

    #[test]
    fn what_a_dropped_or_killed_write_left_is_removed_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        drop(WholeFile::begin(&path, 1, false).unwrap());
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let others = [".backup.00.part", ".other.0000000000000001.part", "backup.0000000000000001.part"];
        others.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        fs::write(folder.path().join(".backup.0000000000000009.part"), "left over").unwrap();
        let first = WholeFile::begin(&path, 2, false).unwrap();
        let mut left = others.map(str::to_owned).to_vec();
        left.push(".backup.0000000000000002.part".to_owned());
        left.sort();
        assert_eq!(names(folder.path()), left);
        let second = WholeFile::begin(&path, 3, false).unwrap();
        first.finish().unwrap();
        assert_eq!(second.finish().unwrap_err().code(), Code::Conflict);
        assert!(path.exists());
    }

    #[test]
    fn what_cannot_be_written_or_read_is_wrong_input() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none").join("backup"), PathBuf::from("/")]
        {
            assert_eq!(WholeFile::begin(&path, 1, true).unwrap_err().code(), Code::BadRequest);
            assert_eq!(ReadFile::open(&path).unwrap_err().code(), Code::BadRequest);
        }
    }
}
