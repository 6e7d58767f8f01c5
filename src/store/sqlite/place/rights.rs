//! Owners, modes and links, on Unix.

use std::fs::{self, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::super::fault::Fault;

const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

/// The folder is this user's, and nobody else may change what is in it.
pub(super) fn check_folder(dir: &Path) -> Result<(), Fault> {
    let found = fs::metadata(dir).map_err(|error| Fault::folder(&error.kind().to_string()))?;
    if !found.is_dir() {
        return Err(Fault::folder("a file is in its place"));
    }
    if !is_mine(&found) {
        return Err(Fault::folder("it belongs to another user"));
    }
    match written_by_others(&found) {
        Some(mode) => {
            Err(Fault::folder(&format!("others may change it (mode {mode:04o}): set its mode to 0700")))
        }
        None => Ok(()),
    }
}

/// What has a file's name is that file alone, this user's, and nobody else may change it. None is fine.
pub(super) fn check_file(path: &Path) -> Result<(), Fault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let refused = |what: &str| Err(Fault::folder(&format!("the file {name} in it {what}")));
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Fault::folder(&error.kind().to_string())),
    };
    if found.is_symlink() {
        return refused("is a symbolic link");
    }
    if !found.is_file() {
        return refused("is no regular file");
    }
    if !is_mine(&found) {
        return refused("belongs to another user");
    }
    if found.nlink() > 1 {
        // Two names are two logs: whoever opens the other one damages this one.
        return refused("has a second name (a hard link): remove that, or copy the file");
    }
    match written_by_others(&found) {
        Some(mode) => refused(&format!("may be changed by others (mode {mode:04o}): set its mode to 0600")),
        None => Ok(()),
    }
}

/// Takes from others the right to read a file that is there.
pub(super) fn tighten(path: &Path) -> Result<(), Fault> {
    let failed = |error: &std::io::Error| Fault::io("set the mode of a file", error);
    match fs::symlink_metadata(path) {
        Ok(found) if found.mode() & 0o077 != 0 => {
            fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| failed(&error))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error)),
        _ => Ok(()),
    }
}

/// A link to the folder was made by this user or by root.
pub(super) fn check_link(dir: &Path) -> Result<(), Fault> {
    match fs::symlink_metadata(dir) {
        Ok(found) if found.is_symlink() && !is_mine(&found) && found.uid() != 0 => {
            Err(Fault::folder("it is a symbolic link of another user"))
        }
        _ => Ok(()),
    }
}

fn is_mine(found: &Metadata) -> bool {
    found.uid() == geteuid().as_raw()
}

/// The mode, where anybody else may write. A group that only this user is in, as many systems make one for each, is nobody else.
fn written_by_others(found: &Metadata) -> Option<u32> {
    let mode = found.mode() & 0o777;
    let is_own_group = found.gid() == getegid().as_raw() && found.gid() == geteuid().as_raw();
    let others = if is_own_group { OTHERS_WRITE } else { OTHERS_WRITE | GROUP_WRITES };
    (mode & others != 0).then_some(mode)
}
