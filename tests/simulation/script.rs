//! The language of scenarios and traces: one step a line, `#` starts a comment.
//!
//! ```text
//! nodes 5
//! a put t1..t40 4000      forty tokens of 4,000 bytes each
//! a sync                  reads, publishes, waits for verified
//! cut b 0,1               b cannot reach these nodes
//! node 2 pin endless      one verb of one node goes wrong
//! wait 8d
//! for 1..40 a put t% | a sync 100ms      these steps forty times, % is the number
//! ```

use std::fmt::{self, Display};
use std::time::Duration;

use crate::kubo::{Fault, Verb};
use crate::words::{duration, listed, numbers, range, signed, unit};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many nodes; only at the beginning.
    Nodes(usize),
    Device(String, Act),
    Node(Which, Deed),
    Cut(String, Which),
    Join(String, Which),
    /// Percent of a device's requests that meet trouble.
    Loss(String, u64),
    Wait(Duration),
    /// These nodes lose the payload of a token.
    Loses(Which, String),
    /// Each of these nodes ought to show this token by now, by a record and its root.
    Has(Which, String),
}

/// What a device does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Token ids, and the size of each payload.
    Put(Vec<String>, usize),
    Spend(String),
    Intend(String),
    Set(String, String),
    /// Fresh, to the level `verified`, within this time if any.
    Sync(Option<Duration>),
    /// As an app does on its own: the cache may answer.
    Read,
    /// The engine works by itself from now on.
    Live,
    Close,
    Crash,
    /// At the n-th commit from now, before or after it reached the disk.
    CrashAt(u64, bool),
    Dies,
    /// Begins with a copy of that device's disk.
    Clones(String),
    Saves,
    /// Goes back to the disk that was saved.
    Returns,
    /// A new disk on the same machine.
    Reinstall,
    Clock(i64),
    /// The row of a token rots on the disk.
    LosesItem(String),
    /// The payload of a token rots on the disk.
    LosesBlock(String),
    /// The nodes file.
    Uses(Vec<usize>),
    Disable(usize),
    Enable(usize),
    Upkeep,
    /// The wallet's folder is deleted, as `wipe` without force does when nothing is pending.
    Wipe,
    /// Gives back the slot of another device.
    Retires(u8),
    /// It ought to have every payload by now that a node in its reach has.
    Whole,
    /// It ought to show these by now.
    Shows(Vec<String>),
    /// An entry ought to have these versions, the first of them shown.
    Keeps(String, Vec<String>),
    /// A sync that ought to be verified within this time.
    Verifies(Duration),
    /// No node of its nodes file ought to be `down`.
    AllUp,
    /// So many names at most ought to be in use, and so many records to have been signed for its own.
    Names(usize),
    Editions(u64),
    /// These ought to be told as verified by now.
    Proven(Vec<String>),
    /// These ought to be told as published at least by now.
    Published(Vec<String>),
    /// No two records ought ever to have been signed with one sequence.
    SignsOnce,
}

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Up,
    Dead,
    Frozen,
    Rtt(Duration),
    Verb(Verb, Fault),
    Wiped,
    Forgets,
    Saves,
    Returns,
    Collects,
    LosesPower,
    /// Every payload is gone, the tries are not.
    LosesLeaves,
    /// Every root and every node of the tries is gone, the payloads are not.
    LosesRoots,
}

/// Some nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    These(Vec<usize>),
}

impl Which {
    pub fn of(&self, count: usize) -> Vec<usize> {
        match self {
            Self::All => (0..count).collect(),
            Self::These(some) => some.iter().copied().filter(|at| *at < count).collect(),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        numbers(text).map(Self::These)
    }
}

impl Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::These(some) => f.write_str(&listed(some)),
        }
    }
}

/// Reads a script.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let said = line.split('#').next().unwrap_or("");
        for one in repeated(said).map_err(|why| format!("line {}: {why}: {line}", at + 1))? {
            let words: Vec<&str> = one.split_whitespace().collect();
            if !words.is_empty() {
                steps.push(step(&words).map_err(|why| format!("line {}: {why}: {line}", at + 1))?);
            }
        }
    }
    Ok(steps)
}

/// The steps of a line: one, or those of a `for` again and again.
fn repeated(line: &str) -> Result<Vec<String>, String> {
    let Some((span, steps)) = line.strip_prefix("for ").and_then(|rest| rest.split_once(' ')) else {
        return Ok(vec![line.to_owned()]);
    };
    let again = range(span)?.into_iter().map(|n| steps.replace('%', &n));
    Ok(again.flat_map(|steps| steps.split('|').map(str::to_owned).collect::<Vec<_>>()).collect())
}

fn step(words: &[&str]) -> Result<Step, String> {
    Ok(match words {
        ["nodes", count] => Step::Nodes(count.parse().map_err(|_| "how many nodes?")?),
        ["node", which, "loses", id] => Step::Loses(Which::parse(which)?, (*id).to_owned()),
        ["node", which, "has", id] => Step::Has(Which::parse(which)?, (*id).to_owned()),
        ["node", which, deed @ ..] => Step::Node(Which::parse(which)?, parse_deed(deed)?),
        ["cut", device, which] => Step::Cut((*device).to_owned(), Which::parse(which)?),
        ["join", device, which] => Step::Join((*device).to_owned(), Which::parse(which)?),
        ["loss", device, percent] => {
            Step::Loss((*device).to_owned(), percent.parse().map_err(|_| "how many percent?")?)
        }
        ["wait", time] => Step::Wait(duration(time)?),
        [device, act @ ..] => Step::Device((*device).to_owned(), parse_act(act)?),
        [] => return Err("an empty step".to_owned()),
    })
}

fn parse_act(words: &[&str]) -> Result<Act, String> {
    Ok(match words {
        ["put", ids] => Act::Put(range(ids)?, 40),
        ["put", ids, size] => Act::Put(range(ids)?, size.parse().map_err(|_| "how many bytes?")?),
        ["spend", id] => Act::Spend((*id).to_owned()),
        ["intend", id] => Act::Intend((*id).to_owned()),
        ["set", key, value] => Act::Set((*key).to_owned(), (*value).to_owned()),
        ["sync"] => Act::Sync(None),
        ["sync", time] => Act::Sync(Some(duration(time)?)),
        ["read"] => Act::Read,
        ["live"] => Act::Live,
        ["close"] => Act::Close,
        ["crash"] => Act::Crash,
        ["crash", "before", n] => Act::CrashAt(n.parse().map_err(|_| "which commit?")?, false),
        ["crash", "after", n] => Act::CrashAt(n.parse().map_err(|_| "which commit?")?, true),
        ["dies"] => Act::Dies,
        ["clones", other] => Act::Clones((*other).to_owned()),
        ["saves"] => Act::Saves,
        ["returns"] => Act::Returns,
        ["reinstall"] => Act::Reinstall,
        ["clock", by] => Act::Clock(signed(by)?),
        ["loses", "item", id] => Act::LosesItem((*id).to_owned()),
        ["loses", "block", id] => Act::LosesBlock((*id).to_owned()),
        ["uses", nodes] => Act::Uses(numbers(nodes)?),
        ["disable", node] => Act::Disable(node.parse().map_err(|_| "which node?")?),
        ["enable", node] => Act::Enable(node.parse().map_err(|_| "which node?")?),
        ["upkeep"] => Act::Upkeep,
        ["wipe"] => Act::Wipe,
        ["retires", slot] => Act::Retires(slot.parse().map_err(|_| "which slot?")?),
        ["whole"] => Act::Whole,
        ["shows", ids] => Act::Shows(range(ids)?),
        ["keeps", key, values] => Act::Keeps((*key).to_owned(), range(values)?),
        ["proven", ids] => Act::Proven(range(ids)?),
        ["published", ids] => Act::Published(range(ids)?),
        ["signs", "once"] => Act::SignsOnce,
        ["verifies", time] => Act::Verifies(duration(time)?),
        ["sees", "all", "up"] => Act::AllUp,
        ["names", count] => Act::Names(count.parse().map_err(|_| "how many names?")?),
        ["editions", count] => Act::Editions(count.parse().map_err(|_| "how many editions?")?),
        _ => return Err("no such act".to_owned()),
    })
}

const VERBS: [(&str, Verb); 9] = [
    ("records", Verb::Records),
    ("blocks", Verb::Blocks),
    ("cars", Verb::Cars),
    ("import", Verb::Import),
    ("pin", Verb::Pin),
    ("pins", Verb::Pins),
    ("names", Verb::Names),
    ("put", Verb::Put),
    ("holds", Verb::Holds),
];

const FAULTS: [(&str, Fault); 12] = [
    ("refuses", Fault::Refuses),
    ("fails", Fault::Fails),
    ("freezes", Fault::Freezes),
    ("drips", Fault::Drips),
    ("endless", Fault::Endless),
    ("lies", Fault::Lies),
    ("halves", Fault::Halves),
    ("old", Fault::Old),
    ("fades", Fault::Fades),
    ("proxies", Fault::Proxies),
    ("full", Fault::Full),
    ("walks", Fault::Walks),
];

const DEEDS: [(&str, Deed); 11] = [
    ("up", Deed::Up),
    ("dead", Deed::Dead),
    ("frozen", Deed::Frozen),
    ("wiped", Deed::Wiped),
    ("forgets", Deed::Forgets),
    ("saves", Deed::Saves),
    ("returns", Deed::Returns),
    ("collects", Deed::Collects),
    ("power", Deed::LosesPower),
    ("leafless", Deed::LosesLeaves),
    ("rootless", Deed::LosesRoots),
];

fn parse_deed(words: &[&str]) -> Result<Deed, String> {
    let verb = |word: &str| VERBS.iter().find(|(name, _)| *name == word).map(|(_, verb)| *verb);
    Ok(match words {
        ["rtt", time] => Deed::Rtt(duration(time)?),
        [word] => {
            let found = DEEDS.iter().find(|(name, _)| name == word);
            found.map(|(_, deed)| *deed).ok_or("no such deed")?
        }
        [of, "late", time] => Deed::Verb(verb(of).ok_or("no such verb")?, Fault::Late(duration(time)?)),
        [of, "busy", time] => Deed::Verb(verb(of).ok_or("no such verb")?, Fault::Busy(duration(time)?)),
        [of, "slow", time] => Deed::Verb(verb(of).ok_or("no such verb")?, Fault::Slow(duration(time)?)),
        [of, word] => {
            let fault = FAULTS.iter().find(|(name, _)| name == word).ok_or("no such fault")?;
            Deed::Verb(verb(of).ok_or("no such verb")?, fault.1)
        }
        _ => return Err("no such deed".to_owned()),
    })
}

impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(count) => write!(f, "nodes {count}"),
            Self::Device(device, act) => write!(f, "{device} {act}"),
            Self::Node(which, deed) => write!(f, "node {which} {deed}"),
            Self::Cut(device, which) => write!(f, "cut {device} {which}"),
            Self::Join(device, which) => write!(f, "join {device} {which}"),
            Self::Loss(device, percent) => write!(f, "loss {device} {percent}"),
            Self::Wait(time) => write!(f, "wait {}", unit(time.as_millis())),
            Self::Loses(which, id) => write!(f, "node {which} loses {id}"),
            Self::Has(which, id) => write!(f, "node {which} has {id}"),
        }
    }
}

impl Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(ids, size) => write!(f, "put {} {size}", ids.join(",")),
            Self::Spend(id) => write!(f, "spend {id}"),
            Self::Intend(id) => write!(f, "intend {id}"),
            Self::Set(key, value) => write!(f, "set {key} {value}"),
            Self::Sync(None) => f.write_str("sync"),
            Self::Sync(Some(time)) => write!(f, "sync {}", unit(time.as_millis())),
            Self::Read => f.write_str("read"),
            Self::Live => f.write_str("live"),
            Self::Close => f.write_str("close"),
            Self::Crash => f.write_str("crash"),
            Self::CrashAt(n, false) => write!(f, "crash before {n}"),
            Self::CrashAt(n, true) => write!(f, "crash after {n}"),
            Self::Dies => f.write_str("dies"),
            Self::Clones(other) => write!(f, "clones {other}"),
            Self::Saves => f.write_str("saves"),
            Self::Returns => f.write_str("returns"),
            Self::Reinstall => f.write_str("reinstall"),
            Self::Clock(by) if *by < 0 => write!(f, "clock -{}", unit(by.unsigned_abs().into())),
            Self::Clock(by) => write!(f, "clock +{}", unit(by.unsigned_abs().into())),
            Self::LosesItem(id) => write!(f, "loses item {id}"),
            Self::LosesBlock(id) => write!(f, "loses block {id}"),
            Self::Uses(nodes) => write!(f, "uses {}", listed(nodes)),
            Self::Disable(node) => write!(f, "disable {node}"),
            Self::Enable(node) => write!(f, "enable {node}"),
            Self::Upkeep => f.write_str("upkeep"),
            Self::Wipe => f.write_str("wipe"),
            Self::Retires(slot) => write!(f, "retires {slot}"),
            Self::Whole => f.write_str("whole"),
            Self::Shows(ids) => write!(f, "shows {}", ids.join(",")),
            Self::Keeps(key, values) => write!(f, "keeps {key} {}", values.join(",")),
            Self::Verifies(time) => write!(f, "verifies {}", unit(time.as_millis())),
            Self::Proven(ids) => write!(f, "proven {}", ids.join(",")),
            Self::Published(ids) => write!(f, "published {}", ids.join(",")),
            Self::SignsOnce => f.write_str("signs once"),
            Self::AllUp => f.write_str("sees all up"),
            Self::Names(count) => write!(f, "names {count}"),
            Self::Editions(count) => write!(f, "editions {count}"),
        }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = |of: &Verb| VERBS.iter().find(|(_, verb)| verb == of).map_or("?", |(name, _)| *name);
        match self {
            Self::Rtt(time) => write!(f, "rtt {}", unit(time.as_millis())),
            Self::Verb(of, Fault::Late(by)) => write!(f, "{} late {}", verb(of), unit(by.as_millis())),
            Self::Verb(of, Fault::Busy(by)) => write!(f, "{} busy {}", verb(of), unit(by.as_millis())),
            Self::Verb(of, Fault::Slow(by)) => write!(f, "{} slow {}", verb(of), unit(by.as_millis())),
            Self::Verb(of, fault) => {
                let word = FAULTS.iter().find(|(_, known)| known == fault).map_or("?", |(name, _)| *name);
                write!(f, "{} {word}", verb(of))
            }
            deed => f.write_str(DEEDS.iter().find(|(_, known)| known == deed).map_or("?", |(name, _)| *name)),
        }
    }
}
