//! Opening: who may, and what is refused.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use rusqlite::Connection;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::{BlockClass, Level, OpenMode, Store, Write};

use crate::support::{
    block, block_on, change, child_command, child_of, child_task, item, listing, name, node, open, own,
    written,
};

pub const DATABASE: &str = "wallet.sqlite3";

/// A closed store with a row of each kind.
pub fn fill(dir: &Path) {
    block_on(async {
        let store = own(dir);
        store.commit(content()).await.unwrap();
        store.close().await.unwrap();
    });
}

pub fn content() -> Vec<Write> {
    vec![
        Write::Item(item(1)),
        Write::Item(item(2)),
        change(1, 1),
        Write::RaiseLevel { upto: 1, level: Level::Verified },
        Write::Name(name(1, 4)),
        Write::Written(written(1, 4, 1)),
        Write::Node(node("n", 4)),
        Write::Held { node: "n".into(), cids: vec![*block(1).cid()] },
        Write::Meta { key: "device", value: Some(Bytes::from_static(b"1")) },
        Write::Block { block: block(1), class: BlockClass::Data },
        Write::Block { block: block(2), class: BlockClass::Cache },
    ]
}

pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// The process that other tests start; does nothing by itself.
#[test]
fn child() {
    let Some((task, dir)) = child_task() else { return };
    match task.as_str() {
        "hold" => {
            let _store = own(&dir);
            println!("\nholding");
            // Until the parent closes the pipe or kills.
            let _ = std::io::stdin().read(&mut [0]);
        }
        "report" => {
            let error = open(&dir, OpenMode::Own).err();
            println!("\nreport {}", error.map_or("ok".into(), |error| format!("{} {error}", error.code())));
        }
        task => panic!("unknown task {task}"),
    }
}

/// Starts a process that holds the account, and waits until it does.
fn holder(dir: &Path) -> std::process::Child {
    let mut child = child_command(module_path!(), "hold", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "holding"));
    child
}

#[test]
fn d09_a_second_process_is_told_who_holds_the_account() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let mut child = holder(dir.path());
    let error = open(dir.path(), OpenMode::Own).unwrap_err();
    assert_eq!(error.code(), Code::Locked);
    assert!(error.message().ends_with(&format!("held by process {}", child.id())), "{error}");
    let along = open(dir.path(), OpenMode::ReadAlong).unwrap().store;
    assert_eq!(block_on(along.load()).unwrap().items, [item(1), item(2)]);
    child.kill().unwrap();
    child.wait().unwrap();
    // Killed, not closed: the lock is gone with the process.
    block_on(own(dir.path()).close()).unwrap();
}

#[test]
fn d09_the_same_process_cannot_own_an_account_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    let error = open(dir.path(), OpenMode::Own).unwrap_err();
    assert_eq!(error.code(), Code::Locked);
    assert!(error.message().contains(&std::process::id().to_string()), "{error}");
    block_on(store.close()).unwrap();
    block_on(own(dir.path()).close()).unwrap();
}

#[test]
fn reading_along_sees_commits_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    block_on(async {
        let store = own(dir.path());
        let along = open(dir.path(), OpenMode::ReadAlong).unwrap().store;
        store.commit(vec![Write::Item(item(3))]).await.unwrap();
        assert_eq!(along.load().await.unwrap().items, [item(1), item(2), item(3)]);
        assert_eq!(along.block(block(1).cid()).await.unwrap(), Some(block(1)));
        for code in [
            along.commit(vec![Write::Item(item(4))]).await.unwrap_err().code(),
            along.trim_cache(0).await.unwrap_err().code(),
            along.limit_size(1).await.unwrap_err().code(),
        ] {
            assert_eq!(code, Code::Locked);
        }
        along.close().await.unwrap();
        along.close().await.unwrap();
        assert_eq!(along.load().await.unwrap_err().code(), Code::Closed);
        store.close().await.unwrap();
    });
}

#[test]
fn reading_along_needs_no_owner_and_leaves_the_database_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let before = bytes(&dir.path().join(DATABASE));
    let along = open(dir.path(), OpenMode::ReadAlong).unwrap().store;
    assert_eq!(block_on(along.load()).unwrap().items.len(), 2);
    block_on(along.close()).unwrap();
    assert_eq!(bytes(&dir.path().join(DATABASE)), before);
    block_on(own(dir.path()).close()).unwrap();
}

#[test]
fn reading_along_without_a_wallet_finds_none_and_makes_none() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    for path in [dir.path(), missing.as_path()] {
        assert_eq!(open(path, OpenMode::ReadAlong).unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(listing(dir.path()), [] as [&str; 0]);
}

#[test]
fn a_folder_is_made_and_left_tidy() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a").join("b");
    fill(&deep);
    assert_eq!(listing(&deep), ["lock", DATABASE]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&deep).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(deep.join(DATABASE)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn newer_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let path = dir.path().join(DATABASE);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 4_711).unwrap();
    let before = bytes(&path);
    for mode in [OpenMode::Own, OpenMode::ReadAlong] {
        let error = open(dir.path(), mode).unwrap_err();
        assert_eq!(error.code(), Code::NewerSchema);
        assert!(error.message().contains("4711") && error.message().ends_with(" 1"), "{error}");
    }
    assert_eq!(bytes(&path), before);
    assert!(listing(dir.path()).iter().all(|name| !name.contains("corrupt")));
}

#[test]
fn d08_a_file_in_the_place_of_the_folder_is_named_at_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wallet");
    fs::write(&path, "a file").unwrap();
    for path in [path.clone(), path.join("below")] {
        let error = open(&path, OpenMode::Own).unwrap_err();
        assert_eq!(error.code(), Code::StorageIo);
        assert!(error.message().starts_with("the data folder cannot be used"), "{error}");
        assert!(!format!("{error:?}").contains(&*dir.path().to_string_lossy()));
    }
    assert_eq!(bytes(&path), b"a file");
}

#[test]
fn d08_a_folder_in_the_place_of_a_file_is_an_error_and_stays() {
    for name in ["lock", DATABASE] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(name)).unwrap();
        assert_eq!(open(dir.path(), OpenMode::Own).unwrap_err().code(), Code::StorageIo, "{name}");
        assert!(dir.path().join(name).is_dir());
    }
}

#[test]
#[cfg_attr(windows, ignore = "modes and running as another user are Unix's")]
fn d08_a_folder_without_permission_is_a_typed_error() {
    #[cfg(unix)]
    refused_by_mode();
}

#[cfg(unix)]
fn refused_by_mode() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    let is_root = fs::read(dir.path().join("home")).is_err() && {
        fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).unwrap();
        fs::write(home.join("probe"), "").is_ok()
    };
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    // Modes do not bind root: the test binary is copied to where another user can run it.
    if is_root {
        let copy = dir.path().join("store-tests");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        command = std::process::Command::new(copy);
        command.uid(65_534).gid(65_534).current_dir("/");
        std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
        let _ = fs::remove_file(home.join("probe"));
    }
    command.args([child_of(module_path!()).as_str(), "--exact", "--nocapture"]);
    command.env("STORE_CHILD_TASK", "report").env("STORE_CHILD_DIR", &home);
    let output = command.output().unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report = text.lines().find_map(|line| line.strip_prefix("report ")).unwrap_or_default();
    assert!(report.starts_with("storage_io cannot write to the data folder"), "{text}");
    assert_eq!(listing(&home), [] as [&str; 0]);
}

#[test]
fn the_lock_file_may_hold_anything() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = fs::File::create(dir.path().join("lock")).unwrap();
    file.write_all(&[0xff; 10_000]).unwrap();
    block_on(own(dir.path()).close()).unwrap();
}
