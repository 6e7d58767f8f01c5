//! Messages that came lately, by their hash: what comes again is known before it is opened.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use crate::limits;

/// What is known of a message that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// It is one of this wallet's.
    pub is_ours: bool,
    /// The node that this device sent it on.
    pub sent_on: Option<usize>,
    /// Nodes whose streams brought it, a bit each.
    by: u32,
}

/// The last messages.
pub struct Seen {
    /// So that nobody can make two messages of one hash.
    key: [u8; 16],
    order: VecDeque<u64>,
    known: HashMap<u64, Known>,
}

/// Whether a message came before.
pub enum Look {
    /// By another stream.
    Elsewhere(Known),
    /// By this very stream: no honest node brings one twice.
    Again,
    /// Never; its hash.
    New(u64),
}

impl Seen {
    pub fn new(key: [u8; 16]) -> Self {
        Self { key, order: VecDeque::new(), known: HashMap::new() }
    }

    /// Looks for a message that a node's stream brought.
    pub fn look(&mut self, node: usize, bytes: &[u8]) -> Look {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.key);
        hasher.write(bytes);
        let hash = hasher.finish();
        match self.known.get_mut(&hash) {
            None => Look::New(hash),
            Some(known) if known.by & bit(node) != 0 => Look::Again,
            Some(known) => {
                known.by |= bit(node);
                Look::Elsewhere(*known)
            }
        }
    }

    /// Remembers one that is new.
    pub fn note(&mut self, hash: u64, node: usize, is_ours: bool, sent_on: Option<usize>) {
        if self.order.len() >= limits::PUSH_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        if self.known.insert(hash, Known { is_ours, sent_on, by: bit(node) }).is_none() {
            self.order.push_back(hash);
        }
    }
}

/// There are at most as many nodes as bits.
const fn bit(node: usize) -> u32 {
    1 << (node % limits::NODES)
}

#[cfg(test)]
mod tests {
    use crate::engine::schedule::push::seen::{Look, Seen};
    use crate::limits;

    #[test]
    fn no_more_are_remembered_than_the_bound() {
        let mut seen = Seen::new([1; 16]);
        for n in 0..limits::PUSH_REMEMBERED * 3 {
            let Look::New(hash) = seen.look(0, &n.to_be_bytes()) else { panic!("{n}") };
            seen.note(hash, 0, true, None);
        }
        assert_eq!((seen.order.len(), seen.known.len()), (limits::PUSH_REMEMBERED, limits::PUSH_REMEMBERED));
    }

    #[test]
    fn what_comes_by_two_streams_is_new_once_and_noise_only_on_the_same() {
        let mut seen = Seen::new([1; 16]);
        let Look::New(hash) = seen.look(0, b"x") else { panic!() };
        seen.note(hash, 0, true, Some(3));
        let Look::Elsewhere(known) = seen.look(1, b"x") else { panic!() };
        assert_eq!((known.is_ours, known.sent_on), (true, Some(3)));
        assert!(matches!(seen.look(0, b"x"), Look::Again));
        assert!(matches!(seen.look(1, b"x"), Look::Again));
    }
}
