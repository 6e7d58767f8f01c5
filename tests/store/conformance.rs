//! One list of promises, kept by every store.

mod levels;
mod volume;

use std::sync::Arc;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::store::{
    BlockClass, BlockStats, Level, Loaded, MemoryStore, OpenMode, RollupRow, SqliteStore, Store, Write,
};

use crate::support::{self, block, change, item, key, name, node, written};

use levels::{
    a_change_starts_local_and_again_when_changed_again, lowering_reaches_higher_changes,
    order_within_a_batch_counts, raising_reaches_lower_changes_up_to_a_number,
};
use volume::{concurrent_commits_all_arrive, large_batches_are_whole};

/// A store, its clock, and a way to open it again.
struct Bench {
    store: Box<dyn Store>,
    clock: Arc<ManualClock>,
    reopen: Box<dyn Fn(Arc<ManualClock>) -> Box<dyn Store>>,
}

impl Bench {
    fn memory() -> Self {
        let store = MemoryStore::new();
        let again = store.clone();
        Self {
            store: Box::new(store),
            clock: Arc::new(ManualClock::new(1_000)),
            reopen: Box::new(move |_| Box::new(again.clone())),
        }
    }

    fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let open = move |clock: Arc<ManualClock>| -> Box<dyn Store> {
            let opened = SqliteStore::open(dir.path(), clock, OpenMode::Own).unwrap();
            assert_eq!(opened.warnings, []);
            Box::new(opened.store)
        };
        let clock = Arc::new(ManualClock::new(1_000));
        Self { store: open(clock.clone()), clock, reopen: Box::new(open) }
    }

    async fn reopened(&mut self) -> &dyn Store {
        self.store.close().await.unwrap();
        self.store = (self.reopen)(self.clock.clone());
        self.store.as_ref()
    }

    /// What is loaded now; the same must be there after opening again.
    async fn loaded(&mut self) -> Loaded {
        let before = self.store.load().await.unwrap();
        let after = self.reopened().await.load().await.unwrap();
        assert_eq!(before, after);
        after
    }

    async fn write(&self, batch: Vec<Write>) {
        self.store.commit(batch).await.unwrap();
    }

    async fn refused(&self, batch: Vec<Write>) -> Code {
        self.store.commit(batch).await.unwrap_err().code()
    }
}

macro_rules! conformance {
    ($($rule:ident),* $(,)?) => {
        /// In memory.
        mod memory { $( #[tokio::test] async fn $rule() { super::$rule(super::Bench::memory()).await; } )* }
        /// On disk.
        mod sqlite { $( #[tokio::test] async fn $rule() { super::$rule(super::Bench::sqlite()).await; } )* }
    };
}

conformance!(
    a_new_store_is_empty,
    every_row_comes_back_as_it_went_in,
    an_item_replaces_the_one_with_its_key,
    lists_come_in_the_order_of_their_key,
    a_change_starts_local_and_again_when_changed_again,
    raising_reaches_lower_changes_up_to_a_number,
    lowering_reaches_higher_changes,
    order_within_a_batch_counts,
    one_sequence_signs_one_record,
    a_refused_batch_leaves_nothing,
    held_is_added_to_and_replaced,
    meta_is_set_and_removed,
    a_name_takes_the_place_of_the_one_before,
    numbers_above_the_column_are_refused,
    blocks_come_back_in_the_order_asked,
    a_block_above_its_limit_is_refused,
    data_is_never_trimmed,
    data_stays_data_and_cache_becomes_data,
    trimming_takes_the_oldest_use_first,
    what_is_uncached_goes_and_data_stays,
    history_is_kept_from_a_minute_on,
    close_is_idempotent_and_ends_all_work,
    large_batches_are_whole,
    concurrent_commits_all_arrive,
);

async fn a_new_store_is_empty(mut bench: Bench) {
    assert_eq!(bench.loaded().await, Loaded::default());
    assert_eq!(bench.store.block_stats().await.unwrap(), BlockStats::default());
    assert_eq!(bench.store.rollups(0).await.unwrap(), []);
    assert_eq!(bench.store.block(block(1).cid()).await.unwrap(), None);
    assert_eq!(bench.store.trim_cache(0).await.unwrap(), 0);
}

async fn every_row_comes_back_as_it_went_in(mut bench: Bench) {
    let entry = support::entry(9);
    let mut unmerged = name(2, 0);
    unmerged.merged_root = None;
    unmerged.occupied = true;
    let held = vec![*block(1).cid(), *block(2).cid()];
    bench
        .write(vec![
            Write::Item(item(1)),
            Write::Item(entry.clone()),
            change(1, 7),
            Write::Name(name(0, 5)),
            Write::Name(unmerged.clone()),
            Write::Written(written(0, 5, 1)),
            Write::Node(node("n1", 3)),
            Write::Held { node: "n1".into(), cids: held.clone() },
            Write::Meta { key: "device", value: Some(Bytes::from_static(b"\x00\x01")) },
            Write::Block { block: block(1), class: BlockClass::Data },
            Write::Block { block: block(2), class: BlockClass::Cache },
        ])
        .await;
    let loaded = bench.loaded().await;
    let mut items = vec![item(1), entry];
    items.sort_by_key(|row| row.key);
    let mut held = held;
    held.sort();
    assert_eq!(loaded.items, items);
    assert_eq!(loaded.changes.len(), 1);
    assert_eq!(
        (loaded.changes[0].key, loaded.changes[0].number, loaded.changes[0].level),
        (key(1), 7, Level::Local)
    );
    assert_eq!(loaded.names, [name(0, 5), unmerged]);
    assert_eq!(loaded.written, [written(0, 5, 1)]);
    assert_eq!(loaded.nodes, [node("n1", 3)]);
    assert_eq!(loaded.held, [("n1".to_string(), held)].into());
    assert_eq!(loaded.meta, [("device".to_string(), Bytes::from_static(b"\x00\x01"))].into());
    assert_eq!(loaded.data_blocks, [(*block(1).cid(), block(1).bytes().len() as u64)]);
    assert!(loaded.quarantined.is_empty());
    assert_eq!(bench.store.block(block(1).cid()).await.unwrap(), Some(block(1)));
}

async fn an_item_replaces_the_one_with_its_key(mut bench: Bench) {
    let mut newer = item(1);
    newer.sealed = Bytes::from_static(b"newer");
    bench.write(vec![Write::Item(item(1))]).await;
    bench.write(vec![Write::Item(newer.clone())]).await;
    assert_eq!(bench.loaded().await.items, [newer]);
}

async fn lists_come_in_the_order_of_their_key(mut bench: Bench) {
    let mut batch = Vec::new();
    for n in [9_u8, 2, 200, 5] {
        batch.extend([Write::Item(item(n)), change(n, 1), Write::Name(name(n, 1))]);
        batch.push(Write::Written(written(1, u64::from(n), n)));
        batch.push(Write::Node(node(&format!("n{n}"), 1)));
        batch.push(Write::Block { block: block(n), class: BlockClass::Data });
    }
    batch.push(Write::Held { node: "n".into(), cids: [9, 2, 200, 5].map(|n| *block(n).cid()).into() });
    bench.write(batch).await;
    let loaded = bench.loaded().await;
    assert!(loaded.items.is_sorted_by_key(|row| row.key));
    assert!(loaded.changes.is_sorted_by_key(|row| row.key));
    assert!(loaded.names.is_sorted_by_key(|row| row.slot));
    assert!(loaded.written.is_sorted_by_key(|row| (row.slot, row.sequence)));
    assert!(loaded.nodes.is_sorted_by_key(|row| row.node.clone()));
    assert!(loaded.data_blocks.is_sorted());
    assert!(loaded.held["n"].is_sorted());
    assert_eq!(loaded.data_blocks.len(), 4);
}

async fn one_sequence_signs_one_record(mut bench: Bench) {
    bench.write(vec![Write::Written(written(0, 5, 1))]).await;
    let mut later = written(0, 5, 1);
    later.signed_at += 1;
    bench.write(vec![Write::Written(later)]).await;
    assert_eq!(bench.refused(vec![Write::Written(written(0, 5, 2))]).await, Code::Conflict);
    let twice = vec![Write::Written(written(0, 6, 1)), Write::Written(written(0, 6, 2))];
    assert_eq!(bench.refused(twice).await, Code::Conflict);
    bench.write(vec![Write::Written(written(1, 5, 2))]).await;
    assert_eq!(bench.loaded().await.written, [written(0, 5, 1), written(1, 5, 2)]);
}

async fn a_refused_batch_leaves_nothing(mut bench: Bench) {
    bench.write(vec![Write::Written(written(0, 1, 1)), Write::Item(item(1))]).await;
    let before = bench.loaded().await;
    let batch = vec![
        Write::Item(item(2)),
        change(2, 1),
        Write::Block { block: block(1), class: BlockClass::Data },
        Write::PruneRollups { before_minute: 0 },
        Write::Written(written(0, 1, 2)),
    ];
    assert_eq!(bench.refused(batch).await, Code::Conflict);
    assert_eq!(bench.loaded().await, before);
    assert_eq!(bench.store.block(block(1).cid()).await.unwrap(), None);
    bench.write(vec![Write::Item(item(2))]).await;
    assert_eq!(bench.loaded().await.items.len(), 2);
}

async fn held_is_added_to_and_replaced(mut bench: Bench) {
    let cids: Vec<Cid> = (1..=4).map(|n| *block(n).cid()).collect();
    let sorted = |places: &[usize]| {
        let mut list: Vec<Cid> = places.iter().map(|place| cids[*place]).collect();
        list.sort();
        list
    };
    bench.write(vec![Write::Held { node: "a".into(), cids: cids[..2].to_vec() }]).await;
    bench.write(vec![Write::Held { node: "a".into(), cids: cids[1..3].to_vec() }]).await;
    bench.write(vec![Write::Held { node: "b".into(), cids: cids[..1].to_vec() }]).await;
    let loaded = bench.loaded().await;
    assert_eq!(loaded.held["a"], sorted(&[0, 1, 2]));
    bench.write(vec![Write::HeldExactly { node: "a".into(), cids: vec![cids[3], cids[2]] }]).await;
    let loaded = bench.loaded().await;
    assert_eq!(loaded.held["a"], sorted(&[2, 3]));
    assert_eq!(loaded.held["b"], sorted(&[0]));
    bench.write(vec![Write::HeldExactly { node: "a".into(), cids: vec![] }]).await;
    assert!(!bench.loaded().await.held.contains_key("a"));
}

async fn meta_is_set_and_removed(mut bench: Bench) {
    let value = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
    bench
        .write(vec![Write::Meta { key: "a", value: value("1") }, Write::Meta { key: "b", value: value("") }])
        .await;
    bench.write(vec![Write::Meta { key: "a", value: value("2") }]).await;
    let meta = bench.loaded().await.meta;
    assert_eq!(meta.into_iter().collect::<Vec<_>>(), [("a".into(), "2".into()), ("b".into(), "".into())]);
    bench.write(vec![Write::Meta { key: "a", value: None }, Write::Meta { key: "c", value: None }]).await;
    assert_eq!(bench.loaded().await.meta.into_keys().collect::<Vec<_>>(), ["b"]);
}

async fn a_name_takes_the_place_of_the_one_before(mut bench: Bench) {
    bench.write(vec![Write::Name(name(1, 1)), Write::Name(name(2, 1)), Write::Name(name(1, 2))]).await;
    assert_eq!(bench.loaded().await.names, [name(1, 2), name(2, 1)]);
}

async fn numbers_above_the_column_are_refused(mut bench: Bench) {
    let above = limits::SEQUENCE_MAX + 1;
    for write in [
        change(1, above),
        Write::Name(name(1, above)),
        Write::Written(written(1, above, 1)),
        Write::Node(node("n", above)),
    ] {
        assert_eq!(bench.refused(vec![write]).await, Code::TooLarge);
    }
    bench.write(vec![Write::Name(name(1, limits::SEQUENCE_MAX))]).await;
    assert_eq!(bench.loaded().await.names, [name(1, limits::SEQUENCE_MAX)]);
}

async fn blocks_come_back_in_the_order_asked(mut bench: Bench) {
    let cids = [3, 1, 2, 3].map(|n| *block(n).cid());
    bench
        .write(vec![
            Write::Block { block: block(1), class: BlockClass::Cache },
            Write::Block { block: block(3), class: BlockClass::Data },
            Write::Block { block: Block::new(Codec::Raw, Bytes::new()), class: BlockClass::Cache },
        ])
        .await;
    let found = bench.reopened().await.blocks(&cids).await.unwrap();
    assert_eq!(found, [Some(block(3)), Some(block(1)), None, Some(block(3))]);
    let empty = Block::new(Codec::Raw, Bytes::new());
    assert_eq!(bench.store.block(empty.cid()).await.unwrap(), Some(empty));
}

async fn a_block_above_its_limit_is_refused(bench: Bench) {
    let large = Block::new(Codec::Raw, vec![0; limits::BLOCK_BYTES + 1]);
    let batch = vec![Write::Block { block: large, class: BlockClass::Data }];
    assert_eq!(bench.refused(batch).await, Code::TooLarge);
    let largest = Block::new(Codec::Raw, vec![0; limits::BLOCK_BYTES]);
    bench.write(vec![Write::Block { block: largest.clone(), class: BlockClass::Data }]).await;
    assert_eq!(bench.store.block(largest.cid()).await.unwrap(), Some(largest));
}

async fn data_is_never_trimmed(mut bench: Bench) {
    bench
        .write(vec![
            Write::Block { block: block(1), class: BlockClass::Data },
            Write::Block { block: block(2), class: BlockClass::Cache },
        ])
        .await;
    let size = block(1).bytes().len() as u64;
    let stats = bench.store.block_stats().await.unwrap();
    assert_eq!(stats, BlockStats { data_blocks: 1, data_bytes: size, cache_blocks: 1, cache_bytes: size });
    assert_eq!(bench.store.trim_cache(0).await.unwrap(), size);
    let stats = bench.reopened().await.block_stats().await.unwrap();
    assert_eq!(stats, BlockStats { data_blocks: 1, data_bytes: size, ..BlockStats::default() });
    assert_eq!(bench.store.block(block(1).cid()).await.unwrap(), Some(block(1)));
}

async fn data_stays_data_and_cache_becomes_data(mut bench: Bench) {
    bench.write(vec![Write::Block { block: block(1), class: BlockClass::Data }]).await;
    bench.write(vec![Write::Block { block: block(1), class: BlockClass::Cache }]).await;
    bench.write(vec![Write::Block { block: block(2), class: BlockClass::Cache }]).await;
    bench.write(vec![Write::Block { block: block(2), class: BlockClass::Data }]).await;
    assert_eq!(bench.store.trim_cache(0).await.unwrap(), 0);
    assert_eq!(bench.loaded().await.data_blocks.len(), 2);
}

async fn what_is_uncached_goes_and_data_stays(mut bench: Bench) {
    let (data, cached) = (block(1), block(2));
    let of = |block: &Block, class| Write::Block { block: block.clone(), class };
    bench.store.commit(vec![of(&data, BlockClass::Data), of(&cached, BlockClass::Cache)]).await.unwrap();
    let both = vec![*data.cid(), *cached.cid(), *block(3).cid()];
    bench.store.commit(vec![Write::Uncache(both.clone())]).await.unwrap();
    let left = bench.reopened().await.blocks(&both).await.unwrap();
    assert_eq!(left, [Some(data), None, None]);
}

async fn trimming_takes_the_oldest_use_first(mut bench: Bench) {
    for n in 1..=4 {
        bench.write(vec![Write::Block { block: block(n), class: BlockClass::Cache }]).await;
        bench.clock.advance_ms(10);
    }
    bench.store.block(block(1).cid()).await.unwrap();
    bench.clock.advance_ms(10);
    // The use just noted must survive closing.
    let store = bench.reopened().await;
    let size = block(1).bytes().len() as u64;
    assert_eq!(store.trim_cache(2 * size + 1).await.unwrap(), 2 * size);
    let left = store.blocks(&[1, 2, 3, 4].map(|n| *block(n).cid())).await.unwrap();
    assert_eq!(left.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(store.trim_cache(2 * size).await.unwrap(), 0);
}

async fn history_is_kept_from_a_minute_on(mut bench: Bench) {
    let row = |minute, json: &str| RollupRow { minute, json: json.into() };
    let batch = [row(5, "a"), row(-3, "b"), row(9, "c"), row(5, "d")].map(Write::Rollup);
    bench.write(batch.into()).await;
    let store = bench.reopened().await;
    assert_eq!(store.rollups(i64::MIN).await.unwrap(), [row(-3, "b"), row(5, "d"), row(9, "c")]);
    assert_eq!(store.rollups(6).await.unwrap(), [row(9, "c")]);
    store.commit(vec![Write::PruneRollups { before_minute: 9 }]).await.unwrap();
    assert_eq!(store.rollups(i64::MIN).await.unwrap(), [row(9, "c")]);
}

async fn close_is_idempotent_and_ends_all_work(mut bench: Bench) {
    bench.write(vec![Write::Item(item(1))]).await;
    bench.store.close().await.unwrap();
    bench.store.close().await.unwrap();
    let store = &bench.store;
    let cid = *block(1).cid();
    let codes = [
        store.load().await.map(|_| ()).unwrap_err().code(),
        store.commit(vec![]).await.unwrap_err().code(),
        store.block(&cid).await.map(|_| ()).unwrap_err().code(),
        store.blocks(&[cid]).await.map(|_| ()).unwrap_err().code(),
        store.block_stats().await.map(|_| ()).unwrap_err().code(),
        store.trim_cache(0).await.map(|_| ()).unwrap_err().code(),
        store.rollups(0).await.map(|_| ()).unwrap_err().code(),
    ];
    assert_eq!(codes, [Code::Closed; 7]);
    assert_eq!(bench.reopened().await.load().await.unwrap().items, [item(1)]);
}
