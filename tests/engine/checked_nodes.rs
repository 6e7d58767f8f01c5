//! A check of one node says what it cannot do and what to change, and leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::check::{Ability, Finding, Found, check};

use crate::support::air::Air;
use crate::support::world::{Fault, START_MS, World};

async fn checked(world: &World) -> Vec<Finding> {
    let node: &dyn Node = &*world.nodes[0];
    check(node, &Entropy::seeded(3), START_MS, Arc::default()).await
}

fn failed(found: &[Finding]) -> Vec<Ability> {
    found.iter().filter(|finding| finding.outcome.is_err()).map(|finding| finding.ability).collect()
}

#[tokio::test(start_paused = true)]
async fn a_good_node_is_able_to_do_everything_and_keeps_no_pin() {
    let world = World::new(1);
    let _air = Air::over(&world.nodes);
    let found = checked(&world).await;
    assert_eq!(failed(&found), [], "{found:?}");
    // The imitated node says nothing of its clock.
    let named: Vec<Ability> = found.iter().map(|finding| finding.ability).collect();
    let all_others = Ability::ALL.into_iter().filter(|ability| *ability != Ability::Clock);
    assert_eq!(named, all_others.collect::<Vec<_>>());
    assert!(found.iter().all(|finding| finding.change.is_none()));
    assert_eq!(world.nodes[0].held().pins.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_cannot_do_is_named_with_what_to_change() {
    for (fault, abilities) in [
        (Fault::Dead, &[Ability::Connection][..]),
        (Fault::Hung, &[Ability::Connection]),
        (Fault::Amnesiac, &[Ability::Blocks]),
        (Fault::BlockEater, &[Ability::Blocks]),
        (Fault::Hiding, &[Ability::Blocks]),
    ] {
        let world = World::new(1);
        world.faults(fault, &[0]);
        let found = checked(&world).await;
        assert_eq!(failed(&found), abilities, "{fault:?}: {found:?}");
        let change = |finding: &Finding| finding.outcome.is_ok() || finding.change.is_some();
        assert!(found.iter().all(change), "{fault:?}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_without_messages_is_good_and_one_that_loses_them_is_not() {
    let world = World::new(1);
    let found = checked(&world).await;
    let push = found.last().unwrap();
    assert_eq!((push.ability, push.outcome.as_ref().unwrap()), (Ability::Push, &Found::NoPush));
    assert!(push.change.unwrap().contains("Pubsub.Enabled"));
    assert_eq!(failed(&found), []);
    let world = World::new(1);
    let air = Air::over(&world.nodes);
    air.is_still.store(true, Ordering::Relaxed);
    assert_eq!(failed(&checked(&world).await), [Ability::Push]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hangs_is_not_waited_for_at_each_step() {
    let world = World::new(1);
    world.faults(Fault::Hung, &[0]);
    let began = tauri_plugin_wallet_sync::clock::monotonic();
    let found = checked(&world).await;
    assert_eq!(found[0].outcome.as_ref().unwrap_err().code(), Code::Deadline);
    assert!(began.elapsed() <= tauri_plugin_wallet_sync::limits::CHECK_STEP);
}
