//! The check of the checker: each of ten planted defects is found within 500 seeds.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tauri_plugin_wallet_sync::planted::{Bug, plant};

use crate::random::{WORLDS, World, script};
use crate::run::run;
use crate::world::findings::Kind;

/// Seeds within which each must be found.
const SEEDS: u64 = 500;

/// All of them.
pub const BUGS: [Bug; 10] = [
    Bug::LastWriterWins,
    Bug::SpendByTokenId,
    Bug::AckAfterOneNode,
    Bug::PublishBeforePersist,
    Bug::HighWaterSkipped,
    Bug::AbsentIsEmpty,
    Bug::FirstRecordOnly,
    Bug::TieByArrival,
    Bug::HandledBeforeDone,
    Bug::SequenceFromMemory,
];

/// Findings of a seed, with a defect planted or none.
fn found(world: &World, seed: u64, bug: Option<Bug>) -> Vec<Kind> {
    plant(bug);
    let outcome = run(&script(world, seed), seed);
    plant(None);
    outcome.kinds().into_iter().collect()
}

/// A seed whose findings the defect makes more, and what came.
fn first_seed(bug: Bug, clean: &Mutex<BTreeMap<u64, Vec<Kind>>>) -> Option<(u64, Kind)> {
    let (next, hit) = (AtomicU64::new(0), Mutex::new(None));
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS || hit.lock().unwrap().is_some() {
                return;
            }
            let world = &WORLDS[usize::try_from(seed).unwrap() % WORLDS.len()];
            let with = found(world, seed, Some(bug));
            let known = clean.lock().unwrap().get(&seed).cloned();
            let without = known.unwrap_or_else(|| found(world, seed, None));
            if let Some(kind) = with.into_iter().find(|kind| !without.contains(kind)) {
                *hit.lock().unwrap() = Some((seed, kind));
            }
            clean.lock().unwrap().insert(seed, without);
        }
    };
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    hit.into_inner().unwrap()
}

#[test]
fn each_planted_defect_is_found() {
    let clean = Mutex::default();
    let mut missed = Vec::new();
    for bug in BUGS {
        match first_seed(bug, &clean) {
            Some((seed, kind)) => println!("{bug:?}: {kind} by seed {seed}"),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}
