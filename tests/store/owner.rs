//! Whoever is not the account's only owner any more writes nothing: not beside another one, and not where nobody looks.

use std::fs;
use std::path::{Path, PathBuf};

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::{OpenMode, SqliteStore, Store, Write};

use crate::support::{block_on, item, open, own};

const DATABASE: &str = "wallet.sqlite3";

fn commit(store: &SqliteStore, n: u8) -> Result<(), Code> {
    block_on(store.commit(vec![Write::Item(item(n))])).map_err(|error| error.code())
}

fn close(store: &SqliteStore) -> Result<(), Code> {
    block_on(store.close()).map_err(|error| error.code())
}

/// Items of a folder that nobody has open, by their number; nothing was damaged.
fn items(dir: &Path) -> Vec<u8> {
    let store = own(dir);
    let loaded = block_on(store.load()).unwrap();
    close(&store).unwrap();
    (0..100).filter(|n| loaded.items.contains(&item(*n))).collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("wallet");
    (base, dir)
}

#[test]
fn where_the_lock_file_is_deleted_the_second_owner_goes_on_and_the_first_stops() {
    let (_base, dir) = folder();
    let first = own(&dir);
    commit(&first, 1).unwrap();
    fs::remove_file(dir.join("lock")).unwrap();
    assert_eq!(commit(&first, 2), Err(Code::Locked), "anybody may come in now");
    let second = open(&dir, OpenMode::Own).unwrap().store;
    commit(&second, 3).unwrap();
    assert_eq!(commit(&first, 4), Err(Code::Locked));
    assert_eq!(close(&first), Err(Code::Locked));
    commit(&second, 5).unwrap();
    close(&second).unwrap();
    assert_eq!(items(&dir), [1, 3, 5]);
}

/// The same lock file again, as one that was restored from a copy of its name: the database tells.
#[test]
fn whoever_was_overtaken_writes_nothing_even_behind_a_good_lock() {
    let (_base, dir) = folder();
    let first = own(&dir);
    commit(&first, 1).unwrap();
    fs::rename(dir.join("lock"), dir.join("kept")).unwrap();
    let second = open(&dir, OpenMode::Own).unwrap().store;
    commit(&second, 2).unwrap();
    fs::rename(dir.join("kept"), dir.join("lock")).unwrap();
    assert_eq!(commit(&first, 3), Err(Code::Locked));
    assert_eq!(commit(&second, 4), Err(Code::Locked), "its lock is gone");
    let _ = (close(&first), close(&second));
    assert_eq!(items(&dir), [1, 2]);
}

#[test]
fn a_folder_that_is_moved_away_takes_nothing_and_goes_on_when_it_is_back() {
    let (base, dir) = folder();
    let away = base.path().join("away");
    let store = own(&dir);
    commit(&store, 1).unwrap();
    fs::rename(&dir, &away).unwrap();
    assert_eq!(commit(&store, 2), Err(Code::Locked));
    assert_eq!(block_on(store.load()).unwrap().items, [item(1)], "reading goes on");
    fs::rename(&away, &dir).unwrap();
    commit(&store, 3).unwrap();
    close(&store).unwrap();
    assert_eq!(items(&dir), [1, 3]);
}

#[test]
fn a_folder_that_stays_away_has_all_that_was_answered() {
    let (base, dir) = folder();
    let away = base.path().join("away");
    let store = own(&dir);
    commit(&store, 1).unwrap();
    fs::rename(&dir, &away).unwrap();
    let other = own(&dir);
    commit(&other, 7).unwrap();
    assert_eq!(commit(&store, 2), Err(Code::Locked));
    assert_eq!(close(&store), Err(Code::Locked));
    commit(&other, 8).unwrap();
    close(&other).unwrap();
    assert_eq!((items(&away), items(&dir)), (vec![1], vec![7, 8]));
}

/// A link to the lock file that is held is another name for it, under which nobody is kept out.
#[test]
fn a_lock_file_behind_a_link_is_none() {
    let (base, dir) = folder();
    let store = own(&dir);
    commit(&store, 1).unwrap();
    fs::rename(dir.join("lock"), base.path().join("lock")).unwrap();
    std::os::unix::fs::symlink(base.path().join("lock"), dir.join("lock")).unwrap();
    assert_eq!(commit(&store, 2), Err(Code::Locked));
    assert_eq!(close(&store), Err(Code::Locked));
    fs::remove_file(dir.join("lock")).unwrap();
    assert_eq!(items(&dir), [1]);
}

#[test]
fn a_database_that_is_removed_takes_nothing_and_is_not_made_again() {
    let (_base, dir) = folder();
    let store = own(&dir);
    commit(&store, 1).unwrap();
    for part in ["", "-wal", "-shm"] {
        fs::remove_file(dir.join(format!("{DATABASE}{part}"))).unwrap();
    }
    assert_eq!(commit(&store, 2), Err(Code::Locked));
    assert_eq!(block_on(store.load()).unwrap().items, [item(1)], "what was answered is still shown");
    assert_eq!(close(&store), Err(Code::Locked));
    assert!(!dir.join(DATABASE).exists());
    assert_eq!(items(&dir), [] as [u8; 0]);
}

#[test]
fn a_database_that_is_swapped_under_its_owner_is_left_as_it_is() {
    let ((_base, dir), (_other_base, other)) = (folder(), folder());
    let foreign = own(&other);
    commit(&foreign, 7).unwrap();
    close(&foreign).unwrap();
    let bytes = fs::read(other.join(DATABASE)).unwrap();
    let store = own(&dir);
    commit(&store, 1).unwrap();
    for part in ["", "-wal", "-shm"] {
        fs::rename(dir.join(format!("{DATABASE}{part}")), dir.join(format!("old{part}"))).unwrap();
    }
    fs::rename(other.join(DATABASE), dir.join(DATABASE)).unwrap();
    let log = dir.join(format!("{DATABASE}-wal"));
    fs::write(&log, "the log of the other one").unwrap();
    assert_eq!(commit(&store, 2), Err(Code::Locked));
    assert_eq!(close(&store), Err(Code::Locked));
    assert_eq!(fs::read(dir.join(DATABASE)).unwrap(), bytes);
    assert_eq!(fs::read(&log).unwrap(), b"the log of the other one");
    // What was answered is where it went: in the files that were taken away.
    fs::remove_file(&log).unwrap();
    for part in ["", "-wal"] {
        fs::rename(dir.join(format!("old{part}")), dir.join(format!("{DATABASE}{part}"))).unwrap();
    }
    assert_eq!(items(&dir), [1]);
}

/// One that opens after another has written reads that, and goes on from there.
#[test]
fn owners_one_after_the_other_are_none_beside_each_other() {
    let (_base, dir) = folder();
    for n in 0..3 {
        let store = own(&dir);
        commit(&store, n).unwrap();
        close(&store).unwrap();
    }
    assert_eq!(items(&dir), [0, 1, 2]);
}
