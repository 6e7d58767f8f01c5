//! One run: a script and a seed in a runtime of their own, on paused time.

use std::collections::BTreeSet;

use crate::script::Step;
use crate::world::World;
use crate::world::findings::{Finding, Kind};

/// What a run brought.
pub struct Outcome {
    pub findings: Vec<Finding>,
    /// One line a step.
    pub trace: Vec<String>,
}

impl Outcome {
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.findings.iter().map(|finding| finding.kind).collect()
    }
}

/// Runs a script to its end. The same on every machine for the same script and seed.
pub fn run(steps: &[Step], seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let count = steps.iter().find_map(|step| if let Step::Nodes(n) = step { Some(*n) } else { None });
    runtime.block_on(async {
        let mut world = World::new(count.unwrap_or(5), seed);
        for step in steps {
            world.take(step).await;
        }
        world.finish().await;
        Outcome { findings: world.findings, trace: world.trace }
    })
}
