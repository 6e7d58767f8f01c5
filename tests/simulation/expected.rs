//! What the random worlds still show: `expected.txt`, how a run is held to it, and how it is written anew.
//!
//! A run is the same on every machine, so the seeds of a normal test run are held to the exact list of those that show
//! something: whatever the engine does otherwise in any of them is seen. Other ranges are held to how often it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::random::WORLDS;
use crate::world::findings::Kind;

/// Seeds of a normal test run, over all worlds.
pub const SEEDS: u64 = 2_000;
/// Seeds that the counts of the list are from.
pub const LONG: u64 = 16_000;

const HEAD: &str = "\
# What the random worlds still show, written by SIM_WRITE_EXPECTED=1 (docs/simulation.md). Each line: world, kind, how often in the
# first 16,000 seeds, and which of the first 2,000 seeds. A line that is new or longer is a fault until it is explained.
";

/// World and kind.
pub type Sort = (String, Kind);

/// What is known of a kind of finding in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// How often in the first [`LONG`] seeds.
    count: u64,
    /// Which of the first [`SEEDS`] seeds.
    seeds: BTreeSet<u64>,
}

/// The list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected(BTreeMap<Sort, Known>);

/// Which seeds showed what.
pub type Shown = BTreeMap<Sort, BTreeSet<u64>>;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/expected.txt")
}

impl Expected {
    /// The list as it is; `anew` makes do with one that cannot be read.
    pub fn read(anew: bool) -> Self {
        match Self::parse(&fs::read_to_string(path()).unwrap_or_default()) {
            Err(why) if !anew => panic!("{why}"),
            read => read.unwrap_or_default(),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [world, kind, count, seeds @ ..] = &words[..] else {
                return Err(format!("expected.txt: {line}"));
            };
            let kind = Kind::parse(kind).ok_or_else(|| format!("expected.txt: {kind}?"))?;
            let number = |word: &str| word.parse::<u64>().map_err(|_| format!("expected.txt: {word}?"));
            let seeds = seeds.iter().map(|word| number(word)).collect::<Result<_, _>>()?;
            all.insert(((*world).to_owned(), kind), Known { count: number(count)?, seeds });
        }
        Ok(Self(all))
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for ((world, kind), Known { count, seeds }) in &self.0 {
            let seeds: String = seeds.iter().map(|seed| format!(" {seed}")).collect();
            text.push_str(&format!("{world} {kind} {count}{seeds}\n"));
        }
        text
    }

    /// Whether a seed of the usual range, or any of another, may show this.
    pub fn allows(&self, sort: &Sort, seed: u64, is_usual: bool) -> bool {
        self.0.get(sort).is_some_and(|known| !is_usual || known.seeds.contains(&seed))
    }

    /// How those of these seeds differ that are in the usual range: what is new, and what ought to have been shown and was not.
    pub fn differences(&self, shown: &Shown, range: Range<u64>) -> (Vec<String>, Vec<String>) {
        let usual = range.start.min(SEEDS)..range.end.min(SEEDS);
        let of = |seeds: &BTreeSet<u64>| seeds.range(usual.clone()).copied().collect();
        let known = self.0.iter().map(|(sort, known)| (sort.clone(), of(&known.seeds))).collect();
        let shown = shown.iter().map(|(sort, seeds)| (sort.clone(), of(seeds))).collect();
        (beyond(&shown, &known), beyond(&known, &shown))
    }

    /// What was found more often than chance explains, in a range of so many seeds of each world.
    pub fn too_often(&self, shown: &Shown, runs: &BTreeMap<String, u64>) -> Vec<String> {
        let each = LONG / WORLDS.len() as u64;
        let over = shown.iter().filter_map(|(sort, seeds)| {
            let known = self.0.get(sort)?.count;
            let share = runs.get(&sort.0).copied().unwrap_or(0) as f64 / each as f64;
            let most = at_most(at_most(known as f64) * share);
            let words = || format!("{} {}: {} times, {most:.0} at most", sort.0, sort.1, seeds.len());
            (seeds.len() as f64 > most).then(words)
        });
        over.collect()
    }

    /// Writes the list from so many seeds. What is too rare to be shown by the usual ones stays until the long range is run.
    pub fn write(&self, shown: &Shown, count: u64) {
        let is_kept = |known: &Known| count < LONG && known.seeds.is_empty();
        let mut all: BTreeMap<Sort, Known> = self
            .0
            .iter()
            .filter(|(_, known)| is_kept(known))
            .map(|(sort, known)| (sort.clone(), known.clone()))
            .collect();
        for (sort, seeds) in shown {
            let usual = seeds.range(..SEEDS).copied().collect();
            let times = seeds.len() as u64 * LONG / count;
            all.insert(sort.clone(), Known { count: times, seeds: usual });
        }
        fs::write(path(), Self(all).text()).expect("the list can be written");
    }
}

/// Seeds of the one that are not in the other, a line for each sort, with both counts.
fn beyond(one: &Shown, other: &Shown) -> Vec<String> {
    let none = BTreeSet::new();
    let lines = one.iter().filter_map(|(sort, seeds)| {
        let there = other.get(sort).unwrap_or(&none);
        let more: Vec<String> = seeds.difference(there).map(ToString::to_string).collect();
        let counts = || format!("{} {} ({}, not {})", sort.0, sort.1, seeds.len(), there.len());
        (!more.is_empty()).then(|| format!("{}: {}", counts(), more.join(" ")))
    });
    lines.collect()
}

/// Four standard deviations above a count.
fn at_most(count: f64) -> f64 {
    count + 4.0 * count.sqrt() + 4.0
}

#[test]
fn the_list_survives_being_written() {
    let known = Expected::read(false);
    assert_eq!(Expected::parse(&known.text()).as_ref(), Ok(&known));
    assert!(
        known.0.keys().all(|(name, _)| WORLDS.iter().any(|world| world.name == name)),
        "a world that is not there"
    );
}
