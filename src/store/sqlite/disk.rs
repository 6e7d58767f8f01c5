//! Operations on files and folders that survive a crash, and where Unix and Windows differ in them.
//!
//! Windows syncs a file only through a handle that may write, makes renames durable by itself and cannot sync a folder. Modes
//! are Unix's; on Windows a new file takes the rights of its folder, which in a user's profile are the user's own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fault::Fault;

/// The path in the form in which Windows takes every name as it is: longer than 260 characters, or `con` on the way to it.
#[cfg(windows)]
pub(crate) fn verbatim(path: &Path) -> PathBuf {
    use std::path::{Component, Prefix};
    let Ok(whole) = std::path::absolute(path) else { return path.to_owned() };
    let mut parts = whole.components();
    let Some(Component::Prefix(prefix)) = parts.next() else { return whole };
    let mut verbatim = std::ffi::OsString::from(r"\\?\");
    match prefix.kind() {
        Prefix::Disk(_) => verbatim.push(prefix.as_os_str()),
        Prefix::UNC(server, share) => {
            verbatim.push(r"UNC\");
            verbatim.push(server);
            verbatim.push(r"\");
            verbatim.push(share);
        }
        // Verbatim already, or a device, which cannot hold a folder.
        _ => return whole,
    }
    verbatim.push(parts.as_path());
    verbatim.into()
}

/// Elsewhere every path is taken as it is.
#[cfg(not(windows))]
pub(crate) fn verbatim(path: &Path) -> PathBuf {
    path.to_owned()
}

/// Whether a path from [`verbatim`] names a device, as `con` and `nul` do.
#[cfg(windows)]
fn is_device(path: &Path) -> bool {
    use std::path::{Component, Prefix};
    let prefix = path.components().next();
    matches!(prefix, Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::DeviceNS(_)))
}

/// Elsewhere no name is a device's.
#[cfg(not(windows))]
const fn is_device(_: &Path) -> bool {
    false
}

/// Makes a folder and those above it, for its owner only.
pub(super) fn make_folder(path: &Path) -> Result<(), Fault> {
    if is_device(path) {
        return Err(Fault::folder("its name is that of a device"));
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Ok(()) => Ok(()),
        Err(_) if path.exists() => Err(Fault::folder("a file is in its place")),
        Err(error) => Err(Fault::folder(&error.kind().to_string())),
    }
}

/// How a file is opened for writing that only its owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Syncs a file that was written by another handle. Opened for writing: Windows refuses to sync what may only be read.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Makes the renames in a folder durable.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the renames in a folder durable. Windows has no such call and does it by itself.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether there is anything under that name.
pub(crate) fn present(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Which file it is, whatever its path.
#[cfg(unix)]
pub(super) type Identity = (u64, u64);

/// Windows lets nobody replace a file that is open.
#[cfg(not(unix))]
pub(super) type Identity = ();

/// Which file is behind a path.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|file| identity_of(&file))
}

/// Which file that is.
#[cfg(unix)]
pub(super) fn identity_of(file: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// Which file that is.
#[cfg(not(unix))]
pub(super) const fn identity_of(_: &fs::Metadata) -> Identity {}

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

/// Removes a file; none is fine.
pub(super) fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::io("remove a file that is no longer needed", &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_made_by_another_handle_is_synced_and_keeps_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "content").unwrap();
        sync(&path).unwrap();
        sync_folder(folder.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"content");
        assert_eq!(sync(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!present(&folder.path().join("none")));
    }

    #[cfg(windows)]
    #[test]
    fn every_path_but_a_devices_becomes_verbatim() {
        for (path, verbatim_path) in [
            (r"C:\a\b", r"\\?\C:\a\b"),
            (r"C:\a\.\x\..\b.", r"\\?\C:\a\b"),
            ("C:/a/con/b", r"\\?\C:\a\con\b"),
            (r"\\server\share\a", r"\\?\UNC\server\share\a"),
            (r"\\?\C:\a\con", r"\\?\C:\a\con"),
        ] {
            assert_eq!(verbatim(Path::new(path)), Path::new(verbatim_path), "{path}");
        }
        assert!(verbatim(Path::new("a")).to_string_lossy().starts_with(r"\\?\"));
        for device in ["con", "NUL", r"\\.\aux"] {
            assert!(make_folder(&verbatim(Path::new(device))).is_err(), "{device}");
        }
    }
}
