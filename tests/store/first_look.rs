//! What is left for a first look is given back as long as it is true, and never afterwards.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use rusqlite::Connection;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::sqlite::NetworkFolder;
use tauri_plugin_wallet_sync::store::{BlockClass, SqliteStore, Store, Write};

use crate::open::DATABASE;
use crate::support::{block, block_on, item, own};

fn look(dir: &Path) -> Option<Bytes> {
    SqliteStore::first_look(dir, NetworkFolder::Refused).unwrap()
}

fn commit(store: &SqliteStore, write: Write) {
    block_on(store.commit(vec![write])).unwrap();
}

/// A closed store with a row and a look.
fn left(dir: &Path) {
    let store = own(dir);
    commit(&store, Write::Item(item(1)));
    commit(&store, Write::FirstLook(Bytes::from_static(b"look")));
    block_on(store.close()).unwrap();
}

#[test]
fn it_is_given_back_beside_the_owner_and_after_him_and_is_no_row_of_the_wallet() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    assert_eq!(look(dir.path()), None);
    commit(&store, Write::FirstLook(Bytes::from_static(b"look")));
    assert_eq!(look(dir.path()).as_deref(), Some(b"look".as_slice()));
    block_on(store.close()).unwrap();
    assert_eq!(look(dir.path()).as_deref(), Some(b"look".as_slice()));
    let store = own(dir.path());
    assert!(block_on(store.load()).unwrap().meta.is_empty());
    assert_eq!(look(dir.path()).as_deref(), Some(b"look".as_slice()), "nothing was written yet");
    block_on(store.close()).unwrap();
}

#[test]
fn the_next_write_makes_it_untrue_whoever_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    commit(&store, Write::FirstLook(Bytes::from_static(b"look")));
    commit(&store, Write::Item(item(1)));
    assert_eq!(look(dir.path()), None, "the same owner");
    block_on(store.close()).unwrap();
    left(dir.path());
    let store = own(dir.path());
    commit(&store, Write::Item(item(2)));
    assert_eq!(look(dir.path()), None, "the next owner");
    // Ends without closing, as a process that is killed.
    drop(store);
    assert_eq!(look(dir.path()), None);
}

/// A failed batch leaves what was before, and with it what is said of it.
#[test]
fn a_write_that_fails_leaves_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    commit(&store, Write::FirstLook(Bytes::from_static(b"look")));
    let large = tauri_plugin_wallet_sync::model::block::Block::new(
        tauri_plugin_wallet_sync::model::cid::Codec::Raw,
        vec![0; tauri_plugin_wallet_sync::limits::BLOCK_BYTES + 1],
    );
    let write = Write::Block { block: large, class: BlockClass::Data };
    assert_eq!(block_on(store.commit(vec![write])).unwrap_err().code(), Code::TooLarge);
    assert!(look(dir.path()).is_some());
    block_on(store.close()).unwrap();
}

#[test]
fn reading_blocks_does_not_make_it_untrue() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    commit(&store, Write::Block { block: block(1), class: BlockClass::Cache });
    block_on(store.block(block(1).cid())).unwrap();
    commit(&store, Write::FirstLook(Bytes::from_static(b"look")));
    block_on(store.close()).unwrap();
    assert!(look(dir.path()).is_some());
}

#[test]
fn damage_makes_it_untrue() {
    let dir = tempfile::tempdir().unwrap();
    left(dir.path());
    let conn = Connection::open(dir.path().join(DATABASE)).unwrap();
    conn.execute("UPDATE items SET token_id = 'other'", []).unwrap();
    conn.close().unwrap();
    let store = own(dir.path());
    assert_eq!(look(dir.path()), None, "a row went to the quarantine");
    block_on(store.close()).unwrap();

    for (column, name) in [("value", "first_look"), ("value", "owner")] {
        left(dir.path());
        let conn = Connection::open(dir.path().join(DATABASE)).unwrap();
        conn.execute(&format!("UPDATE meta SET {column} = x'00' WHERE name = ?1"), [name]).unwrap();
        conn.close().unwrap();
        assert_eq!(look(dir.path()), None, "{name}");
    }
    left(dir.path());
    fs::write(dir.path().join("wallet.sqlite3.damaged"), "").unwrap();
    assert_eq!(look(dir.path()), None, "the database is to be set aside");
}

#[test]
fn without_a_wallet_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let error = SqliteStore::first_look(dir.path(), NetworkFolder::Refused).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}
