//! Runs a check for many faults, and says for which it failed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tauri_plugin_wallet_sync::clock::Entropy;

use crate::inject::Cut;

/// Of the places an ordinary run takes the same ones each time.
const SEED: u64 = 17;

fn takes_all() -> bool {
    std::env::var("CRASH_MATRIX").is_ok_and(|which| which == "all")
}

/// About so many of the cuts, spread over files, calls and faults; all where that is asked for.
fn spread(cuts: Vec<Cut>, about: usize) -> Vec<Cut> {
    if takes_all() {
        return cuts;
    }
    let random = Entropy::seeded(SEED);
    let mut groups: BTreeMap<_, Vec<Cut>> = BTreeMap::new();
    for cut in cuts {
        groups.entry((cut.file, cut.call.clone(), cut.fault)).or_default().push(cut);
    }
    let mut groups: Vec<Vec<Cut>> = groups.into_values().collect();
    let mut chosen = Vec::new();
    while chosen.len() < about && !groups.is_empty() {
        let at = random.below(groups.len() as u64) as usize;
        let group = &mut groups[at];
        chosen.push(group.swap_remove(random.below(group.len() as u64) as usize));
        groups.retain(|group| !group.is_empty());
    }
    chosen
}

/// Checks about so many of the cuts, each by itself.
pub fn check_each(what: &str, cuts: Vec<Cut>, about: usize, check: impl Fn(&Cut)) {
    let all = cuts.len();
    assert!(all > 20, "{what}: only {all} places: the calls have changed their names");
    let chosen = spread(cuts, about);
    let mut failed = Vec::new();
    for cut in &chosen {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(cut))) {
            let said = panic.downcast_ref::<String>().cloned();
            failed.push(format!("{cut}: {}", said.unwrap_or_else(|| "panicked".to_owned())));
        }
    }
    println!("{what}: {} of {all} places", chosen.len());
    assert!(failed.is_empty(), "{what}: {} of {}:\n{}", failed.len(), chosen.len(), failed.join("\n"));
}
