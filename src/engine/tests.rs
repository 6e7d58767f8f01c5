//! The law of the state: after any sequence of operations, what is in memory equals what a reopened store gives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use self::support::world::{Device, Fault, World, token};
use super::api::audit::AuditRequest;
use super::api::request::SyncRequest;
use super::api::status::CacheKind;
use super::api::tokens::{NewToken, SpendKind};
use super::local::Local;
use super::local::load;
use super::local::proofs::Proven;
use super::local::state::State;
use super::local::state::change::Change;
use crate::error::Code;
use crate::limits;
use crate::model::chunks;
use crate::model::cid::{Cid, Codec};
use crate::model::inventory::{BlockRef, Id, Item, TokenKey, TokenState};
use crate::model::root::Root;
use crate::model::seal::{Compression, Kind};
use crate::store::{Level, MemoryStore, Store};

/// Nodes of each world.
const NODES: usize = 3;

/// One step of a sequence; numbers choose among few names, so that steps meet.
#[derive(Clone, Debug)]
enum Op {
    Put(u8),
    /// A payload that several states have.
    PutShared(u8),
    /// A window adds something, which is counted.
    FromWindow(u8),
    Spend(u8, bool),
    Set(u8, u16),
    Label(u8),
    /// The first proof of a state is declared void.
    Reject(u8),
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

fn step() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => any::<u8>().prop_map(Op::Put),
        3 => any::<u8>().prop_map(Op::PutShared),
        2 => any::<u8>().prop_map(Op::FromWindow),
        3 => any::<(u8, bool)>().prop_map(|(n, proof)| Op::Spend(n, proof)),
        3 => any::<(u8, u16)>().prop_map(|(n, len)| Op::Set(n, len % 2_000)),
        2 => any::<u8>().prop_map(Op::Reject),
        1 => any::<u8>().prop_map(Op::Label),
        4 => any::<bool>().prop_map(Op::Sync),
        6 => Just(Op::Publish),
        3 => any::<u8>().prop_map(Op::Other),
        2 => any::<(u8, u8)>().prop_map(|(at, kind)| Op::Fault(at, kind)),
        2 => Just(Op::Mend),
        1 => any::<u8>().prop_map(Op::Forget),
        1 => Just(Op::Clear),
        1 => Just(Op::Upkeep),
        1 => any::<u8>().prop_map(Op::Pass),
        3 => any::<bool>().prop_map(Op::FailCommit),
        2 => Just(Op::Reopen),
        2 => Just(Op::Crash),
        1 => any::<u8>().prop_map(Op::Damage),
    ]
}

/// A device that is driven, another one that it merges from, and their nodes.
struct Driven {
    world: World,
    device: Device,
    other: Device,
    /// The handle refuses work: memory may be behind the disk until it is opened again.
    stopped: bool,
    failures: u32,
}

impl Driven {
    async fn new() -> Self {
        let mut world = World::new(NODES);
        world.config.cache.max_bytes = 64 * 1024 * 1024;
        let (device, other) = (world.device().await, world.device().await);
        Self { world, device, other, stopped: false, failures: 0 }
    }

    async fn take(&mut self, step: Op) {
        let engine = &self.device.engine;
        match step {
            Op::Put(n) => drop(engine.put(vec![token(&format!("t{}", n % 6), &format!("s{}", n % 2))]).await),
            Op::PutShared(n) => {
                let state = token(&format!("t{}", n % 6), &format!("s{}", n % 2));
                drop(engine.put(vec![NewToken { payload: Bytes::from_static(b"shared"), ..state }]).await);
            }
            Op::FromWindow(n) => {
                let state = token(&format!("t{}", n % 6), &format!("s{}", n % 2));
                drop(engine.put_from_window("main", vec![state]).await);
            }
            Op::Spend(n, proof) => {
                let kind = if proof { SpendKind::Proof } else { SpendKind::Intent };
                let evidence = Bytes::from(format!("evidence {}", n % 3));
                drop(engine.spend(&format!("t{}", n % 6), "s0", kind, evidence).await);
            }
            Op::Set(n, len) => drop(engine.set(&format!("k{}", n % 3), vec![n; len.into()].into()).await),
            Op::Label(n) => drop(engine.set_device_label(Some(&format!("d{}", n % 2))).await),
            Op::Reject(n) => {
                let token = format!("t{}", n % 6);
                let proofs = engine.proofs(&token, "s0").await.unwrap_or_default();
                if let Some(proof) = proofs.first() {
                    drop(engine.reject_proof(&token, "s0", proof.hash).await);
                }
            }
            Op::Sync(fresh) => {
                let request = SyncRequest { fresh, deadline: None, wait: Some(Level::Local) };
                drop(engine.sync(request, |_| ()).await);
            }
            Op::Publish => {
                let request = SyncRequest {
                    fresh: true,
                    deadline: Some(Duration::from_secs(20)),
                    wait: Some(Level::Verified),
                };
                drop(engine.sync(request, |_| ()).await);
            }
            Op::Other(n) => {
                self.other.engine.put(vec![token(&format!("t{}", n % 6), &format!("s{}", n % 3))]).await.ok();
                drop(self.other.engine.set(&format!("k{}", n % 3), vec![n; 9].into()).await);
                drop(self.other.sync_to(Level::Verified).await);
            }
            Op::Fault(at, kind) => {
                let faults =
                    [Fault::Dead, Fault::Hung, Fault::Amnesiac, Fault::Broken, Fault::Stale, Fault::Mute];
                self.world.faults(faults[usize::from(kind) % faults.len()], &[usize::from(at) % NODES]);
            }
            Op::Mend => self.world.faults(Fault::None, &[0, 1, 2]),
            Op::Forget(at) => self.world.nodes[usize::from(at) % NODES].wipe(),
            Op::Clear => drop(engine.clear_cache(CacheKind::All).await),
            Op::Upkeep => drop(engine.upkeep().await),
            Op::Pass(hours) => self.world.clock.advance_ms(i64::from(hours) * 3_600_000 * 40),
            Op::FailCommit(written) => self.fail_commit(written).await,
            Op::Reopen => {
                drop(self.device.engine.close(Duration::from_secs(30)).await);
                self.open(self.device.store.clone()).await;
            }
            Op::Crash => self.open(self.device.store.crash()).await,
            Op::Damage(n) => {
                let cids: Vec<_> = self.device.store.load().await.unwrap().data_blocks;
                if let Some((cid, _)) = cids.get(usize::from(n) % cids.len().max(1)) {
                    self.device.store.damage_block(cid);
                    drop(engine.account().local.block(cid).await);
                }
            }
        }
    }

    async fn fail_commit(&mut self, written: bool) {
        if self.stopped {
            return;
        }
        if written {
            self.device.store.fail_next_after_write(Code::StorageIo);
        } else {
            self.device.store.fail_next(Code::StorageFull);
        }
        self.failures += 1;
        drop(self.device.engine.put(vec![token(&format!("f{}", self.failures), "s0")]).await);
        self.stopped |= written;
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
        let local = &self.device.engine.account().local;
        let turn = local.turn().await;
        let loaded = self.device.store.snapshot().load().await.unwrap();
        let (stored, damage) = load::state(local.keys(), loaded);
        prop_assert!(damage.is_empty(), "{:?}", damage);
        for ((name, memory), (_, disk)) in facts(&turn.state()).into_iter().zip(facts(&stored)) {
            prop_assert_eq!(memory, disk, "{} differs: memory left, disk right", name);
        }
        Ok(())
    }
}

/// Everything that must survive, as text by its name.
fn facts(state: &State) -> [(&'static str, String); 5] {
    [
        ("holdings", state.holdings().durable()),
        ("levels", format!("{:?}", state.levels())),
        ("names", format!("{:?}", state.names())),
        ("nodes", state.nodes().durable()),
        ("marks", format!("{:?}", state.marks())),
    ]
}

fn follow(steps: Vec<Op>) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut run = Driven::new().await;
        for step in steps {
            run.take(step).await;
            run.check().await?;
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_equals_the_reopened_store(steps in prop::collection::vec(step(), 1..40)) {
        follow(steps)?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_caller_is_dropped_goes_on_to_its_end() {
    let device = World::new(NODES).device().await;
    let local = &device.engine.account().local;
    let turn = local.turn().await;
    let mut commit = Box::pin(turn.commit(vec![Change::FirstRead]));
    assert!(futures_util::poll!(&mut commit).is_pending());
    drop(commit);
    drop(turn);
    // The next turn begins when the commit is over, not before.
    assert!(local.turn().await.state().marks().first_read());
    let loaded = device.store.load().await.unwrap();
    assert!(load::state(local.keys(), loaded).0.marks().first_read());
}

/// A lane that began before an audit looked has looked at what it sent, not at what was found to be missing.
#[tokio::test(start_paused = true)]
async fn what_a_lane_proves_says_nothing_of_what_was_found_missing_meanwhile() {
    let device = World::new(NODES).device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let local = &device.engine.account().local;
    let node = device.engine.account().network.id(0);
    let edition = *local.read().names().edition().unwrap();
    let all = vec![edition.root];
    let proof = |losses| Proven {
        slot: edition.slot,
        sequence: edition.sequence,
        root: edition.root,
        all: &all,
        sent: &[],
        place: 0,
        losses,
    };
    let is_proven = || local.read().nodes().is_proven(&node, edition.slot, edition.sequence);
    let before = local.losses(&node);
    assert!(is_proven());
    local.note_lost(&node, edition.slot, &all.iter().copied().collect(), false).await.unwrap();
    assert!(!local.note_proven(&node, proof(before)).await.unwrap());
    assert!(!is_proven(), "what was found missing is not there for that");
    assert!(local.note_proven(&node, proof(local.losses(&node))).await.unwrap());
    assert!(is_proven());
}

#[tokio::test(start_paused = true)]
async fn what_an_audit_finds_missing_is_sent_again_although_a_lane_is_under_way() {
    let world = World::new(NODES);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let account = device.engine.account();
    let (local, lanes) = (&account.local, &account.lanes);
    let edition = *local.read().names().edition().unwrap();
    let node = account.network.id(0);
    let lost: Vec<_> = {
        let mut held = world.nodes[0].held();
        let all: Vec<_> = held.blocks.keys().copied().collect();
        let lost: Vec<_> = all.into_iter().filter(|cid| cid.codec() == Codec::Raw).collect();
        held.blocks.retain(|cid, _| !lost.contains(cid));
        lost
    };
    let believed = |local: &Local| {
        let state = local.read();
        let held = state.nodes().held(&node);
        lost.iter().filter(|cid| held.is_some_and(|held| held.contains(*cid))).count()
    };
    assert!(believed(local) > 0);
    // One that brings an edition which the node is not proven to hold.
    let current = lanes.next(NODES, |_| true).unwrap();
    local.unprove_node(&node, edition.slot).await.unwrap();
    lanes.offer(current, |_| false, &[0], account.clock.monotonic());
    assert!(lanes.running().contains(&0));
    let before = local.losses(&node);
    device.engine.audit(AuditRequest { all: false, repair: false }, |_| ()).await.unwrap();
    assert_eq!(believed(local), 0, "it would never be sent again");
    assert_ne!(local.losses(&node), before, "nor does what the lane proves say anything of it");
    lanes.end(0);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_comes_when_nobody_wants_it_any_more_is_in_no_keep() {
    let mut run = Driven::new().await;
    run.take(Op::Set(1, 700)).await;
    let cid = {
        let local = &run.device.engine.account().local;
        let state = local.read();
        *state.holdings().on_disk().next().expect("the value is a block")
    };
    let block = run.device.engine.account().local.block(&cid).await.unwrap().unwrap();
    // The entry is set again while its former value is on its way.
    run.take(Op::Set(1, 0)).await;
    run.device.engine.account().local.keep_blocks(vec![block]).await.unwrap();
    run.check().await.unwrap();
    run.device.engine.account().local.seals().unwrap();
    run.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn compressor_upgrade_changes_no_cid() {
    let world = World::new(NODES);
    let device = world.device().await;
    let local = &device.engine.account().local;
    let text = NewToken { payload: Bytes::from("token ".repeat(500)), ..token("a", "s0") };
    // As another release's compressor has left it.
    let sealed = local.keys().sealer().seal(Kind::State, &text.payload, Compression::Never).unwrap();
    let blocks = chunks::cut(sealed);
    let size = u32::try_from(text.payload.len()).unwrap();
    let reference = BlockRef::new(blocks.iter().map(|block| *block.cid()), size).unwrap();
    let state = TokenState {
        summary: text.summary.clone(),
        payloads: [reference.clone()].into(),
        ..TokenState::default()
    };
    let key = TokenKey { token_id: Id::parse("a").unwrap(), state_hash: Id::parse("s0").unwrap() };
    let turn = local.turn().await;
    let changes = blocks.into_iter().map(Change::Block).collect();
    turn.join(vec![Item::Token(key.clone(), state)], changes).await.unwrap();
    drop(turn);
    let payloads = || local.read().holdings().inventory().state(&key).unwrap().payloads.clone();
    let report = device.engine.put(vec![text]).await.unwrap();
    assert_eq!((report.added, report.unchanged), (0, 1));
    assert_eq!(payloads(), [reference.clone()].into(), "the same payload is not sealed anew");
    device.sync_to(Level::Verified).await.unwrap();
    let other = world.device().await;
    other.sync().await.unwrap();
    other.put(&["b"]).await;
    other.sync_to(Level::Verified).await.unwrap();
    device.sync().await.unwrap();
    assert_eq!(payloads(), [reference].into());
}

/// Nothing that a device reads makes a list without an end.
#[tokio::test(start_paused = true)]
async fn of_more_roots_that_gave_way_than_are_kept_the_wallet_is_published_again() {
    let world = World::new(NODES);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let local = &device.engine.account().local;
    let own = local.read().names().edition().unwrap().slot;
    let (_, root) = local.last_root(own).await.unwrap().unwrap();
    let other = local.read().names().free_slots().find(|slot| *slot != own).unwrap();
    for n in 1..=limits::DISPLACED as u64 + 3 {
        let cid = Cid::of(Codec::DagCbor, &n.to_be_bytes());
        let next = Root { slot: other, sequence: n, predecessors: Vec::new(), ..root.clone() };
        local.note_pinned(&next, cid).await.unwrap();
    }
    let state = local.read();
    assert_eq!(state.names().displaced().len(), limits::DISPLACED);
    assert!(state.marks().is_stray());
}
