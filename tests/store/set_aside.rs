//! What is no database of ours is set aside at opening, and what is whole in it is saved.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tauri_plugin_wallet_sync::store::{Level, Loaded, OpenMode, Store, Write};

use crate::open::{DATABASE, bytes, content, fill};
use crate::support::{block, block_on, item, key, listing, name, open, own, written};

/// Opens as owner, expects one warning for `file`, and that the store works.
fn opened_with_warning(dir: &Path, file: &str) -> Loaded {
    let opened = open(dir, OpenMode::Own).unwrap();
    let files: Vec<_> = opened.warnings.iter().map(|warning| warning.file.as_str()).collect();
    assert_eq!(files, [file]);
    let shown = opened.warnings[0].to_string();
    assert!(shown.contains(file) && !shown.contains(&*dir.to_string_lossy()), "{shown}");
    assert!(dir.join(file).exists());
    block_on(async {
        let loaded = opened.store.load().await.unwrap();
        opened.store.commit(vec![Write::Item(item(77))]).await.unwrap();
        opened.store.close().await.unwrap();
        let again = own(dir);
        assert!(again.load().await.unwrap().items.contains(&item(77)));
        again.close().await.unwrap();
        loaded
    })
}

#[test]
fn d06_what_is_no_database_is_set_aside() {
    let cases: [(&str, Vec<u8>); 4] = [
        ("empty", vec![]),
        ("short", b"SQLite".to_vec()),
        ("garbage", (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("zeros", vec![0; 65_536]),
    ];
    for (case, content) in cases {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        fs::write(dir.path().join(DATABASE), &content).unwrap();
        let loaded = opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-1");
        assert_eq!(loaded, Loaded::default(), "{case}");
        assert_eq!(bytes(&dir.path().join("wallet.sqlite3.corrupt-1")), content, "{case}");
    }
}

#[test]
fn d06_another_programs_database_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(dir.path().join(DATABASE)).unwrap();
    conn.execute_batch("CREATE TABLE items (key TEXT); INSERT INTO items VALUES ('x')").unwrap();
    conn.close().unwrap();
    assert_eq!(opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-1"), Loaded::default());
}

#[test]
fn d06_each_damaged_database_gets_a_name_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        fs::write(dir.path().join(DATABASE), [number; 100]).unwrap();
        opened_with_warning(dir.path(), &format!("wallet.sqlite3.corrupt-{number}"));
    }
    for number in 1..=3 {
        assert_eq!(bytes(&dir.path().join(format!("wallet.sqlite3.corrupt-{number}"))), [number; 100]);
    }
}

#[test]
fn d06_whole_rows_are_saved_as_unsynced_and_the_slot_is_not() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let conn = Connection::open(dir.path().join(DATABASE)).unwrap();
    conn.execute_batch("DROP TABLE quarantine; UPDATE items SET sealed = x'00' WHERE token_id = 'token-2'")
        .unwrap();
    conn.close().unwrap();
    let opened = open(dir.path(), OpenMode::Own).unwrap();
    assert_eq!(opened.warnings.len(), 1);
    assert_eq!(opened.warnings[0].salvaged, 6);
    let loaded = block_on(opened.store.load()).unwrap();
    assert_eq!(loaded.items, [item(1)]);
    let changes: Vec<_> = loaded.changes.iter().map(|row| (row.key, row.number, row.level)).collect();
    assert_eq!(changes, [(key(1), 1, Level::Local)]);
    assert_eq!((loaded.names, loaded.written), (vec![name(1, 4)], vec![written(1, 4, 1)]));
    assert_eq!(loaded.data_blocks, [(*block(1).cid(), 1_000)]);
    assert!(loaded.meta.is_empty() && loaded.nodes.is_empty() && loaded.held.is_empty());
    assert_eq!(block_on(opened.store.block_stats()).unwrap().cache_blocks, 1);
    block_on(opened.store.close()).unwrap();
}

#[test]
fn d06_a_truncated_database_gives_what_is_left_of_it() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let whole = bytes(&dir.path().join(DATABASE));
    let mut saved = 0;
    for pages in 1..whole.len() / 4096 {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(DATABASE), &whole[..pages * 4096 + 100]).unwrap();
        let loaded = opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-1");
        assert!(loaded.items.iter().all(|row| [item(1), item(2)].contains(row)));
        saved += loaded.items.len();
    }
    assert!(saved > 0);
}

#[test]
fn d07_a_log_that_is_none_is_set_aside_and_the_database_stays() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    fs::write(dir.path().join("wallet.sqlite3-wal"), [9; 5_000]).unwrap();
    let loaded = opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-1-wal");
    assert_eq!(loaded.items, [item(1), item(2)]);
    assert_eq!(bytes(&dir.path().join("wallet.sqlite3.corrupt-1-wal")), [9; 5_000]);
}

/// The log of a store that was not closed.
fn open_log(rows: u8) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    block_on(store.commit((0..rows).map(|n| Write::Item(item(100 + n))).collect())).unwrap();
    let log = bytes(&dir.path().join("wallet.sqlite3-wal"));
    block_on(store.close()).unwrap();
    log
}

#[test]
fn d07_a_log_without_its_database_is_not_mixed_into_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_log(3);
    fs::write(dir.path().join("wallet.sqlite3-wal"), &log).unwrap();
    let loaded = opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-1-wal");
    assert_eq!(loaded, Loaded::default());
    assert_eq!(bytes(&dir.path().join("wallet.sqlite3.corrupt-1-wal")), log);
}

#[test]
fn d07_the_log_of_another_wallet_makes_no_row_wrong() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let store = own(dir.path());
        store.commit(content()).await.unwrap();
        let many = (10..90).map(|n| Write::Item(item(n))).collect();
        store.commit(many).await.unwrap();
        store.close().await.unwrap();
    });
    fs::write(dir.path().join("wallet.sqlite3-wal"), open_log(60)).unwrap();
    let opened = open(dir.path(), OpenMode::Own).unwrap();
    assert_eq!(opened.warnings.len(), 1);
    let loaded = block_on(opened.store.load()).unwrap();
    let ours: Vec<_> = [1, 2].into_iter().chain(10..90).map(item).collect();
    assert!(ours.iter().all(|row| loaded.items.contains(row)), "the database itself was whole");
    assert!(loaded.items.iter().all(|row| ours.contains(row) || row.key[0] >= 100));
    block_on(opened.store.close()).unwrap();
}

#[test]
fn d07_a_missing_log_leaves_the_last_checkpoint() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(dir.path());
    let store = own(dir.path());
    block_on(store.commit(vec![Write::Item(item(3))])).unwrap();
    fs::copy(dir.path().join(DATABASE), copy.path().join(DATABASE)).unwrap();
    let without = own(copy.path());
    assert_eq!(block_on(without.load()).unwrap().items, [item(1), item(2)]);
    block_on(without.close()).unwrap();
    block_on(store.close()).unwrap();
}

#[test]
fn interrupted_setting_aside_is_completed() {
    // After the database was renamed, before its log was; and before the new one got its name.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("wallet.sqlite3.damaged"), "4").unwrap();
    fs::write(dir.path().join("wallet.sqlite3.corrupt-4"), "old").unwrap();
    fs::write(dir.path().join("wallet.sqlite3-wal"), "log").unwrap();
    fs::write(dir.path().join("wallet.sqlite3.new"), "half").unwrap();
    opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-4");
    assert_eq!(
        listing(dir.path()),
        ["lock", DATABASE, "wallet.sqlite3.corrupt-4", "wallet.sqlite3.corrupt-4-wal"]
    );
    // After the new one got its name.
    fs::write(dir.path().join("wallet.sqlite3.damaged"), "4").unwrap();
    let loaded = opened_with_warning(dir.path(), "wallet.sqlite3.corrupt-4");
    assert_eq!(loaded.items, [item(77)]);
}
