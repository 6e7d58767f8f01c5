//! What another device published and no node has any more: everything else is mended all the same, what is left of it stays pinned,
//! and it is named.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest, Event, Missed, Subscription};

use crate::device::{Device, clock};
use crate::farm::{Farm, Harm, NODES};

const REPAIR: AuditRequest = AuditRequest { all: true, repair: true };
const LOOK: AuditRequest = AuditRequest { all: true, repair: false };

/// Which of its blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Payloads.
    Payloads,
    /// Leaves of the index, more than its record carries.
    List,
}

type Blocks = BTreeMap<String, Vec<u8>>;

/// A device that is there; what another one published last is lost in part on every node, and nobody else has it.
struct Scene {
    farm: Farm,
    here: Device,
    /// On each node, what was there before that.
    known: Vec<Blocks>,
    /// On each node, what is left of it.
    left: Vec<Vec<String>>,
}

/// A map of one or two: a node of a trie, or a root. Sealed bytes begin with anything else, which the number of them shows.
fn is_node(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(0xa1 | 0xa2))
}

/// A node of the index without links, and larger than a root.
fn is_leaf(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0xa2) && bytes.ends_with(b"\x61l\x80")
}

fn ids(letter: char, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{letter}{n:03}")).collect()
}

async fn on_all_nodes(device: &Device) {
    for _ in 0..100 {
        if device.verify().await.verified_nodes == NODES {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("not on all nodes");
}

async fn scene(farm: Farm, lost: Lost) -> Scene {
    let (nodes, clock) = (farm.nodes_json(), clock());
    let [here, gone] = [Device::on(&nodes, clock.clone()).await, Device::on(&nodes, clock.clone()).await];
    here.put_all(&ids('a', 300)).await;
    here.verify().await;
    gone.restore().await;
    gone.put("b").await;
    gone.verify().await;
    for device in [&here, &gone, &here, &gone] {
        device.restore().await;
        on_all_nodes(device).await;
    }
    let known: Vec<Blocks> = (0..NODES).map(|at| farm.stored(at)).collect();
    gone.put_all(&ids('c', 12)).await;
    on_all_nodes(&gone).await;
    gone.close().await;
    let mut left = Vec::new();
    for (at, known) in known.iter().enumerate() {
        let new: Blocks = farm.stored(at).into_iter().filter(|(name, _)| !known.contains_key(name)).collect();
        let is_picked = |bytes: &Vec<u8>| match lost {
            Lost::Payloads => !is_node(bytes),
            Lost::List => is_leaf(bytes),
        };
        let (picked, rest): (Vec<_>, Vec<_>) = new.into_iter().partition(|(_, bytes)| is_picked(bytes));
        assert!(picked.len() >= 8, "{}", picked.len());
        let names: Vec<String> = picked.into_iter().map(|(name, _)| name).collect();
        farm.harm_named(at, Harm::Lost, &names);
        left.push(rest.into_iter().map(|(name, _)| name).collect());
    }
    Scene { farm, here, known, left }
}

impl Scene {
    /// Harms some of what the device itself answers for, on every node.
    fn harm(&self, harm: Harm) {
        for (at, known) in self.known.iter().enumerate() {
            let names: Vec<String> = known.keys().step_by(9).cloned().collect();
            assert!((10..64).contains(&names.len()), "{}", names.len());
            self.farm.harm_named(at, harm, &names);
        }
    }

    /// Once nothing holds it any more but a pin.
    async fn what_is_left_is_pinned(&self) {
        for (at, left) in self.left.iter().enumerate() {
            self.farm.collect_garbage(at).await;
            let stored = self.farm.stored(at);
            let gone: Vec<&String> = left.iter().filter(|name| !stored.contains_key(*name)).collect();
            assert!(gone.is_empty(), "{gone:?} of {}", left.len());
        }
    }
}

fn alerts(events: &mut Subscription) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        if let Event::Alert { kind, message, .. } = event {
            told.push((kind, message));
        }
    }
    told
}

fn names_slot_1(told: &[(&str, String)]) -> bool {
    told.iter().any(|(kind, message)| *kind == "content_lost" && message.contains("slot 1"))
}

async fn all_else_is_mended(farm: Farm, lost: Lost, harm: Harm) {
    let scene = scene(farm, lost).await;
    // It knows of what was published, and gets as much of it as there is.
    scene.here.restore().await;
    scene.harm(harm);
    let mut events = scene.here.engine.subscribe();
    let report = scene.here.engine.audit(REPAIR, |_| ()).await.unwrap();
    // It is mended, and what is lost is named with its device.
    assert!(report.nodes.iter().all(|node| node.whole && node.repaired > 0), "{report:?}");
    assert!(!report.is_safe(), "{report:?}");
    let [told] = &report.lost[..] else { panic!("{report:?}") };
    assert_eq!((told.slot, told.is_unread), (Some(1), lost == Lost::List), "{told:?}");
    if lost == Lost::Payloads {
        let named =
            told.named.iter().filter(|one| matches!(one, Missed::Token(id, _) if id.starts_with('c')));
        assert_eq!((told.blocks, named.count()), (12, 12), "{told:?}");
    }
    let told = alerts(&mut events);
    assert!(names_slot_1(&told), "{told:?}");
    // What this device answers for is there, whatever a later look asks.
    let after = scene.here.engine.audit(LOOK, |_| ()).await.unwrap();
    assert!(after.nodes.iter().all(|node| node.whole), "{after:?}");
    assert_eq!(scene.here.engine.status().ack, Ack::Verified);
    scene.what_is_left_is_pinned().await;
    scene.here.close().await;
}

/// The same by the lanes of a sync, once an audit has found it.
async fn a_sync_mends_all_else(farm: Farm) {
    let scene = scene(farm, Lost::List).await;
    scene.harm(Harm::Changed);
    scene.here.engine.audit(LOOK, |_| ()).await.unwrap();
    assert_ne!(scene.here.engine.status().ack, Ack::Verified);
    let mut events = scene.here.engine.subscribe();
    scene.here.put("later").await;
    on_all_nodes(&scene.here).await;
    let told = alerts(&mut events);
    assert!(
        told.iter().any(|(kind, message)| *kind == "content_lost" && message.contains("slot 1")),
        "{told:?}"
    );
    let after = scene.here.engine.audit(LOOK, |_| ()).await.unwrap();
    assert!(after.nodes.iter().all(|node| node.whole), "{after:?}");
    scene.here.close().await;
}

async fn changed_beside_payloads(farm: Farm) {
    all_else_is_mended(farm, Lost::Payloads, Harm::Changed).await;
}

async fn changed_beside_a_list(farm: Farm) {
    all_else_is_mended(farm, Lost::List, Harm::Changed).await;
}

async fn emptied_beside_a_list(farm: Farm) {
    all_else_is_mended(farm, Lost::List, Harm::Emptied).await;
}

async fn gone_beside_payloads(farm: Farm) {
    all_else_is_mended(farm, Lost::Payloads, Harm::Lost).await;
}

macro_rules! on_both {
    ($($name:ident: $promise:path;)*) => {
        mod embedded {
            use super::Farm;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $promise(Farm::embedded().await).await; })*
        }
        mod kubo {
            use super::Farm;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $promise(Farm::kubo().await).await; })*
        }
    };
}

on_both! {
    damage_is_mended_beside_payloads_that_are_nowhere: super::changed_beside_payloads;
    damage_is_mended_beside_a_list_that_is_nowhere: super::changed_beside_a_list;
    emptied_blocks_are_mended_beside_a_list_that_is_nowhere: super::emptied_beside_a_list;
    what_is_gone_is_put_back_beside_payloads_that_are_nowhere: super::gone_beside_payloads;
    a_sync_mends_what_an_audit_found_beside_a_list_that_is_nowhere: super::a_sync_mends_all_else;
}
