//! Names of the files in an account's folder, and operations on them that survive a crash.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::limits;

/// The database.
pub(super) const DATABASE: &str = "wallet.sqlite3";

/// Paths of one account's folder. While a connection is open the database file is touched by SQLite only: closing any other
/// handle to it would drop the process's locks on it (POSIX).
#[derive(Clone, Debug)]
pub(super) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Makes the folder, readable by its owner only.
    pub(super) fn make_folder(&self) -> Result<(), Fault> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&self.dir) {
            Ok(()) => Ok(()),
            Err(_) if self.dir.exists() => Err(Fault::folder("a file is in its place")),
            Err(error) => Err(Fault::folder(&error.kind().to_string())),
        }
    }

    fn named(&self, suffix: &str) -> PathBuf {
        self.dir.join(format!("{DATABASE}{suffix}"))
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
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
            .find(|number| Self::PARTS.iter().all(|part| !present(&self.aside(*number, part))))
            .ok_or_else(|| Fault::corrupt("too many damaged databases were set aside before"))
    }

    fn marker(&self) -> PathBuf {
        self.named(".damaged")
    }

    /// Notes that the database must be set aside at the next opening; `number` once it is known.
    pub(super) fn mark_damaged(&self, number: Option<u32>) -> Result<(), Fault> {
        let text = number.map(|number| number.to_string()).unwrap_or_default();
        File::create(self.marker())
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|error| Fault::io("note that the database is damaged", &error))?;
        self.sync_folder()
    }

    /// Whether the database was found damaged: the number it is set aside under, if that was chosen already.
    pub(super) fn damaged(&self) -> Result<Option<Option<u32>>, Fault> {
        match read_start(&self.marker(), limits::MARKER_FILE_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().parse().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::io("read whether the database is damaged", &error)),
        }
    }

    pub(super) fn unmark_damaged(&self) -> Result<(), Fault> {
        remove(&self.marker())
    }

    /// Removes what an interrupted creation left; it never held anything that was acknowledged.
    pub(super) fn remove_unfinished(&self) -> Result<(), Fault> {
        ["", "-wal", "-shm", "-journal"]
            .iter()
            .try_for_each(|part| remove(&self.named(&format!(".new{part}"))))
    }

    /// Renames within the folder, so that a crash leaves one name or the other.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        fs::rename(from, to).map_err(|error| Fault::io("rename a file of the database", &error))?;
        self.sync_folder()
    }

    /// Makes renames durable. Windows has no such call and does it by itself.
    fn sync_folder(&self) -> Result<(), Fault> {
        #[cfg(unix)]
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(|error| Fault::io("sync the data folder", &error))?;
        Ok(())
    }
}

/// Whether there is anything under that name.
pub(super) fn present(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Bytes of a file, 0 when there is none.
pub(super) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// The first bytes of a file.
pub(super) fn read_start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::io("remove a file that is no longer needed", &error))
        }
        _ => Ok(()),
    }
}
