//! Names of the files in an account's folder, and operations on them that survive a crash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::disk;
use super::fault::Fault;
use crate::limits;

/// The database.
pub(super) const DATABASE: &str = "wallet.sqlite3";

/// What belongs to a database in the making, by their names' endings.
const UNFINISHED: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Paths of one account's folder. While a connection is open the database file is touched by SQLite only: closing any other
/// handle to it would drop the process's locks on it (POSIX).
#[derive(Clone, Debug)]
pub(super) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: disk::verbatim(dir) }
    }

    /// Makes the folder, readable by its owner only.
    pub(super) fn make_folder(&self) -> Result<(), Fault> {
        disk::make_folder(&self.dir)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every file that is opened under a fixed name.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let companions = Self::PARTS.iter().map(|part| self.part(part));
        let unfinished = UNFINISHED.iter().map(|part| self.named(&format!(".new{part}")));
        let single = [self.lock(), self.holder(), self.session(), self.marker()];
        companions.chain(unfinished).chain(single).collect()
    }

    fn named(&self, suffix: &str) -> PathBuf {
        self.dir.join(format!("{DATABASE}{suffix}"))
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The file with the process id of the lock's holder.
    pub(super) fn holder(&self) -> PathBuf {
        self.dir.join(if cfg!(windows) { "lock.pid" } else { "lock" })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.named("")
    }

    pub(super) fn wal(&self) -> PathBuf {
        self.named("-wal")
    }

    /// Files that belong to the database by their name's ending; the database itself first.
    pub(super) const PARTS: [&'static str; 3] = ["", "-wal", "-shm"];

    /// The database or a companion, as it is in use.
    pub(super) fn part(&self, part: &str) -> PathBuf {
        self.named(part)
    }

    /// A database in the making; it gets its name only when it is whole.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.named(".new")
    }

    /// The copy made before a migration from a version.
    pub(super) fn before_migration(&self, version: i64) -> PathBuf {
        self.named(&format!(".v{version}"))
    }

    /// Name, without folder, that a damaged database gets.
    pub(super) fn aside_name(number: u32) -> String {
        format!("{DATABASE}.corrupt-{number}")
    }

    /// A damaged database or a companion, as set aside.
    pub(super) fn aside(&self, number: u32, part: &str) -> PathBuf {
        self.named(&format!(".corrupt-{number}{part}"))
    }

    /// First number under which nothing was set aside yet.
    pub(super) fn free_aside(&self) -> Result<u32, Fault> {
        (1..=limits::STORE_SET_ASIDE)
            .find(|number| Self::PARTS.iter().all(|part| !disk::present(&self.aside(*number, part))))
            .ok_or_else(|| Fault::corrupt("too many damaged databases were set aside before"))
    }

    /// Removes what reading a database that was set aside leaves next to it: its shared memory, and a log if that is empty.
    pub(super) fn tidy_aside(&self, number: u32) -> Result<(), Fault> {
        disk::remove(&self.aside(number, "-shm"))?;
        let log = self.aside(number, "-wal");
        if disk::present(&log) && disk::size(&log) == 0 { disk::remove(&log) } else { Ok(()) }
    }

    fn session(&self) -> PathBuf {
        self.named(".open")
    }

    /// Notes that an owner may write from now on, so that a log found later is the database's own.
    ///
    /// Needs no sync: should power loss take the note but leave the log, the log counts as another's, and then the rows of both
    /// are saved.
    pub(super) fn begin_session(&self) -> Result<(), Fault> {
        make(&self.session()).map(drop).map_err(|error| Fault::io("write to the data folder", &error))
    }

    /// Whether an owner wrote and did not close.
    pub(super) fn in_session(&self) -> bool {
        disk::present(&self.session())
    }

    /// Notes that all is in the database, if the log is empty.
    pub(super) fn end_session(&self) -> Result<(), Fault> {
        if disk::size(&self.wal()) == 0 { disk::remove(&self.session()) } else { Ok(()) }
    }

    fn marker(&self) -> PathBuf {
        self.named(".damaged")
    }

    /// Notes that the database must be set aside at the next opening; `number` once it is known.
    pub(super) fn mark_damaged(&self, number: Option<u32>) -> Result<(), Fault> {
        let text = number.map(|number| number.to_string()).unwrap_or_default();
        make(&self.marker())
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|error| Fault::io("note that the database is damaged", &error))?;
        self.sync_folder()
    }

    /// Whether the database was found damaged: the number it is set aside under, if that was chosen already.
    pub(super) fn damaged(&self) -> Result<Option<Option<u32>>, Fault> {
        match disk::read_start(&self.marker(), limits::MARKER_FILE_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().parse().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::io("read whether the database is damaged", &error)),
        }
    }

    pub(super) fn unmark_damaged(&self) -> Result<(), Fault> {
        disk::remove(&self.marker())
    }

    /// Removes what an interrupted creation left; it never held anything that was acknowledged.
    pub(super) fn remove_unfinished(&self) -> Result<(), Fault> {
        UNFINISHED.iter().try_for_each(|part| disk::remove(&self.named(&format!(".new{part}"))))
    }

    /// Renames within the folder, so that a crash leaves one name or the other.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        fs::rename(from, to).map_err(|error| Fault::io("rename a file of the database", &error))?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), Fault> {
        disk::sync_folder(&self.dir).map_err(|error| Fault::io("sync the data folder", &error))
    }
}

/// An empty file that only its owner may read.
fn make(path: &Path) -> io::Result<File> {
    disk::open_private(disk::private().create(true).truncate(true), path)
}
