//! The secret file: 64 hex digits that nobody else can read.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::{Code, Secret};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::limits;

/// Reads the secret.
pub fn read(path: &Path) -> Result<Secret, Failure> {
    let bad = |what: &str| Failure::new(Code::BadRequest, format!("secret file {}: {what}", path.display()));
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let seen = fs::metadata(path).map_err(|e| bad(&e.to_string()))?;
    if !seen.is_file() {
        return Err(bad("not a regular file"));
    }
    let file = File::open(path).map_err(|e| bad(&e.to_string()))?;
    let opened = file.metadata().map_err(|e| bad(&e.to_string()))?;
    check_mode(&opened).map_err(|what| bad(&what))?;
    // Never grows: growing would leave copies of the secret behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(usize::from(limits::SECRET_FILE_BYTES) + 1));
    file.take(u64::from(limits::SECRET_FILE_BYTES) + 1).read_to_string(&mut text).map_err(|e| {
        match e.kind() {
            ErrorKind::InvalidData => bad("64 hex digits are needed"),
            _ => bad(&e.to_string()),
        }
    })?;
    Secret::from_hex(text.strip_prefix('\u{feff}').unwrap_or(&text))
        .map_err(|_| bad("64 hex digits are needed"))
}

/// Makes a new secret and writes it, whole or not at all. An existing file is left alone.
///
/// Tells whether the file was created here.
pub fn create_if_absent(path: &Path) -> Result<bool, Failure> {
    let failed = |e: &std::io::Error| {
        let code = if e.kind() == ErrorKind::StorageFull { Code::StorageFull } else { Code::StorageIo };
        Failure::new(code, format!("secret file {}: cannot be created: {e}", path.display()))
    };
    match fs::symlink_metadata(path) {
        Ok(_) => return Ok(false),
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(failed(&e)),
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    let mut bytes = Zeroizing::new([0_u8; 32]);
    Entropy::system()?.fill(bytes.as_mut());
    let mut digits = Zeroizing::new([0_u8; 65]);
    let (hex, end) = digits.split_at_mut(64);
    data_encoding::HEXLOWER.encode_mut(bytes.as_ref(), hex);
    end.fill(b'\n');
    // Created with mode 0600, and named only when it is whole and on disk.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(&e))?;
    file.write_all(digits.as_ref()).and_then(|()| file.as_file().sync_all()).map_err(|e| failed(&e))?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        // Another process was faster; its secret is the one.
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(e) => return Err(failed(&e.error)),
    }
    sync_folder(folder).map_err(|e| failed(&e))?;
    Ok(true)
}

#[cfg(unix)]
fn check_mode(file: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mode = file.permissions().mode() & 0o777;
    if mode & 0o077 == 0 || (mode & 0o037 == 0 && is_of_own_group(file.uid(), file.gid())) {
        return Ok(());
    }
    Err(format!(
        "others can read or change it (mode {mode:04o}, owner {}, group {}): 0600 is accepted, and 0440 or 0640 where root or you own it \
         and its group is yours, as of a secret that a container is given",
        file.uid(),
        file.gid()
    ))
}

/// Whether who is in the group of a file are no others: the process's own group or, where root has said so, one that it was put in.
#[cfg(unix)]
fn is_of_own_group(owner: u32, group: u32) -> bool {
    use rustix::process::{getegid, geteuid, getgroups};
    let is_root = owner == 0;
    let is_ours = group == getegid().as_raw();
    let is_given = || getgroups().is_ok_and(|all| all.iter().any(|one| one.as_raw() == group));
    (is_root || owner == geteuid().as_raw()) && (is_ours || (is_root && is_given()))
}

/// On Windows there are no modes: the rights of the folder keep others out.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn check_mode(_: &fs::Metadata) -> Result<(), String> {
    Ok(())
}

/// Makes a new name in a folder survive a power loss.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows cannot sync a folder, and makes new names durable by itself.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt;

    use super::{create_if_absent, read};

    #[cfg(unix)]
    fn mode(path: &std::path::Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn mode(_: &std::path::Path, _: u32) {}

    #[test]
    fn a_new_secret_is_the_owners_alone_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret");
        assert!(create_if_absent(&path).unwrap());
        let first = fs::read_to_string(&path).unwrap();
        #[cfg(unix)]
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(first.trim().len() == 64 && first.trim().chars().all(|c| c.is_ascii_hexdigit()));
        assert!(!create_if_absent(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert!(read(&path).is_ok());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    #[cfg_attr(windows, ignore = "modes are Unix's")]
    fn a_file_that_others_may_read_or_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "ab".repeat(32)).unwrap();
        let fine = [0o600, 0o400, 0o440, 0o640].map(|bits| (bits, true));
        let open = [0o604, 0o620, 0o660, 0o444, 0o644, 0o650].map(|bits| (bits, false));
        for (bits, fine) in fine.into_iter().chain(open) {
            mode(&path, bits);
            let told = read(&path).map(|_| ()).map_err(|e| format!("{e:?}"));
            assert_eq!(told.is_ok(), fine, "{bits:o}");
            assert!(fine || told.unwrap_err().contains("0600"));
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_group_that_is_not_the_users_own_are_others() {
        use rustix::process::{getegid, geteuid};
        let (user, group) = (geteuid().as_raw(), getegid().as_raw());
        let (nobody, no_group) = (user + 70_001, group + 70_001);
        assert!(super::is_of_own_group(user, group) && super::is_of_own_group(0, group));
        assert!(!super::is_of_own_group(user, no_group) && !super::is_of_own_group(0, no_group));
        assert!(!super::is_of_own_group(nobody, group));
    }

    #[test]
    fn a_byte_order_mark_and_a_line_end_of_windows_are_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, format!("\u{feff}{}\r\n", "ab".repeat(32))).unwrap();
        mode(&path, 0o600);
        assert!(read(&path).is_ok());
    }

    #[test]
    fn other_content_is_refused_without_repeating_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let cases: [Vec<u8>; 5] =
            [b"".into(), b"5ecre7".into(), b"zz".repeat(32), b"ab".repeat(33), vec![0xff; 64]];
        for content in cases {
            fs::write(&path, &content).unwrap();
            mode(&path, 0o600);
            let told = format!("{:?}", read(&path).map(|_| ()).unwrap_err());
            assert!(told.contains("64 hex digits") && !told.contains("5ecre7"), "{told}");
        }
        assert!(read(folder.path()).is_err());
    }
}
