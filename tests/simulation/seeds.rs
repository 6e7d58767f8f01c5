//! Random worlds, seed after seed, on all cores; what is still found in them stands in `expected.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::random::{WORLDS, World, script};
use crate::run::{Outcome, run};
use crate::scenarios::print;
use crate::shrink::shrink;
use crate::world::findings::Kind;

/// Seeds of a normal test run, over all worlds.
const SEEDS: u64 = 2_000;
/// Seeds that are run twice.
const TWICE: u64 = 45;
/// `npm run sim` says how far it is after so many.
const PROGRESS: u64 = 500;

/// What was found where.
type Tally = BTreeMap<(&'static str, Kind), Found>;

/// How often something was found, by which seed first, and in which words.
#[derive(Clone)]
struct Found {
    count: u64,
    first: u64,
    words: String,
}

/// What is known to be found in a world.
#[derive(Default)]
struct Expected {
    /// Must be found in the seeds of a normal run: what is not found any more is taken off the list.
    often: BTreeSet<(String, Kind)>,
    /// Is found now and then.
    rarely: BTreeSet<(String, Kind)>,
}

/// Lines of `world often kind,kind` or `world rarely kind,kind`.
fn expected() -> Expected {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/expected.txt");
    let mut expected = Expected::default();
    for line in fs::read_to_string(path).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [world, how, kinds] = words[..] else { continue };
        let pairs = kinds.split(',').map(|kind| (world.to_owned(), Kind::parse(kind).expect("a kind")));
        match how {
            "often" => expected.often.extend(pairs),
            "rarely" => expected.rarely.extend(pairs),
            other => panic!("{other}? often or rarely"),
        }
    }
    expected
}

impl Expected {
    fn has(&self, world: &World, kind: Kind) -> bool {
        let pair = (world.name.to_owned(), kind);
        self.often.contains(&pair) || self.rarely.contains(&pair)
    }
}

fn world_of(worlds: &[&'static World], seed: u64) -> &'static World {
    worlds[usize::try_from(seed).unwrap() % worlds.len()]
}

/// Runs so many seeds, each in one of the worlds in turn.
fn sweep(
    worlds: &[&'static World],
    from: u64,
    count: u64,
    each: &(dyn Fn(&World, u64, &Outcome) + Sync),
) -> Tally {
    let (next, tally) = (AtomicU64::new(from), Mutex::new(Tally::new()));
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + count {
                return;
            }
            let world = world_of(worlds, seed);
            let outcome = run(&script(world, seed), seed);
            each(world, seed, &outcome);
            let mut tally = tally.lock().unwrap();
            for finding in &outcome.findings {
                let new = Found { count: 0, first: seed, words: finding.words.clone() };
                let found = tally.entry((world.name, finding.kind)).or_insert_with(|| new.clone());
                let count = found.count + 1;
                if seed < found.first {
                    *found = new;
                }
                found.count = count;
            }
        }
    };
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    tally.into_inner().unwrap()
}

fn print_tally(tally: &Tally) {
    for ((world, kind), Found { count, first, words }) in tally {
        println!("{world}: {kind} {count} times, first by seed {first}: {words}");
    }
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number(name: &str, otherwise: u64) -> u64 {
    setting(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Which seeds in which worlds. `npm run sim` sets `SIM_SEEDS`, `SIM_FROM`, `SIM_ONLY` (a world) and `SIM_KIND` (of finding).
struct Range {
    worlds: Vec<&'static World>,
    from: u64,
    count: u64,
    /// The kind that is looked for; without it what is not expected.
    kind: Option<Kind>,
}

impl Range {
    fn wanted() -> Self {
        let (only, kind) = (setting("SIM_ONLY"), setting("SIM_KIND"));
        let is_wanted = |world: &&World| only.as_ref().is_none_or(|only| only == world.name);
        let worlds: Vec<&World> = WORLDS.iter().filter(is_wanted).collect();
        assert!(!worlds.is_empty(), "no such world; there are {:?}", WORLDS.map(|world| world.name));
        let parse = |word: String| Kind::parse(&word).unwrap_or_else(|| panic!("no such kind: {word}"));
        Self { worlds, from: number("SIM_FROM", 0), count: number("SIM_SEEDS", SEEDS), kind: kind.map(parse) }
    }

    /// The seeds of a normal test run.
    fn is_usual(&self) -> bool {
        self.worlds.len() == WORLDS.len() && self.from == 0 && self.count == SEEDS && self.kind.is_none()
    }
}

#[test]
fn random_worlds_show_what_is_expected_and_nothing_else() {
    let range = Range::wanted();
    let (expected, done, first) = (expected(), AtomicU64::new(0), Mutex::new(None));
    let tally = sweep(&range.worlds, range.from, range.count, &|world, seed, outcome| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) {
            println!("{done} of {}", range.count);
        }
        let is_news = |found: &Kind| match range.kind {
            Some(kind) => kind == *found,
            None => !expected.has(world, *found),
        };
        if let Some(found) = outcome.kinds().into_iter().find(is_news) {
            let mut first = first.lock().unwrap();
            if first.is_none_or(|(known, _)| seed < known) {
                *first = Some((seed, found));
            }
        }
    });
    print_tally(&tally);
    if let Some((seed, found)) = first.into_inner().unwrap() {
        print_first(world_of(&range.worlds, seed), seed, found);
        assert!(range.kind.is_some(), "{found}, seed {seed}: not expected there");
    }
    if range.is_usual() {
        let found: BTreeSet<(String, Kind)> =
            tally.keys().map(|(world, kind)| ((*world).to_owned(), *kind)).collect();
        let gone: Vec<_> = expected.often.difference(&found).collect();
        assert!(gone.is_empty(), "expected, and not found any more (take it off the list): {gone:?}");
    }
}

/// A failing seed, shrunk, as a scenario that can be kept.
fn print_first(world: &World, seed: u64, found: Kind) {
    let steps = shrink(&script(world, seed), seed, found);
    println!("\n# {found}, seed {seed} of {}: as a scenario for tests/simulation/scenarios", world.name);
    println!("finds {found}");
    steps.iter().for_each(|step| println!("{step}"));
    println!("\n# what happened");
    print(&run(&steps, seed));
}

#[test]
fn one_seed_is_one_run() {
    let worlds: Vec<&World> = WORLDS.iter().collect();
    for seed in 0..TWICE {
        let world = world_of(&worlds, seed);
        let steps = script(world, seed);
        let (first, second) = (run(&steps, seed), run(&steps, seed));
        assert_eq!(first.trace, second.trace, "{} {seed}", world.name);
        assert_eq!(first.findings, second.findings, "{} {seed}", world.name);
    }
}

#[test]
fn a_script_survives_being_written_down() {
    for seed in 0..500 {
        let steps = script(world_of(&WORLDS.iter().collect::<Vec<_>>(), seed), seed);
        let text: Vec<String> = steps.iter().map(ToString::to_string).collect();
        assert_eq!(crate::script::parse(&text.join("\n")).unwrap(), steps);
    }
}
