//! Operations on files and folders that survive a crash, and where Unix and Windows differ in them.
//!
//! Windows syncs a file only through a handle that may write, makes renames durable by itself and cannot sync a folder. Modes
//! are Unix's; on Windows a new file takes the rights of its folder, which in a user's profile are the user's own.
//!
//! Every file is opened as what it is: where a link stands in its place, nothing is opened.

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
    match private_folder(path) {
        Ok(()) => Ok(()),
        Err(_) if path.exists() => Err(Fault::folder("a file is in its place")),
        Err(error) => Err(Fault::folder(&error.kind().to_string())),
    }
}

/// Makes a folder and those above it, for its owner only whatever the process masks; one that is there stays as it is.
fn private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER_MODE);
    builder.create(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(FOLDER_MODE))?;
    Ok(())
}

/// How a file is opened for writing that only its owner may read; see [`open_private`].
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    as_it_is(&mut options);
    options
}

/// Opens a file that is its owner's alone from then on, whatever the process masks and whatever it was before.
pub(crate) fn open_private(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
            file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
        }
    }
    Ok(file)
}

/// What only its owner may list, and read.
#[cfg(unix)]
const FOLDER_MODE: u32 = 0o700;
#[cfg(unix)]
const FILE_MODE: u32 = 0o600;

/// Neither through a link, nor waiting for whoever is at the other end of a pipe.
#[cfg(unix)]
fn as_it_is(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
}

/// Windows gives links to those who may do anything.
#[cfg(not(unix))]
const fn as_it_is(_: &mut OpenOptions) {}

/// Nobody may remove or rename the file while it is open.
#[cfg(windows)]
pub(super) fn keep_in_place(options: &mut OpenOptions) {
    /// For reading and writing, but not for deleting.
    const SHARED: u32 = 0x1 | 0x2;
    std::os::windows::fs::OpenOptionsExt::share_mode(options, SHARED);
}

/// On Unix a file can be removed at any time; [`identity`] tells.
#[cfg(not(windows))]
pub(super) const fn keep_in_place(_: &mut OpenOptions) {}

/// Syncs a file that was written by another handle. Opened for writing: Windows refuses to sync what may only be read.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    private().open(path)?.sync_all()
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

/// Windows lets nobody replace a file that is kept in place.
#[cfg(not(unix))]
pub(super) type Identity = ();

/// Which file is under a name; a link is none.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    fs::symlink_metadata(path).map(|file| identity_of(&file))
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
    let mut options = OpenOptions::new();
    as_it_is(&mut options);
    let mut bytes = Vec::new();
    options.read(true).open(path)?.take(most).read_to_end(&mut bytes)?;
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
