//! Connections to a database file.

use std::path::Path;

#[cfg(unix)]
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;

/// The layer below SQLite that takes paths beyond 260 characters.
#[cfg(windows)]
const LAYER: &std::ffi::CStr = c"win32-longpath";

/// Opens a database that is there for writing.
pub(super) fn writing(path: &Path) -> Result<Connection, Fault> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens a database that is there for reading.
pub(super) fn reading(path: &Path) -> Result<Connection, Fault> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Reads a database with its log where no index of the log can be made beside it, as on a full disk: that is kept in memory, and this
/// process is the only one that has the database open meanwhile. Neither file is changed.
#[cfg(unix)]
pub(super) fn alone(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags_and_vfs(path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW, c"unix-excl")?;
    // Else the last to close would fold the log in.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(conn)
}

/// There nothing keeps the index in memory.
#[cfg(not(unix))]
pub(super) fn alone(_: &Path) -> Result<Connection, Fault> {
    Err(Fault::folder("no file can be made in it"))
}

/// Reads a database as it lies there: no log, no locks, no files made.
pub(super) fn without_log(path: &Path) -> Result<Connection, Fault> {
    let path = std::path::absolute(path).map_err(|error| Fault::folder(&error.kind().to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    open(Path::new(&format!("{}?immutable=1", uri(&path))), flags)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[cfg(windows)]
    return Ok(Connection::open_with_flags_and_vfs(path, flags, LAYER)?);
    // A path from `Files` has no link on its way.
    #[cfg(not(windows))]
    Ok(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW)?)
}

/// The path as SQLite's form of a URI. A library for URLs would take a Windows path apart.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(*byte))
            }
            // Also the separators: two of them at the start would begin a host's name.
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_be_read_without_its_log() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["plain", "a b", "a%20b", "a#b&c=d", "ä", "100%"] {
            let path = super::super::disk::verbatim(&folder.path().canonicalize().unwrap().join(name));
            let made =
                open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).unwrap();
            made.execute_batch("CREATE TABLE there (id INTEGER)").unwrap();
            made.close().unwrap();
            assert!(without_log(&path).unwrap().table_exists(None, "there").unwrap(), "{name}");
            assert!(reading(&path).unwrap().table_exists(None, "there").unwrap(), "{name}");
        }
        assert!(without_log(&folder.path().join("none")).is_err());
        assert!(writing(&folder.path().join("none")).is_err());
    }
}
