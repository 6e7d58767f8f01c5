//! The data folder of each account, and how it is removed or set aside.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error};
use crate::limits;

/// Checks an account id: 1–64 characters of `A–Z a–z 0–9 . _ -`.
///
/// # Errors
/// [`Code::BadRequest`].
pub(super) fn check_id(id: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.is_empty() || id.len() > limits::ACCOUNT_CHARS || !id.chars().all(is_plain) {
        return Err(Error::new(Code::BadRequest, "an account id is 1–64 characters of A–Z a–z 0–9 . _ -"));
    }
    Ok(())
}

/// The folder of an account. Different ids have different folders on file systems that ignore case too, and no id names a
/// folder above or a device.
pub(super) fn of(base: &Path, id: &str) -> PathBuf {
    base.join("accounts").join(name_of(id))
}

/// The name of that folder.
pub(super) fn name_of(id: &str) -> String {
    let mut name = String::from("account-");
    for c in id.chars() {
        match c {
            'a'..='z' | '0'..='9' | '-' | '_' => name.push(c),
            other => name.push_str(&format!("~{:02x}", u32::from(other))),
        }
    }
    name
}

/// Removes the folder of a closed account. It is renamed first, so that after a crash no half-removed folder is opened.
pub(super) fn remove(base: &Path, id: &str) -> Result<(), Error> {
    let aside = move_to(base, "removed", id)?;
    std::fs::remove_dir_all(aside).map_err(|error| failed(&error))
}

/// Moves the folder of a closed account to `set-aside`, under a new name.
pub(super) fn set_aside(base: &Path, id: &str) -> Result<(), Error> {
    move_to(base, "set-aside", id).map(|_| ())
}

/// Finishes removals that a crash interrupted.
pub(super) fn finish_removals(base: &Path) {
    // It only frees space; the next removal tries again.
    let _ = std::fs::remove_dir_all(base.join("removed"));
}

fn move_to(base: &Path, kind: &str, id: &str) -> Result<PathBuf, Error> {
    let from = of(base, id);
    let name = from.file_name().unwrap_or_default().to_owned();
    let shelf = base.join(kind);
    make_private(&shelf).map_err(|error| failed(&error))?;
    for number in 1..=limits::STORE_SET_ASIDE {
        let mut numbered = name.clone();
        numbered.push(format!(".{number}"));
        let to = shelf.join(numbered);
        if to.symlink_metadata().is_ok() {
            continue;
        }
        std::fs::rename(&from, &to).map_err(|error| failed(&error))?;
        return Ok(to);
    }
    Err(Error::new(Code::StorageIo, "too many folders were set aside"))
}

/// Makes a folder and those above it, for their owner only.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn failed(error: &io::Error) -> Error {
    Error::new(Code::StorageIo, format!("the account's folder cannot be put away: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_distinct_folders_below_the_base() {
        let base = Path::new("base");
        let ids = ["alice", "Alice", ".", "..", "con", "a.b", "a-b", "a_b", "~"];
        let mut seen: Vec<String> = Vec::new();
        for id in ids.iter().filter(|id| check_id(id).is_ok()) {
            let folder = of(base, id);
            assert_eq!(folder.parent(), Some(base.join("accounts").as_path()), "{id}");
            let lower = folder.to_string_lossy().to_lowercase();
            assert!(!seen.contains(&lower), "{id}");
            seen.push(lower);
        }
        assert_eq!(seen.len(), 8);
        for wrong in ["", "a/b", "a\\b", "ä", "a b", &"x".repeat(65)] {
            assert_eq!(check_id(wrong).unwrap_err().code(), Code::BadRequest, "{wrong}");
        }
    }

    #[test]
    fn no_id_names_what_windows_keeps_for_devices_or_cuts_off() {
        for id in ["con", "NUL", "com1", "lpt9.txt", "aux.", "a.", "..", "..."] {
            assert!(check_id(id).is_ok(), "{id}");
            let folder = of(Path::new("base"), id);
            let name = folder.file_name().unwrap().to_str().unwrap();
            // A device's name would have to be all that comes before the first dot.
            assert!(name.starts_with("account-") && !name.contains('.') && !name.ends_with(' '), "{name}");
        }
    }

    #[test]
    fn a_folder_set_aside_is_whole_and_never_overwrites_another() {
        let base = tempfile::tempdir().unwrap();
        for round in 1..=2 {
            let folder = of(base.path(), "a");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("db"), round.to_string()).unwrap();
            set_aside(base.path(), "a").unwrap();
            assert!(!folder.exists());
        }
        for round in 1..=2 {
            let kept = base.path().join(format!("set-aside/account-a.{round}/db"));
            assert_eq!(std::fs::read_to_string(kept).unwrap(), round.to_string());
        }
        std::fs::create_dir_all(of(base.path(), "a")).unwrap();
        remove(base.path(), "a").unwrap();
        assert!(base.path().join("removed").read_dir().unwrap().next().is_none());
    }
}
