//! What the checker may find.

use std::fmt::{self, Display};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Told as verified, and not in a fresh restore after everything was healed.
    Lost,
    /// Proven spent before this device's eyes, and offered again.
    Resurrected,
    /// Shown, and never put.
    Invented,
    /// Acknowledged on a disk that lives, and not shown there.
    Dropped,
    /// Publishing goes on although nothing changes.
    Unstable,
    /// A change is not verified although two honest machines answer.
    Stuck,
    /// What honest machines show is not read, or not its content.
    Blind,
    /// Told as verified, and not in a fresh restore from the device's machines alone.
    FalseLevel,
    /// "Up to date" although an honest node that answers shows more.
    Stale,
    /// More requests at rest than the budget.
    Restless,
    /// More slots than devices.
    Greedy,
    /// An answer comes too late or never.
    Hangs,
    /// A restore that found nothing is told as success.
    Lies,
}

const NAMES: [(Kind, &str); 13] = [
    (Kind::Lost, "lost"),
    (Kind::Resurrected, "resurrected"),
    (Kind::Invented, "invented"),
    (Kind::Dropped, "dropped"),
    (Kind::Unstable, "unstable"),
    (Kind::Stuck, "stuck"),
    (Kind::Blind, "blind"),
    (Kind::FalseLevel, "false-level"),
    (Kind::Stale, "stale"),
    (Kind::Restless, "restless"),
    (Kind::Greedy, "greedy"),
    (Kind::Hangs, "hangs"),
    (Kind::Lies, "lies"),
];

impl Kind {
    pub fn parse(word: &str) -> Option<Self> {
        NAMES.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind)
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(kind, _)| kind == self).map_or("?", |(_, name)| name))
    }
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    pub step: usize,
    /// Virtual time since the beginning.
    pub at: Duration,
    pub words: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at step {} ({:?}): {}", self.kind, self.step, self.at, self.words)
    }
}
