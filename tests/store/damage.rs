//! Damage at rest: never a wrong row, never a silent gap.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use rusqlite::Connection;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::store::{
    BlockClass, Level, Loaded, OpenMode, RollupRow, SET_ASIDE, Store, Write,
};

use crate::support::{block, block_on, change, entry, item, key, name, node, open, own, written};

const DATABASE: &str = "wallet.sqlite3";
const FLIPS: u64 = 200;
const PAGE: u64 = 4_096;

fn payload(n: u8) -> Block {
    Block::new(Codec::Raw, vec![n; 9_000])
}

/// A wallet of a hundred items, with all that goes with it.
fn content() -> Vec<Write> {
    let mut batch = vec![Write::Meta { key: "device", value: Some(Bytes::from_static(b"0123456789abcdef")) }];
    for n in 0..100 {
        batch.extend([Write::Item(if n % 10 == 0 { entry(n) } else { item(n) }), change(n, n.into())]);
        batch.push(Write::Rollup(RollupRow { minute: n.into(), json: "{}".into() }));
    }
    for n in 0..20 {
        batch.push(Write::Block { block: payload(n), class: BlockClass::Data });
        batch.push(Write::Block { block: block(n), class: BlockClass::Cache });
        batch.push(Write::Name(name(n, 7)));
        batch.push(Write::Written(written(1, n.into(), n)));
        batch.push(Write::Node(node(&format!("node-{n}"), 7)));
    }
    batch.push(Write::Held { node: "n".into(), cids: (0..50).map(|n| *block(n).cid()).collect() });
    batch.push(Write::RaiseLevel { upto: 50, level: Level::Verified });
    batch
}

/// A closed store, and what it loads.
fn filled(dir: &Path) -> Loaded {
    block_on(async {
        let store = own(dir);
        store.commit(content()).await.unwrap();
        let loaded = store.load().await.unwrap();
        store.close().await.unwrap();
        loaded
    })
}

fn flip(path: &Path, random: &Entropy, in_structure: bool) {
    let mut bytes = fs::read(path).unwrap();
    let bit = if in_structure {
        random.below(bytes.len() as u64 / PAGE) * PAGE * 8 + random.below(16 * 8)
    } else {
        random.below(bytes.len() as u64 * 8)
    };
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

/// Rows that were not there before: every one is a lie.
fn assert_nothing_invented(seed: u64, before: &Loaded, after: &Loaded, is_new: bool) {
    assert!(after.items.iter().all(|row| before.items.contains(row)), "seed {seed}: items");
    assert!(after.names.iter().all(|row| before.names.contains(row)), "seed {seed}: names");
    assert!(after.written.iter().all(|row| before.written.contains(row)), "seed {seed}: written");
    assert!(after.nodes.iter().all(|row| before.nodes.contains(row)), "seed {seed}: nodes");
    assert!(after.meta.iter().all(|(name, value)| before.meta.get(name) == Some(value)), "seed {seed}: meta");
    for (node, cids) in &after.held {
        assert!(cids.iter().all(|cid| before.held[node].contains(cid)), "seed {seed}: held");
    }
    let changes = after.changes.iter().all(|row| {
        before.changes.iter().any(|is| {
            let level = if is_new { Level::Local } else { is.level };
            (is.key, is.number, level) == (row.key, row.number, row.level)
        })
    });
    assert!(changes, "seed {seed}: changes");
    let known: BTreeSet<Cid> = (0..20).flat_map(|n| [*block(n).cid(), *payload(n).cid()]).collect();
    assert!(after.data_blocks.iter().all(|(cid, _)| known.contains(cid)), "seed {seed}: blocks");
}

fn rows(loaded: &Loaded) -> [usize; 8] {
    [
        loaded.items.len(),
        loaded.changes.len(),
        loaded.names.len(),
        loaded.written.len(),
        loaded.nodes.len(),
        loaded.held.values().map(Vec::len).sum(),
        loaded.meta.len(),
        loaded.data_blocks.len(),
    ]
}

/// Flips at random places of the file, and in the first bytes of a page, where the tree's structure is.
fn flips() -> impl Iterator<Item = (u64, bool)> {
    (0..FLIPS).map(|seed| (seed, false)).chain((FLIPS..FLIPS + 100).map(|seed| (seed, true)))
}

#[test]
fn d05_a_flipped_bit_never_makes_a_row_wrong_or_vanish_silently() {
    let original = tempfile::tempdir().unwrap();
    let before = filled(original.path());
    let image = fs::read(original.path().join(DATABASE)).unwrap();
    let (mut quarantined, mut set_aside) = (0, 0);
    for (seed, in_structure) in flips() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE);
        fs::write(&path, &image).unwrap();
        flip(&path, &Entropy::seeded(seed), in_structure);
        let opened = match open(dir.path(), OpenMode::Own) {
            Ok(opened) => opened,
            Err(error) => {
                assert_eq!(error.code(), Code::NewerSchema, "seed {seed}: {error}");
                continue;
            }
        };
        let is_marked = block_on(async {
            let store = opened.store;
            let after = store.load().await.unwrap();
            assert_nothing_invented(seed, &before, &after, !opened.warnings.is_empty());
            for n in 0..20 {
                for block in [block(n), payload(n)] {
                    let found = store.block(block.cid()).await.unwrap();
                    assert!(found.is_none_or(|found| found == block), "seed {seed}");
                }
            }
            let said = !opened.warnings.is_empty() || !after.quarantined.is_empty();
            assert!(rows(&after) == rows(&before) || said, "seed {seed}: a silent gap");
            quarantined += usize::from(!after.quarantined.is_empty());
            set_aside += usize::from(!opened.warnings.is_empty());
            // It goes on, or says why not, and then the next opening does.
            match store.commit(vec![Write::Item(item(200))]).await {
                Ok(()) => assert!(store.load().await.unwrap().items.contains(&item(200)), "seed {seed}"),
                Err(error) => assert_eq!(error.code(), Code::Corrupt, "seed {seed}"),
            }
            store.close().await.unwrap();
            !after.quarantined.is_empty() && opened.warnings.is_empty()
        });
        let again = open(dir.path(), OpenMode::Own).unwrap();
        // Nobody may have heard of it: the next opening knows as well that something is gone, unless all was built anew.
        let is_known = block_on(again.store.load()).unwrap().meta.contains_key(SET_ASIDE);
        assert!(!is_marked || is_known || !again.warnings.is_empty(), "seed {seed}: forgotten");
        let again = again.store;
        block_on(async {
            again.commit(vec![Write::Item(item(201))]).await.unwrap();
            assert!(again.load().await.unwrap().items.contains(&item(201)), "seed {seed}");
            again.close().await.unwrap();
        });
    }
    assert!(quarantined > 0 && set_aside > 0, "{quarantined} quarantined, {set_aside} set aside");
}

/// Opens the closed database with plain SQLite.
fn tamper(dir: &Path, sql: &str) {
    let conn = Connection::open(dir.join(DATABASE)).unwrap();
    conn.execute_batch(sql).unwrap();
    conn.close().unwrap();
}

fn count(dir: &Path, sql: &str) -> i64 {
    Connection::open(dir.join(DATABASE)).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn d05_bad_rows_are_named_and_kept_in_quarantine() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    tamper(
        dir.path(),
        "UPDATE items SET sealed = zeroblob(300) WHERE token_id = 'token-7';
         UPDATE items SET state_hash = 'x' WHERE key = (SELECT key FROM items WHERE token_id = '' LIMIT 1);
         UPDATE changes SET level = 2 WHERE number = 60;
         UPDATE names SET sequence = 8 WHERE slot = 3;
         UPDATE meta SET value = x'00' WHERE name = 'device';",
    );
    let store = own(dir.path());
    let loaded = block_on(store.load()).unwrap();
    assert_eq!(loaded.quarantined, ["items row", "token-7", "changes row", "names row", "meta row"]);
    assert_eq!((loaded.items.len(), loaded.changes.len(), loaded.names.len()), (98, 99, 19));
    assert!(!loaded.items.iter().any(|row| row.key == key(7)));
    // Said once: they are not in their tables any more.
    assert_eq!(block_on(store.load()).unwrap().quarantined, [] as [&str; 0]);
    block_on(store.close()).unwrap();
    assert_eq!(count(dir.path(), "SELECT count(*) FROM quarantine WHERE reason = 'hash'"), 5);
    assert_eq!(count(dir.path(), "SELECT count(*) FROM quarantine WHERE moved_at = 1000"), 5);
}

#[test]
fn d05_damage_while_open_is_found_by_the_next_load() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = own(dir.path());
    assert_eq!(block_on(store.load()).unwrap().quarantined, [] as [&str; 0]);
    tamper(dir.path(), "UPDATE items SET sealed = x'00' WHERE token_id = 'token-7'");
    let loaded = block_on(store.load()).unwrap();
    assert_eq!((loaded.quarantined, loaded.items.len()), (vec!["token-7".to_string()], 99));
    block_on(store.commit(vec![Write::Item(item(7))])).unwrap();
    assert_eq!(block_on(store.load()).unwrap().items.len(), 100);
    block_on(store.close()).unwrap();
}

#[test]
fn d05_a_damaged_level_is_not_made_good_by_raising_it() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = own(dir.path());
    tamper(dir.path(), "UPDATE changes SET number = 1 WHERE number = 60");
    block_on(store.commit(vec![Write::RaiseLevel { upto: 50, level: Level::Verified }])).unwrap();
    let loaded = block_on(store.load()).unwrap();
    assert_eq!(loaded.quarantined, ["changes row"]);
    let changes = loaded.changes;
    assert_eq!(changes.iter().filter(|row| row.number == 1).count(), 1);
    assert!(!changes.iter().any(|row| row.key == key(60)));
    block_on(store.close()).unwrap();
}

#[test]
fn d05_what_opening_found_is_said_even_after_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    tamper(dir.path(), "UPDATE items SET sealed = x'00' WHERE token_id = 'token-7'");
    let store = own(dir.path());
    block_on(store.commit(vec![Write::Item(item(200))])).unwrap();
    assert_eq!(block_on(store.load()).unwrap().quarantined, ["token-7"]);
    assert_eq!(block_on(store.load()).unwrap().quarantined, [] as [&str; 0]);
    block_on(store.close()).unwrap();
}

#[test]
fn d05_reading_along_leaves_bad_rows_out_and_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    tamper(dir.path(), "UPDATE items SET sealed = x'00' WHERE token_id = 'token-7'");
    let along = open(dir.path(), OpenMode::ReadAlong).unwrap().store;
    for _ in 0..2 {
        assert_eq!(block_on(along.load()).unwrap().quarantined, ["token-7"]);
    }
    block_on(along.close()).unwrap();
    assert_eq!(count(dir.path(), "SELECT count(*) FROM quarantine"), 0);
}

#[test]
fn d05_a_damaged_block_is_none_and_can_be_refilled() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    tamper(dir.path(), "UPDATE bodies SET bytes = zeroblob(9000) WHERE length(bytes) = 9000");
    let store = own(dir.path());
    block_on(async {
        let cids = [payload(1), block(1), payload(2)].map(|block| *block.cid());
        let found = store.blocks(&cids).await.unwrap();
        assert_eq!(found, [None, Some(block(1)), None]);
        let left = store.load().await.unwrap().data_blocks;
        assert!(left.iter().all(|(cid, _)| !cids.contains(cid)));
        store.commit(vec![Write::Block { block: payload(1), class: BlockClass::Data }]).await.unwrap();
        // Refilled before anyone noticed that it was damaged.
        store.commit(vec![Write::Block { block: payload(3), class: BlockClass::Data }]).await.unwrap();
        for n in [1, 3] {
            assert_eq!(store.block(payload(n).cid()).await.unwrap(), Some(payload(n)));
        }
        store.close().await.unwrap();
    });
    assert_eq!(count(dir.path(), "SELECT count(*) FROM quarantine WHERE source = 'bodies'"), 2);
}

#[test]
fn d05_a_damaged_block_row_costs_no_payload() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path());
    tamper(dir.path(), "UPDATE blocks SET class = 1, size = 1");
    let store = own(dir.path());
    block_on(async {
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.quarantined.len(), 40);
        store.trim_cache(0).await.unwrap();
        // What cannot be read as cache counts as data.
        let data = store.load().await.unwrap().data_blocks;
        assert!(before.data_blocks.iter().all(|block| data.contains(block)));
        assert_eq!(store.block(payload(1).cid()).await.unwrap(), Some(payload(1)));
        store.close().await.unwrap();
    });
}

#[test]
fn d05_a_damaged_record_has_still_used_its_sequence() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = own(dir.path());
    tamper(dir.path(), "UPDATE written SET record = x'00' WHERE sequence = 5");
    let error = block_on(store.commit(vec![Write::Written(written(1, 5, 99))])).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    block_on(store.close()).unwrap();
}

#[test]
fn damage_met_while_open_stops_writing_until_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path());
    let store = own(dir.path());
    tamper(dir.path(), "DROP TABLE changes");
    block_on(async {
        let error = store.commit(vec![Write::Item(item(150)), change(1, 1)]).await.unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        let error = store.commit(vec![Write::Item(item(151))]).await.unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert_eq!(store.block(payload(1).cid()).await.unwrap(), Some(payload(1)));
        store.close().await.unwrap();
    });
    let opened = open(dir.path(), OpenMode::Own).unwrap();
    assert_eq!(opened.warnings.len(), 1);
    assert_eq!(block_on(opened.store.load()).unwrap().items, before.items);
    block_on(opened.store.close()).unwrap();
}
