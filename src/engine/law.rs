//! The law of the state: after any sequence of operations, what is in memory equals what a reopened store gives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use self::support::world::{Device, Fault, World, token};
use super::report::SpendKind;
use super::state::State;
use super::{Engine, SyncRequest, open};
use crate::clock::Entropy;
use crate::store::{Level, MemoryStore, Store};
use crate::{Code, Error};

/// Nodes of each world.
const NODES: usize = 3;

/// One step of a sequence; numbers choose among few names, so that steps meet.
#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Spend(u8, bool),
    Set(u8, u16),
    Sync(bool),
    Publish,
    /// The other device changes something and publishes it: a merge for this one.
    Other(u8),
    Fault(u8, u8),
    Mend,
    Forget(u8),
    Clear,
    Upkeep,
    Pass(u8),
    /// The next commit fails with nothing written; or written, with the outcome unknown.
    FailCommit(bool),
    Reopen,
    /// The process is killed and started again.
    Crash,
    /// A block is damaged on the disk.
    Damage(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<u8>().prop_map(Step::Put),
        3 => any::<(u8, bool)>().prop_map(|(n, proof)| Step::Spend(n, proof)),
        3 => any::<(u8, u16)>().prop_map(|(n, len)| Step::Set(n, len % 2_000)),
        4 => any::<bool>().prop_map(Step::Sync),
        6 => Just(Step::Publish),
        3 => any::<u8>().prop_map(Step::Other),
        2 => any::<(u8, u8)>().prop_map(|(at, kind)| Step::Fault(at, kind)),
        2 => Just(Step::Mend),
        1 => any::<u8>().prop_map(Step::Forget),
        1 => Just(Step::Clear),
        1 => Just(Step::Upkeep),
        1 => any::<u8>().prop_map(Step::Pass),
        3 => any::<bool>().prop_map(Step::FailCommit),
        2 => Just(Step::Reopen),
        2 => Just(Step::Crash),
        1 => any::<u8>().prop_map(Step::Damage),
    ]
}

/// A device that is driven, another one that it merges from, and their nodes.
struct Run {
    world: World,
    device: Device,
    other: Device,
    /// The handle refuses work: memory may be behind the disk until it is opened again.
    stopped: bool,
}

impl Run {
    async fn new() -> Self {
        let mut world = World::new(NODES);
        world.config.cache.max_bytes = 64 * 1024 * 1024;
        let (device, other) = (world.device().await, world.device().await);
        Self { world, device, other, stopped: false }
    }

    async fn take(&mut self, step: Step) {
        let engine = &self.device.engine;
        match step {
            Step::Put(n) => drop(engine.put(vec![token(&format!("t{}", n % 6), &format!("s{}", n % 2))]).await),
            Step::Spend(n, proof) => {
                let kind = if proof { SpendKind::Proof } else { SpendKind::Intent };
                let evidence = Bytes::from(format!("evidence {}", n % 3));
                drop(engine.spend(&format!("t{}", n % 6), "s0", kind, evidence).await);
            }
            Step::Set(n, len) => drop(engine.set(&format!("k{}", n % 3), vec![n; len.into()].into()).await),
            Step::Sync(fresh) => {
                let request = SyncRequest { fresh, deadline: None, wait: Some(Level::Local) };
                drop(engine.sync(request, |_| ()).await);
            }
            Step::Publish => {
                let request = SyncRequest {
                    fresh: true,
                    deadline: Some(Duration::from_secs(20)),
                    wait: Some(Level::Verified),
                };
                drop(engine.sync(request, |_| ()).await);
            }
            Step::Other(n) => {
                self.other.engine.put(vec![token(&format!("t{}", n % 6), &format!("s{}", n % 3))]).await.ok();
                drop(self.other.sync_to(Level::Verified).await);
            }
            Step::Fault(at, kind) => {
                let faults = [Fault::Dead, Fault::Hung, Fault::Amnesiac, Fault::Broken, Fault::Stale, Fault::Mute];
                self.world.faults(faults[usize::from(kind) % faults.len()], &[usize::from(at) % NODES]);
            }
            Step::Mend => self.world.faults(Fault::None, &[0, 1, 2]),
            Step::Forget(at) => self.world.nodes[usize::from(at) % NODES].wipe(),
            Step::Clear => drop(engine.clear_cache(super::CacheKind::Records).await),
            Step::Upkeep => drop(engine.upkeep().await),
            Step::Pass(hours) => self.world.clock.advance_ms(i64::from(hours) * 3_600_000 * 40),
            Step::FailCommit(written) => self.fail_commit(written),
            Step::Reopen => {
                self.device.close().await;
                self.open(self.device.store.clone()).await;
            }
            Step::Crash => self.open(self.device.store.crash()).await,
            Step::Damage(n) => {
                let cids: Vec<_> = self.device.store.load().await.unwrap().data_blocks;
                if let Some((cid, _)) = cids.get(usize::from(n) % cids.len().max(1)) {
                    self.device.store.damage_block(cid);
                    drop(engine.account.store.block(cid).await);
                }
            }
        }
    }

    fn fail_commit(&mut self, written: bool) {
        if written {
            self.device.store.fail_next_after_write(Code::StorageIo);
            self.stopped = true;
        } else {
            self.device.store.fail_next(Code::StorageFull);
        }
    }

    async fn open(&mut self, store: MemoryStore) {
        self.device = self.world.device_on(store).await;
        self.stopped = false;
    }

    /// Compares memory and disk while nobody writes.
    async fn check(&self) -> Result<(), TestCaseError> {
        if self.stopped {
            return Ok(());
        }
        let account = &self.device.engine.account;
        let _order = account.order.lock().await;
        let stored: Arc<dyn Store> = Arc::new(self.device.store.snapshot());
        let loaded = open::load(&stored, &account.keys, &Entropy::seeded(0), false).await;
        let (mut loaded, _) = loaded.map_err(|e: Error| TestCaseError::fail(e.message().to_owned()))?;
        let (disk, memory) = (facts(&mut loaded), facts(&mut account.write()));
        for (name, value) in &memory {
            prop_assert_eq!(value, &disk[name], "{} differs: memory left, disk right", name);
        }
        Ok(())
    }
}

/// Everything that must survive, as text by its name.
fn facts(state: &mut State) -> BTreeMap<&'static str, String> {
    fn show(value: impl Debug) -> String {
        format!("{value:?}")
    }
    fn sorted<T: Ord + Debug>(values: impl IntoIterator<Item = T>) -> String {
        let mut values: Vec<T> = values.into_iter().collect();
        values.sort();
        show(values)
    }
    let keep = sorted(state.keep.iter().copied());
    let names: Vec<_> = state
        .names
        .iter()
        .map(|(slot, known)| {
            let record = known.record.as_ref().map(|record| record.raw().clone());
            let KnownName { sequence, merged_root, verified_at, changed_at, occupied, .. } = known;
            (slot, sequence, record, merged_root, verified_at, changed_at, occupied)
        })
        .collect();
    let held: BTreeMap<_, _> = state
        .held
        .iter()
        .filter(|(_, cids)| !cids.is_empty())
        .map(|(node, cids)| (node, sorted(cids.iter().copied())))
        .collect();
    BTreeMap::from([
        ("inventory", show(state.inventory.items().collect::<Vec<_>>())),
        ("keep", keep),
        ("on disk", sorted(state.on_disk.iter().map(|(cid, size)| (*cid, *size)))),
        ("missing", show(&state.missing)),
        ("changes", show(&state.changes)),
        ("levels", show((state.levels, state.last_change))),
        ("names", show(names)),
        ("written", show(&state.written)),
        ("edition", show(&state.edition)),
        ("own", show(&state.own)),
        ("nodes", show(&state.nodes)),
        ("held", show(held)),
        ("merged", show(&state.merged)),
        ("verified", show((state.verified_index, state.verified_sequence))),
        ("marks", show((state.first_read, state.remote_level, state.gap_at, state.reput_at, state.failed_at))),
    ])
}

use super::state::KnownName;

fn follow(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut run = Run::new().await;
        for step in steps {
            run.take(step).await;
            run.check().await?;
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_equals_the_reopened_store(steps in prop::collection::vec(step(), 1..40)) {
        follow(steps)?;
    }
}
