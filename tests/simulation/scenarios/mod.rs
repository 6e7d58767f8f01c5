//! Scenarios by name: one file each. Its comment says what happened, `finds` what is found as long as it is not mended.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Outcome, run};
use crate::script::{Step, parse};
use crate::world::findings::Kind;

/// A scenario with what is still found in it.
pub struct Scenario {
    pub name: String,
    pub steps: Vec<Step>,
    pub finds: BTreeSet<Kind>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/scenarios")
}

pub fn read(name: &str, text: &str) -> Result<Scenario, String> {
    let (mut finds, mut rest) = (BTreeSet::new(), String::new());
    for line in text.lines() {
        match line.strip_prefix("finds ") {
            None => rest.push_str(line),
            Some(words) => {
                let kinds = words.split(',').map(|word| Kind::parse(word).ok_or(format!("{name}: {word}?")));
                finds.extend(kinds.collect::<Result<Vec<_>, _>>()?);
            }
        }
        rest.push('\n');
    }
    let steps = parse(&rest).map_err(|why| format!("{name}: {why}"))?;
    Ok(Scenario { name: name.to_owned(), steps, finds })
}

/// All of them, in order of their names.
pub fn all() -> Vec<Scenario> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "sim"));
    files.sort();
    let named = files.iter().map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        read(&name, &fs::read_to_string(path).unwrap()).unwrap()
    });
    named.collect()
}

pub fn print(outcome: &Outcome) {
    outcome.trace.iter().for_each(|line| println!("{line}"));
    outcome.findings.iter().for_each(|finding| println!("  !! {finding}"));
}

/// Shows what the engine logs.
pub fn trace_if_wanted() {
    if std::env::var_os("SIM_TRACE").is_some() {
        let level = tracing_subscriber::filter::LevelFilter::TRACE;
        let _ = tracing_subscriber::fmt().with_max_level(level).without_time().try_init();
    }
}

#[test]
fn each_scenario_finds_what_it_says_and_nothing_else() {
    #[cfg(feature = "planted-bugs")]
    if let Ok(name) = std::env::var("SIM_BUG") {
        let bug = crate::planted::BUGS.into_iter().find(|bug| format!("{bug:?}") == name);
        tauri_plugin_wallet_sync::planted::plant(bug);
    }
    trace_if_wanted();
    let wanted = std::env::var("SIM_SCENARIO").ok();
    let seed = std::env::var("SIM_SEED").map_or(1, |seed| seed.parse().expect("SIM_SEED is a number"));
    let mut wrong = Vec::new();
    for scenario in all() {
        if wanted.as_ref().is_some_and(|wanted| !scenario.name.contains(wanted)) {
            continue;
        }
        let outcome = run(&scenario.steps, seed);
        let found = outcome.kinds();
        println!(
            "{}: {}",
            scenario.name,
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        );
        let is_wrong = found != scenario.finds;
        // Who asks for one by name wants to see it.
        if is_wrong || wanted.is_some() {
            print(&outcome);
        }
        if is_wrong {
            wrong.push(scenario.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
