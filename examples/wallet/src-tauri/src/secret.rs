//! The wallet's secret: made on the first start, kept in the system's keyring.
//!
//! Where there is no keyring (a bare machine, a test) it goes to a file that its owner alone can read. That is for
//! development: the window says so.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::{Code, Error, Secret};
use zeroize::Zeroizing;

const SERVICE: &str = "dev.wallet-sync.wallet";
const USER: &str = "wallet";
const FILE_NAME: &str = "secret-for-development";
const BYTES: usize = 32;

/// Where the secret is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A file, readable by its owner alone.
    File,
    /// The system's keyring.
    Keyring,
}

/// The secret and where it is.
pub struct Kept {
    pub secret: Secret,
    pub place: Place,
}

/// Finds the secret, or makes one where there is no wallet yet.
pub fn obtain(folder: &Path, has_wallet: bool) -> Result<Kept, Error> {
    let file = folder.join(FILE_NAME);
    if let Some(secret) = read_file(&file)? {
        return Ok(Kept { secret, place: Place::File });
    }
    // The keyring's client waits for the bus on a runtime of its own; a thread of ours must not be inside one.
    let found = std::thread::spawn(read_keyring).join().unwrap_or(Err(()));
    match found {
        Ok(Some(secret)) => return Ok(Kept { secret, place: Place::Keyring }),
        // A new secret for an old wallet would only hide it.
        _ if has_wallet => {
            return Err(Error::new(Code::Denied, "the keyring does not give this wallet's secret"));
        }
        _ => {}
    }
    let mut bytes = Zeroizing::new([0_u8; BYTES]);
    Entropy::system()?.fill(bytes.as_mut());
    let copy = bytes.clone();
    let is_kept = found.is_ok() && std::thread::spawn(move || write_keyring(&copy)).join().unwrap_or(false);
    if !is_kept {
        write_file(folder, &file, &bytes)?;
    }
    let place = if is_kept { Place::Keyring } else { Place::File };
    Ok(Kept { secret: Secret::new(*bytes), place })
}

/// `Err` = there is no keyring, or what it gives is not ours: it must not be written over.
fn read_keyring() -> Result<Option<Secret>, ()> {
    let entry = keyring::Entry::new(SERVICE, USER).map_err(|_| ())?;
    match entry.get_secret().map(Zeroizing::new) {
        Ok(bytes) => ours(&bytes).map(Some),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(error) => {
            tracing::warn!(%error, "no keyring");
            Err(())
        }
    }
}

fn ours(bytes: &[u8]) -> Result<Secret, ()> {
    <[u8; BYTES]>::try_from(bytes).map(Secret::new).map_err(|_| ())
}

fn write_keyring(bytes: &[u8; BYTES]) -> bool {
    keyring::Entry::new(SERVICE, USER).and_then(|entry| entry.set_secret(bytes)).is_ok()
}

fn read_file(path: &Path) -> Result<Option<Secret>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io(e)),
    };
    check_mode(&file)?;
    // Never grows: growing would leave copies of the secret behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(2 * BYTES + 2));
    file.take(2 * BYTES as u64 + 1).read_to_string(&mut text).map_err(io)?;
    Secret::from_hex(&text).map(Some)
}

/// Written whole, with mode 0600 from the start, and named only when it is on disk.
fn write_file(folder: &Path, path: &Path, bytes: &[u8; BYTES]) -> Result<(), Error> {
    let mut text = Zeroizing::new(String::with_capacity(2 * BYTES + 1));
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    file.persist_noclobber(path).map_err(|e| io(e.error))?;
    // The name has to be on disk too before anything is sealed with it.
    sync_folder(folder).map_err(io)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows cannot sync a folder, and needs none: it makes new names durable by itself.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn check_mode(file: &File) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(io)?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(Error::new(Code::Denied, "others can read the secret's file"))
    }
}

/// On Windows the rights of the user's profile folder keep others out.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn check_mode(_: &File) -> Result<(), Error> {
    Ok(())
}

fn io(error: std::io::Error) -> Error {
    Error::with_source(Code::StorageIo, "the secret's file", error)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_entry_that_is_no_secret_of_this_wallet_counts_as_no_keyring() {
        assert!(ours(&[7; BYTES]).is_ok());
        for length in [0, BYTES - 1, BYTES + 1, 2 * BYTES] {
            assert!(ours(&vec![7; length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_file_is_private_and_read_back() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(FILE_NAME);
        write_file(folder.path(), &path, &[0xa5; BYTES]).expect("written");
        assert!(read_file(&path).expect("readable").is_some());
        assert_eq!(fs::read_to_string(&path).expect("text"), "a5".repeat(BYTES));
        assert!(write_file(folder.path(), &path, &[1; BYTES]).is_err(), "an existing secret stays");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(FILE_NAME);
        write_file(folder.path(), &path, &[1; BYTES]).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("mode");
        assert!(read_file(&path).is_err());
    }
}
