//! What a report warns of: a stable word, and after a colon what more there is to say. Never words that a node sent.

use std::fmt::{self, Display};

use crate::error::{Code, Error};
use crate::limits;

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
    /// There are more warnings than a report holds.
    More,
    /// A first reading found nothing.
    NewWallet,
    /// A node did not do its part of a publish.
    Node,
    /// No node answers over HTTP, or none at all.
    Offline,
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
    /// A slot that was seen could not be read.
    Unread,
}

impl Word {
    /// All of them, alphabetically.
    pub const ALL: [Self; 17] = [
        Self::Beacons,
        Self::Clock,
        Self::Damaged,
        Self::Deadline,
        Self::Degraded,
        Self::Denied,
        Self::Expired,
        Self::More,
        Self::NewWallet,
        Self::Node,
        Self::Offline,
        Self::PutBack,
        Self::ReadOnly,
        Self::SameMachine,
        Self::Slots,
        Self::TooLarge,
        Self::Unread,
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
            Self::More => "more",
            Self::NewWallet => "new_wallet",
            Self::Node => "node",
            Self::Offline => "offline",
            Self::PutBack => "put_back",
            Self::ReadOnly => "read_only",
            Self::SameMachine => "same_machine",
            Self::Slots => "slots",
            Self::TooLarge => "too_large",
            Self::Unread => "unread",
        }
    }

    /// The word for an error, where there is a better one than `usual`.
    #[must_use]
    pub const fn of(code: Code, usual: Self) -> Self {
        match code {
            Code::Deadline => Self::Deadline,
            Code::Denied => Self::Denied,
            Code::InventoryTooLarge | Code::TooLarge => Self::TooLarge,
            Code::SlotsExhausted => Self::Slots,
            Code::ReadOnly => Self::ReadOnly,
            _ => usual,
        }
    }
}

/// The warnings of one report: none twice, and no more than [`limits::WARNINGS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    said: Vec<String>,
    /// How many more there were.
    more: usize,
}

impl Warnings {
    /// Warns of something.
    pub fn add(&mut self, word: Word, said: impl Display) {
        self.keep(format!("{}: {said}", word.as_str()));
    }

    /// Warns of something about which there is nothing more to say.
    pub fn add_bare(&mut self, word: Word) {
        self.keep(word.as_str().to_owned());
    }

    /// Warns of what came of a node's part.
    pub fn add_node(&mut self, node: &str, error: &Error) {
        self.add(Word::of(error.code(), Word::Node), format_args!("{node}: {}", error.message()));
    }

    /// All that another one has.
    pub fn append(&mut self, other: Self) {
        other.said.into_iter().for_each(|line| self.keep(line));
        self.more += other.more;
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// The latest.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.said.last().map(String::as_str)
    }

    /// As they are told.
    #[must_use]
    pub fn told(mut self) -> Vec<String> {
        if self.more > 0 {
            self.said.push(format!("{}: {} further warnings", Word::More.as_str(), self.more));
        }
        self.said
    }

    fn keep(&mut self, line: String) {
        if self.said.contains(&line) {
        } else if self.said.len() < limits::WARNINGS {
            self.said.push(line);
        } else {
            self.more += 1;
        }
    }
}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Warnings, Word};
    use crate::error::{Code, Error};
    use crate::limits;

    #[test]
    fn nothing_is_said_twice_and_what_is_too_much_is_counted() {
        let mut warnings = Warnings::default();
        for n in 0..limits::WARNINGS + 3 {
            warnings.add(Word::Unread, format_args!("slot {n}"));
            warnings.add(Word::Unread, "slot 0");
        }
        let told = warnings.told();
        assert_eq!(told.len(), limits::WARNINGS + 1);
        assert_eq!(told[0], "unread: slot 0");
        assert_eq!(told.last().unwrap(), "more: 3 further warnings");
    }

    #[test]
    fn a_node_is_named_with_the_word_of_its_error() {
        let mut warnings = Warnings::default();
        warnings.add_node("n1", &Error::new(Code::Denied, "pin/add was refused (status 403)"));
        warnings.add_node("n2", &Error::new(Code::Invalid, "the node lacks a block"));
        warnings.add_bare(Word::Deadline);
        let told = ["denied: n1: pin/add was refused (status 403)", "node: n2: the node lacks a block", "deadline"];
        assert_eq!(warnings.told(), told);
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
