//! Where a wallet may lie: attacks by whoever may write where it is looked for, and files that others may read.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::whole_file::WholeFile;
use tauri_plugin_wallet_sync::store::{OpenMode, Store, Write};

use crate::open::{DATABASE, bytes, fill};
use crate::support::{block_on, child_of, child_task, item, listing, open, own};

const NOBODY: u32 = 65_534;

/// Names under which the store opens files.
fn names() -> Vec<String> {
    let parts = ["", "-wal", "-shm", ".open", ".damaged", ".new", ".new-wal"];
    parts.iter().map(|part| format!("{DATABASE}{part}")).chain(["lock".to_owned()]).collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// What both ways of opening say of a folder that cannot be used.
fn refusal(dir: &Path) -> String {
    let messages = [OpenMode::Own, OpenMode::ReadAlong].map(|mode| {
        let error = open(dir, mode).unwrap_err();
        assert_eq!(error.code(), Code::StorageIo, "{error}");
        let message = error.message().to_owned();
        assert!(message.starts_with("the data folder cannot be used: "), "{message}");
        assert!(!message.contains(&*dir.to_string_lossy()), "{message}");
        message
    });
    assert_eq!(messages[0], messages[1]);
    messages[0].clone()
}

fn wallet() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("wallet");
    fill(&dir);
    (base, dir)
}

#[test]
fn a_folder_that_others_may_change_is_refused_with_what_to_do() {
    let (_base, dir) = wallet();
    let before = listing(&dir);
    for wrong in [0o777, 0o1777, 0o757, 0o707, 0o702] {
        set_mode(&dir, wrong);
        let message = refusal(&dir);
        assert!(
            message.ends_with(&format!("(mode {:04o}): set its mode to 0700", wrong & 0o777)),
            "{message}"
        );
        assert_eq!(listing(&dir), before);
    }
    for fine in [0o700, 0o755, 0o711] {
        set_mode(&dir, fine);
        block_on(own(&dir).close()).unwrap();
    }
}

/// A group of this user alone, as many systems make one for each user, is this user.
#[test]
fn a_folder_that_a_group_may_change_is_refused_unless_the_group_is_this_user() {
    let (_base, dir) = wallet();
    let about = fs::metadata(&dir).unwrap();
    set_mode(&dir, 0o770);
    if about.uid() == about.gid() {
        block_on(own(&dir).close()).unwrap();
    } else {
        assert!(refusal(&dir).contains("others may change it"));
    }
    if about.uid() == 0 {
        chown(&dir, None, Some(NOBODY)).unwrap();
        assert!(refusal(&dir).contains("others may change it (mode 0770)"));
    }
}

#[test]
fn a_link_in_the_place_of_any_file_is_refused_and_its_target_stays_as_it_is() {
    for name in names() {
        let (base, dir) = wallet();
        let target = base.path().join("target");
        fs::write(&target, "somebody's").unwrap();
        let link = dir.join(&name);
        let _ = fs::remove_file(&link);
        let before = (bytes(&target), mode(&target));
        symlink(&target, &link).unwrap();
        assert!(refusal(&dir).ends_with(&format!("the file {name} in it is a symbolic link")));
        assert_eq!((bytes(&target), mode(&target)), before, "{name}");
    }
}

#[test]
fn a_link_to_nothing_makes_no_file_where_it_points() {
    for name in ["lock", "wallet.sqlite3.open"] {
        let base = tempfile::tempdir().unwrap();
        let (dir, target) = (base.path().join("wallet"), base.path().join("target"));
        fs::create_dir(&dir).unwrap();
        symlink(&target, dir.join(name)).unwrap();
        assert_eq!(open(&dir, OpenMode::Own).unwrap_err().code(), Code::StorageIo);
        assert!(!target.exists());
    }
}

/// Opening a pipe waits for who is at its other end.
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    for name in names() {
        let (_base, dir) = wallet();
        let _ = fs::remove_file(dir.join(&name));
        assert!(Command::new("mkfifo").arg(dir.join(&name)).status().unwrap().success());
        let error = open(&dir, OpenMode::Own).unwrap_err();
        assert!(error.message().ends_with(&format!("the file {name} in it is no regular file")), "{error}");
    }
}

/// Two names are two logs: SQLite would write each beside the other.
#[test]
fn a_database_with_a_second_name_is_refused() {
    let (base, dir) = wallet();
    let second = base.path().join("second");
    fs::hard_link(dir.join(DATABASE), &second).unwrap();
    assert!(refusal(&dir).contains("has a second name"));
    fs::remove_file(second).unwrap();
    block_on(own(&dir).close()).unwrap();
}

#[test]
fn a_file_that_others_may_change_is_refused_and_one_they_may_read_becomes_private() {
    let (_base, dir) = wallet();
    for name in [DATABASE, "lock"] {
        set_mode(&dir.join(name), 0o666);
        assert!(refusal(&dir).ends_with(&format!(
            "the file {name} in it may be changed by others (mode 0666): set its mode to 0600"
        )));
        set_mode(&dir.join(name), 0o644);
        block_on(own(&dir).close()).unwrap();
        assert_eq!(mode(&dir.join(name)), 0o600);
    }
}

/// What belongs to somebody else can be changed by him at any time.
#[test]
fn what_belongs_to_another_user_is_refused() {
    let (base, dir) = wallet();
    let is_root = fs::metadata(&dir).unwrap().uid() == 0;
    if !is_root {
        // The system's folders are root's; nobody else can give anything away.
        let error = open(Path::new("/usr"), OpenMode::Own).unwrap_err();
        assert!(error.message().ends_with("it belongs to another user"), "{error}");
        return;
    }
    chown(&dir, Some(NOBODY), None).unwrap();
    assert!(refusal(&dir).ends_with("it belongs to another user"));
    chown(&dir, Some(0), None).unwrap();
    for name in [DATABASE, "lock"] {
        chown(dir.join(name), Some(NOBODY), None).unwrap();
        assert!(refusal(&dir).ends_with(&format!("the file {name} in it belongs to another user")));
        chown(dir.join(name), Some(0), None).unwrap();
    }
    let link = base.path().join("link");
    symlink(&dir, &link).unwrap();
    lchown(&link, Some(NOBODY), None).unwrap();
    assert!(refusal(&link).ends_with("it is a symbolic link of another user"));
}

/// Who puts the wallet on a larger disk links to it; it is one wallet under both names.
#[test]
fn an_own_link_to_the_folder_is_followed_once() {
    let (base, dir) = wallet();
    let link = base.path().join("link");
    symlink(&dir, &link).unwrap();
    let store = own(&link);
    assert_eq!(open(&dir, OpenMode::Own).unwrap_err().code(), Code::Locked);
    fs::remove_file(&link).unwrap();
    block_on(store.commit(vec![Write::Item(item(9))])).unwrap();
    block_on(store.close()).unwrap();
    let store = own(&dir);
    assert!(block_on(store.load()).unwrap().items.contains(&item(9)));
    block_on(store.close()).unwrap();
}

/// The process that the next test starts; does nothing by itself.
#[test]
fn child() {
    let Some((_, dir)) = child_task() else { return };
    let store = own(&dir);
    block_on(store.commit(vec![Write::Item(item(1))])).unwrap();
    let mut file = WholeFile::begin(&dir.join("backup"), 1, false).unwrap();
    file.write(b"backup").unwrap();
    println!("\nmode {:04o} folder", mode(&dir));
    for name in listing(&dir) {
        println!("\nmode {:04o} {name}", mode(&dir.join(&name)));
    }
    file.finish().unwrap();
    println!("\nmode {:04o} backup", mode(&dir.join("backup")));
    block_on(store.close()).unwrap();
}

#[test]
fn every_file_is_the_users_alone_from_its_beginning_whatever_the_process_masks() {
    for mask in ["000", "022", "077", "0277"] {
        let base = tempfile::tempdir().unwrap();
        let output = Command::new("sh")
            .args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args([child_of(module_path!()).as_str(), "--exact", "--nocapture", "--test-threads=1"])
            .env("STORE_CHILD_TASK", "modes")
            .env("STORE_CHILD_DIR", base.path().join("wallet"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let seen: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("mode ")).collect();
        let expected = [
            "0700 folder",
            "0600 .backup.0000000000000001.part",
            "0600 lock",
            "0600 wallet.sqlite3",
            "0600 wallet.sqlite3-shm",
            "0600 wallet.sqlite3-wal",
            "0600 wallet.sqlite3.open",
            "0600 backup",
        ];
        assert_eq!(seen, expected, "umask {mask}: {text}");
    }
}
