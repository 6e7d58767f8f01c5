//! Random worlds, seed after seed, on all cores, held to what is still found in them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::expected::{Expected, SEEDS, Shown};
use crate::random::{WORLDS, World, script};
use crate::run::{Outcome, run};
use crate::scenarios::{print, trace_if_wanted};
use crate::shrink::shrink;
use crate::world::findings::Kind;

/// Seeds that are run twice.
const TWICE: u64 = 45;
/// `npm run sim` says how far it is after so many.
const PROGRESS: u64 = 500;

/// Seeds of one kind of finding that a brief run names.
const LISTED: usize = 50;

/// What was found where.
#[derive(Default)]
struct Tally {
    shown: Shown,
    /// The words of the first seed.
    words: BTreeMap<(String, Kind), (u64, String)>,
    /// Runs of each world.
    runs: BTreeMap<String, u64>,
}

impl Tally {
    fn take(&mut self, world: &World, seed: u64, outcome: &Outcome) {
        *self.runs.entry(world.name.to_owned()).or_default() += 1;
        for finding in &outcome.findings {
            let sort = (world.name.to_owned(), finding.kind);
            self.shown.entry(sort.clone()).or_default().insert(seed);
            let first = self.words.entry(sort).or_insert_with(|| (seed, finding.words.clone()));
            if seed < first.0 {
                *first = (seed, finding.words.clone());
            }
        }
    }

    fn print(&self) {
        for (sort, seeds) in &self.shown {
            let (first, words) = &self.words[sort];
            println!("{}: {} {} times, first by seed {first}: {words}", sort.0, sort.1, seeds.len());
            if setting("SIM_BRIEF").is_some() {
                println!("    {:?}", seeds.iter().take(LISTED).collect::<Vec<_>>());
            }
        }
    }
}

fn world_of(worlds: &[&'static World], seed: u64) -> &'static World {
    worlds[usize::try_from(seed).unwrap() % worlds.len()]
}

/// Runs so many seeds, each in one of the worlds in turn.
fn sweep(range: &Wanted, each: &(dyn Fn(&World, u64, &Outcome) + Sync)) -> Tally {
    let Wanted { worlds, from, count, within, .. } = range;
    let (from, count) = (*from, *count);
    let (next, tally) = (AtomicU64::new(from), Mutex::new(Tally::default()));
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + count {
                return;
            }
            let world = world_of(worlds, seed);
            if within.as_ref().is_some_and(|within| within != world.name) {
                continue;
            }
            let outcome = run(&script(world, seed), seed);
            each(world, seed, &outcome);
            tally.lock().unwrap().take(world, seed, &outcome);
        }
    };
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    tally.into_inner().unwrap()
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number(name: &str, otherwise: u64) -> u64 {
    setting(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Which seeds in which worlds. `npm run sim` sets `SIM_SEEDS`, `SIM_FROM`, `SIM_ONLY` (a world) and `SIM_KIND` (of finding); `SIM_IN` is a
/// world too, with the seeds that it has among all.
struct Wanted {
    worlds: Vec<&'static World>,
    from: u64,
    count: u64,
    /// The kind that is looked for; without it what is not expected.
    kind: Option<Kind>,
    /// Only those seeds, of all worlds in turn, that are in this one.
    within: Option<String>,
}

impl Wanted {
    fn parse() -> Self {
        let (only, kind) = (setting("SIM_ONLY"), setting("SIM_KIND"));
        let is_wanted = |world: &&World| only.as_ref().is_none_or(|only| only == world.name);
        let worlds: Vec<&World> = WORLDS.iter().filter(is_wanted).collect();
        assert!(!worlds.is_empty(), "no such world; there are {:?}", WORLDS.map(|world| world.name));
        let parse = |word: String| Kind::parse(&word).unwrap_or_else(|| panic!("no such kind: {word}"));
        let (from, count) = (number("SIM_FROM", 0), number("SIM_SEEDS", SEEDS));
        Self { worlds, from, count, kind: kind.map(parse), within: setting("SIM_IN") }
    }

    /// Whether seeds run here as they do in a normal test run.
    fn is_plain(&self) -> bool {
        self.worlds.len() == WORLDS.len() && self.kind.is_none() && self.within.is_none()
    }

    fn is_usual(&self, seed: u64) -> bool {
        self.is_plain() && seed < SEEDS
    }

    fn has_all_usual(&self) -> bool {
        self.is_plain() && self.from == 0 && self.count >= SEEDS
    }
}

#[test]
fn random_worlds_show_what_is_expected_and_nothing_else() {
    let range = Wanted::parse();
    trace_if_wanted();
    if setting("SIM_SCRIPT").is_some() {
        // One that never comes to its end is read before it is run.
        return script(world_of(&range.worlds, range.from), range.from)
            .iter()
            .for_each(|step| println!("{step}"));
    }
    let writes = setting("SIM_WRITE_EXPECTED").is_some();
    assert!(!writes || range.has_all_usual(), "the list is written from all worlds, and from 2,000 seeds on");
    let (expected, done, first) = (Expected::read(writes), AtomicU64::new(0), Mutex::new(None));
    let tally = sweep(&range, &|world, seed, outcome| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) {
            println!("{done} of {}", range.count);
        }
        let is_news = |found: &Kind| match range.kind {
            Some(kind) => kind == *found,
            None => !expected.allows(&(world.name.to_owned(), *found), seed, range.is_usual(seed)),
        };
        if let Some(found) = outcome.kinds().into_iter().find(is_news) {
            let mut first = first.lock().unwrap();
            if first.is_none_or(|(known, _)| seed < known) {
                *first = Some((seed, found));
            }
        }
    });
    tally.print();
    if writes {
        return expected.write(&tally.shown, range.count);
    }
    let seeds = if range.is_plain() { range.from..range.from + range.count } else { 0..0 };
    let (news, gone) = expected.differences(&tally.shown, seeds);
    news.iter().for_each(|line| println!("new: {line}"));
    gone.iter().for_each(|line| println!("not found any more: {line}"));
    let over = expected.too_often(&tally.shown, &tally.runs);
    over.iter().for_each(|line| println!("found too often: {line}"));
    if let Some((seed, found)) = first.into_inner().unwrap() {
        if setting("SIM_BRIEF").is_none() {
            print_first(world_of(&range.worlds, seed), seed, found);
        }
        assert!(range.kind.is_some(), "{found}, seed {seed}: not expected there");
    }
    assert!(range.kind.is_some() || over.is_empty(), "found too often: {over:?}");
    assert!(gone.is_empty(), "expected, and not found any more (write the list anew): {gone:?}");
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
