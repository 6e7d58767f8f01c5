//! Whether a data folder is fit to hold a wallet: this user's alone, plain files in it, on a disk of this machine.
//!
//! Where others may write, what is read is not what was written: a planted database, or a link by which this process writes where
//! somebody else wants it to. On a network file system locks and the write-ahead log do not do what they say. So such a folder
//! is refused before anything in it is opened, and the message says how to mend it. On Windows the rights of a folder are inherited,
//! in a user's profile from the user; they are not looked at here.

#[cfg(unix)]
mod mounts;
#[cfg(unix)]
mod rights;

use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::files::Files;

/// Whether a folder on a network or shared file system is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkFolder {
    /// No: a crash or a second machine may damage what is there.
    #[default]
    Refused,
    /// The user says that its locks and its order of writes can be relied on.
    Allowed,
}

/// The files of a folder that may be used, under the folder's own path, without links on the way.
///
/// # Errors
/// [`Code::StorageIo`](crate::Code::StorageIo) naming what is wrong and what to do.
pub(super) fn fit(files: &Files, network: NetworkFolder) -> Result<Files, Fault> {
    let dir = own_path(files.dir())?;
    let files = Files::new(&dir);
    #[cfg(unix)]
    {
        rights::check_folder(&dir)?;
        files.all().iter().try_for_each(|file| rights::check_file(file))?;
    }
    if network == NetworkFolder::Refused
        && let Some(kind) = network_of(&dir)
    {
        return Err(Fault::folder(&format!(
            "it is on a network or shared file system ({kind}): use a disk of this machine, or allow it by allowNetworkFolder"
        )));
    }
    Ok(files)
}

/// Takes from others the right to read what is there: an older release, or a copy that was brought back, may have left it.
#[cfg(unix)]
pub(super) fn tighten(files: &Files) -> Result<(), Fault> {
    files.all().iter().try_for_each(|file| rights::tighten(file))
}

/// On Windows files have the rights of their folder.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
pub(super) const fn tighten(_: &Files) -> Result<(), Fault> {
    Ok(())
}

/// Where the folder is once every link on the way is followed. Whoever made the last one must be trusted like its target.
#[cfg(unix)]
fn own_path(dir: &Path) -> Result<PathBuf, Fault> {
    rights::check_link(dir)?;
    dir.canonicalize().map_err(|error| Fault::folder(&error.kind().to_string()))
}

/// Windows gives links to those who may do anything, and SQLite's layer there wants the path as it was given.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn own_path(dir: &Path) -> Result<PathBuf, Fault> {
    Ok(dir.to_owned())
}

/// What network or shared file system a folder is on, and where that is mounted.
#[cfg(unix)]
fn network_of(dir: &Path) -> Option<String> {
    mounts::network_of(dir)
}

/// A mapped drive shows as the share that it is.
#[cfg(not(unix))]
fn network_of(dir: &Path) -> Option<String> {
    use std::path::{Component, Prefix};
    let real = dir.canonicalize().ok()?;
    let Some(Component::Prefix(prefix)) = real.components().next() else { return None };
    let shared = matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..));
    shared.then(|| "a share of another machine".to_owned())
}
