//! What a report warns of: a stable word, and after a colon what more there is to say. Never words that a node sent.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use crate::error::{Code, Error};
use crate::limits;
use crate::node::is_refused;

/// The closed list of words; `docs/cli.md` says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// No record was left; the wallet was found by its beacons.
    Beacons,
    /// A device's clock is off.
    Clock,
    /// Something stored, or received, is damaged.
    Damaged,
    /// A time bound came first.
    Deadline,
    /// Fewer than a majority of the nodes answered.
    Degraded,
    /// A node refused a verb, or the credentials.
    Denied,
    /// A record is past its end of life.
    Expired,
    /// Nodes that answer usually have not answered yet.
    Late,
    /// There are more warnings than a report holds.
    More,
    /// A first reading found nothing.
    NewWallet,
    /// A node did not do its part of a publish.
    Node,
    /// No node answers over HTTP, or none at all.
    Offline,
    /// Credentials go over plain http to another machine, as was allowed.
    PlainHttp,
    /// This device has an older list of nodes than the wallet's others, or another one.
    Pool,
    /// No node had any record; the wallet is put back.
    PutBack,
    /// Content of a newer release is not merged.
    ReadOnly,
    /// Two entries of the configuration are one machine.
    SameMachine,
    /// No free slot, or few are left.
    Slots,
    /// Something is over a bound.
    TooLarge,
    /// What a slot shows is none of this wallet's, and is left alone.
    Foreign,
}

impl Word {
    /// All of them, alphabetically.
    #[cfg(test)]
    pub const ALL: [Self; 20] = [
        Self::Beacons,
        Self::Clock,
        Self::Damaged,
        Self::Deadline,
        Self::Degraded,
        Self::Denied,
        Self::Expired,
        Self::Foreign,
        Self::Late,
        Self::More,
        Self::NewWallet,
        Self::Node,
        Self::Offline,
        Self::PlainHttp,
        Self::Pool,
        Self::PutBack,
        Self::ReadOnly,
        Self::SameMachine,
        Self::Slots,
        Self::TooLarge,
    ];

    /// As it stands before the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beacons => "beacons",
            Self::Clock => "clock",
            Self::Damaged => "damaged",
            Self::Deadline => "deadline",
            Self::Degraded => "degraded",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
            Self::Late => "late",
            Self::More => "more",
            Self::NewWallet => "new_wallet",
            Self::Node => "node",
            Self::Offline => "offline",
            Self::PlainHttp => "plain_http",
            Self::Pool => "pool",
            Self::PutBack => "put_back",
            Self::ReadOnly => "read_only",
            Self::SameMachine => "same_machine",
            Self::Slots => "slots",
            Self::TooLarge => "too_large",
        }
    }

    /// A warning.
    #[must_use]
    pub fn say(self, said: impl Display) -> String {
        format!("{self}: {said}")
    }

    /// The word for an error, where there is a better one than `usual`.
    #[must_use]
    pub const fn of(code: Code, usual: Self) -> Self {
        match code {
            Code::Denied => Self::Denied,
            Code::InventoryTooLarge | Code::TooLarge => Self::TooLarge,
            Code::SlotsExhausted => Self::Slots,
            Code::ReadOnly => Self::ReadOnly,
            _ => usual,
        }
    }
}

/// What is said of a node's part.
#[must_use]
pub fn of_node(node: &str, error: &Error) -> String {
    // What stands before a node may refuse a verb too.
    let word = if is_refused(error) { Word::Denied } else { Word::of(error.code(), Word::Node) };
    word.say(format_args!("{node}: {}", error.message()))
}

/// The warnings of one report: none twice, and no more than [`limits::WARNINGS`] and one that counts the rest.
#[must_use]
pub fn told(lines: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut told: Vec<String> = lines.into_iter().filter(|line| seen.insert(line.clone())).collect();
    let more = told.len().saturating_sub(limits::WARNINGS);
    if more > 0 {
        told.truncate(limits::WARNINGS);
        told.push(Word::More.say(format_args!("{more} further warnings")));
    }
    told
}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Word, of_node, told};
    use crate::error::{Code, Error};
    use crate::limits;

    #[test]
    fn nothing_is_said_twice_and_what_is_too_much_is_counted() {
        let lines = (0..limits::WARNINGS + 3).flat_map(|n| [Word::Foreign.say(n), Word::Foreign.say("0")]);
        let told = told(lines.collect());
        assert_eq!(told.len(), limits::WARNINGS + 1);
        assert_eq!(told[0], "foreign: 0");
        assert_eq!(told.last().unwrap(), "more: 3 further warnings");
    }

    #[test]
    fn a_node_is_named_with_the_word_of_its_error() {
        let denied = Error::new(Code::Denied, "pin/add was refused (status 403)");
        assert_eq!(of_node("n1", &denied), "denied: n1: pin/add was refused (status 403)");
        let invalid = Error::new(Code::Invalid, "the node lacks a block");
        assert_eq!(of_node("n2", &invalid), "node: n2: the node lacks a block");
    }

    #[test]
    fn every_word_is_another_and_stands_in_the_list_of_the_command_line() {
        let list = include_str!("../../../docs/cli.md");
        for pair in Word::ALL.windows(2) {
            assert!(pair[0].as_str() < pair[1].as_str());
        }
        for word in Word::ALL {
            assert!(list.contains(&format!("| `{word}` |")), "{word}");
        }
    }
}
