//! Every operation ends by its deadline with what it has, named as what it is.

use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncOutcome, SyncRequest};
use tauri_plugin_wallet_sync::metrics::Operation;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{BlockStats, Level, Loaded, RollupRow, Store, Write};
use tauri_plugin_wallet_sync::{Code, Error};

use crate::support::world::{Fault, World, token};

const TWO_SECONDS: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn all_dead_or_hung_is_answered_within_two_seconds() {
    for fault in [Fault::Dead, Fault::Hung] {
        let world = World::new(5);
        let device = world.device().await;
        device.put(&["a"]).await;
        device.sync_to(Level::Verified).await.unwrap();
        world.faults(fault, &[0, 1, 2, 3, 4]);
        world.clock.advance_ms(120_000);
        let started = monotonic();
        let failure = device.sync().await.unwrap_err();
        assert_eq!(failure.error.code(), Code::Unreachable, "{failure:?}");
        assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
        let plain = device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
        assert_eq!((plain.ok, plain.outcome), (true, SyncOutcome::Offline));
        assert_eq!(plain.source.as_str(), "none");
        assert_eq!(plain.ack, Ack::Verified, "the level is told as it was");
        assert_eq!(device.ids(), ["a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_outweighs_a_cache_that_is_still_young() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    device.sync().await.unwrap_err();
    let plain = device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!((plain.outcome, plain.source.as_str()), (SyncOutcome::Offline, "none"));
}

#[tokio::test(start_paused = true)]
async fn one_hung_node_costs_no_more_than_the_grace_window() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::Hung, &[2]);
    let restored = world.device().await;
    let started = monotonic();
    let report = restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a"]);
    assert!(report.list_ms <= 500.0, "{}", report.list_ms);
    assert!(started.elapsed() <= TWO_SECONDS);
}

#[tokio::test(start_paused = true)]
async fn a_first_publish_does_not_wait_for_a_hung_node() {
    let world = World::new(5);
    world.faults(Fault::Hung, &[4]);
    let device = world.device().await;
    device.put(&["a"]).await;
    let started = monotonic();
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    // The claim itself settles for two seconds.
    assert!(started.elapsed() <= Duration::from_millis(4_500), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn content_that_no_node_gives_keeps_nothing_else_waiting_and_is_not_up_to_date() {
    let world = World::new(5);
    let first = world.device().await;
    first.engine.put((0..80).map(|n| token(&format!("t{n:02}"), "s0")).collect()).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    let second = world.device().await;
    second.put(&["u"]).await;
    let report = second.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    // What the second has is not all that the first has.
    first.put(&["v"]).await;
    let report = first.sync_to(Level::Verified).await.unwrap();
    let root = |slot: usize| report.names[slot].root.as_ref().unwrap().parse().unwrap();
    let other = world.nodes[0].dag(&root(1));
    let mut lost = world.nodes[0].dag(&root(0));
    lost.retain(|cid, _| !other.contains_key(cid));
    for node in &world.nodes {
        node.held().blocks.retain(|cid, _| !lost.contains_key(cid));
    }
    let restored = world.device().await;
    let started = monotonic();
    let report = restored.sync().await.unwrap();
    assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
    assert_eq!((restored.ids().len(), report.missing_payloads), (81, 0), "{:?}", report.warnings);
    assert!(report.warnings.iter().any(|told| told.contains("could not be read")), "{:?}", report.warnings);
    let plain = restored.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_ne!(plain.source.as_str(), "cache", "a record is there whose content was never seen");
    for node in &world.nodes {
        node.held().blocks.extend(lost.clone());
    }
    restored.sync().await.unwrap();
    // That it is held is looked at behind the answer.
    world.pass(Duration::from_secs(1)).await;
    restored.sync().await.unwrap();
    let plain = restored.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!(plain.source.as_str(), "cache");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_whole_command() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.put(&["b"]).await;
    world.nodes.iter().for_each(|node| *node.latency.lock().unwrap() = Duration::from_millis(300));
    let started = monotonic();
    let request =
        SyncRequest { fresh: true, deadline: Some(Duration::from_millis(700)), wait: Some(Level::Verified) };
    let report = device.engine.sync(request, |_| ()).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(1_200), "{:?}", started.elapsed());
    assert!(report.ack < Ack::Verified && report.warnings.iter().any(|line| line == "deadline"));
}

#[tokio::test(start_paused = true)]
async fn a_second_sync_within_a_minute_sends_nothing() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let report = device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!((report.source.as_str(), report.requests), ("cache", 0));
    let restarted = world.device_on(device.store.snapshot()).await;
    let report = restarted.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!((report.source.as_str(), report.requests), ("cache", 0), "the cache survives a restart");
    world.pass(Duration::from_secs(61)).await;
    let report = device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!(report.source.as_str(), "http-routing");
}

#[tokio::test(start_paused = true)]
async fn concurrent_syncs_share_one_run() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    // The one search of all slots comes behind the first answer.
    device.sync().await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let asked = |world: &World| {
        world.nodes.iter().map(|n| n.requests.load(std::sync::atomic::Ordering::Relaxed)).sum::<u64>()
    };
    let before = asked(&world);
    device.sync().await.unwrap();
    let one = asked(&world) - before;
    let before = asked(&world);
    let all = futures_util::future::join_all((0..10).map(|_| device.sync())).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(asked(&world) - before, one);
}

/// Somebody adds one token after the other, each while the one before is being published. The pauses of 0.5, 1 and 2 s that
/// follow failures made the last one wait for 4 s.
#[tokio::test(start_paused = true)]
async fn changes_made_while_others_are_published_are_no_failures_to_wait_after() {
    let world = World::new(5);
    for node in &world.nodes {
        *node.latency.lock().unwrap() = Duration::from_millis(20);
    }
    let device = world.device().await;
    device.put(&["first"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.engine.reset_metrics().await.unwrap();
    let publish = async {
        device.put(&["0"]).await;
        let started = monotonic();
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
        started.elapsed()
    };
    let add = async {
        for id in ["1", "2", "3"] {
            let before = world.puts();
            while world.puts() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            device.put(&[id]).await;
        }
    };
    let (took, ()) = futures_util::future::join(Box::pin(publish), add).await;
    assert!(took <= TWO_SECONDS, "{took:?}");
    let metrics = device.engine.metrics();
    let publishes =
        metrics.operations.iter().find(|figures| figures.operation == Operation::Publish).unwrap();
    assert_eq!(publishes.count, 4, "one measurement for each publish: {publishes:?}");
    assert!(publishes.max_ms <= Some(500.0), "{publishes:?}");
}

/// A disk that needs so long for each commit with more than one block.
struct SlowDisk(MemoryStore, Duration);

#[async_trait::async_trait]
impl Store for SlowDisk {
    async fn load(&self) -> Result<Loaded, Error> {
        self.0.load().await
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        if batch.iter().filter(|write| matches!(write, Write::Block { .. })).count() > 1 {
            tokio::time::sleep(self.1).await;
        }
        self.0.commit(batch).await
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        self.0.block(cid).await
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        self.0.blocks(cids).await
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        self.0.block_stats().await
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        self.0.trim_cache(max_bytes).await
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        self.0.rollups(from_minute).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.0.close().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_disk_delays_no_answer_and_keeps_what_arrived() {
    let world = World::new(5);
    let device = world.device().await;
    let ids: Vec<String> = (0..40).map(|n| format!("t{n:02}")).collect();
    device.engine.put(ids.iter().map(|id| token(id, "s0")).collect()).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    let store = MemoryStore::new();
    let restored = world.engine_on(Arc::new(SlowDisk(store.clone(), Duration::from_secs(5)))).await;
    let started = monotonic();
    let request = SyncRequest { fresh: true, ..SyncRequest::default() };
    let report = restored.sync(request, |_| ()).await.unwrap();
    assert!(started.elapsed() <= TWO_SECONDS + Duration::from_millis(100), "{:?}", started.elapsed());
    assert_eq!((report.tokens.total, report.missing_payloads), (40, 40), "told as it is");
    restored.close(Duration::from_secs(30)).await.unwrap();
    let reopened = world.device_on(store).await;
    assert_eq!(reopened.ids(), ids);
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    for id in ids {
        reopened.engine.payload(&id, "s0").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_brought_by_its_deadline_is_kept() {
    let world = World::new(5);
    let device = world.device().await;
    let ids = ["t0", "t1", "t2", "t3", "t4", "t5"];
    device.put(&ids).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::LastMoment, &[0, 1, 2, 3, 4]);
    let restored = world.device().await;
    restored.sync().await.unwrap();
    restored.close().await;
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    let reopened = world.device_on(restored.store.clone()).await;
    for id in ids {
        reopened.engine.payload(id, "s0").await.unwrap();
    }
}
