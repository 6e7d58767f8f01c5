//! Makes a failing script shorter: steps are taken out as long as the same kind of finding stays.

use crate::run::run;
use crate::script::{Act, Step};
use crate::world::findings::Kind;

/// Runs that shrinking may cost.
const RUNS: usize = 400;

/// The shortest script found that still shows this kind, in the same words: another fault of the same kind is not what is looked
/// for.
pub fn shrink(steps: &[Step], seed: u64, kind: Kind) -> Vec<Step> {
    let shapes = |steps: &[Step]| -> Vec<String> {
        let findings = run(steps, seed).findings.into_iter();
        findings.filter(|finding| finding.kind == kind).map(|finding| shape(&finding.words)).collect()
    };
    let wanted = shapes(steps).into_iter().next();
    let mut best = steps.to_vec();
    let mut runs = 0;
    let mut shows = |steps: &[Step]| {
        runs += 1;
        runs <= RUNS && shapes(steps).into_iter().any(|shape| Some(shape) == wanted)
    };
    let mut width = best.len() / 2;
    while width > 0 {
        let mut at = 0;
        while at < best.len() {
            let end = (at + width).min(best.len());
            let without: Vec<Step> = best[..at].iter().chain(&best[end..]).cloned().collect();
            if shows(&without) {
                best = without;
            } else {
                at = end;
            }
        }
        width /= 2;
    }
    for at in 0..best.len() {
        for simpler in simpler(&best[at]) {
            let mut other = best.clone();
            other[at] = simpler;
            if shows(&other) {
                best = other;
                break;
            }
        }
    }
    best
}

/// Words without those that name a device, a token or a number.
fn shape(words: &str) -> String {
    let is_plain = |word: &&str| word.len() > 1 && !word.contains(|c: char| c.is_ascii_digit());
    words.split_whitespace().filter(is_plain).collect::<Vec<_>>().join(" ")
}

/// Less of the same.
fn simpler(step: &Step) -> Vec<Step> {
    match step {
        Step::Device(device, Act::Put(ids, size)) if ids.len() > 1 || *size > 40 => {
            let one = Act::Put(ids.iter().take(1).cloned().collect(), 40);
            let small = Act::Put(ids.clone(), 40);
            vec![Step::Device(device.clone(), one), Step::Device(device.clone(), small)]
        }
        Step::Device(device, Act::Sync(Some(_))) => vec![Step::Device(device.clone(), Act::Sync(None))],
        Step::Wait(time) if time.as_secs() > 60 => {
            vec![
                Step::Wait(std::time::Duration::from_secs(60)),
                Step::Wait(std::time::Duration::from_secs(3_600)),
            ]
        }
        _ => Vec::new(),
    }
}
