//! Which names a peer is asked for next: those of the question in their order, and between them a round through all of them, which goes on
//! where the last question to this peer ended. So a question that ends early, again and again, leaves no name out for good.

use std::collections::{HashMap, HashSet};

use libp2p::PeerId;

use crate::model::identity::Name;

/// Where the round of each peer goes on.
#[derive(Default)]
pub(super) struct Turns {
    from: HashMap<PeerId, Name>,
}

/// One peer's way through the names of a question.
pub(super) struct Turn {
    /// Positions of the names.
    order: Vec<usize>,
    next: usize,
    answered: HashSet<usize>,
    /// Where the round began.
    from: usize,
}

impl Turn {
    /// The position of the next name.
    pub fn next(&mut self) -> Option<usize> {
        let next = self.order.get(self.next).copied();
        self.next += usize::from(next.is_some());
        next
    }

    /// Whether every name was asked for.
    pub fn is_over(&self) -> bool {
        self.next >= self.order.len()
    }

    /// The peer answered for a name.
    pub fn answered(&mut self, name: usize) {
        self.answered.insert(name);
    }

    fn was_asked(&self, name: usize) -> bool {
        self.order.iter().take(self.next).any(|asked| *asked == name)
    }
}

/// All positions, from one of them on.
fn round(from: usize, count: usize) -> impl Iterator<Item = usize> {
    (from..count).chain(0..from.min(count))
}

impl Turns {
    /// The first of the question, the first of the round, the second of the question, …
    pub fn begin(&self, peer: &PeerId, names: &[Name]) -> Turn {
        let from =
            self.from.get(peer).and_then(|from| names.iter().position(|name| name == from)).unwrap_or(0);
        let mut seen = HashSet::new();
        let both = (0..names.len()).zip(round(from, names.len()));
        let order = both.flat_map(|(first, second)| [first, second]).filter(|at| seen.insert(*at)).collect();
        Turn { order, next: 0, answered: HashSet::new(), from }
    }

    /// The round goes on at the first name that was not answered; where that is the one it began with, and it was asked for, behind it: a
    /// name that is never answered holds up no other.
    pub fn end(&mut self, peer: PeerId, names: &[Name], turn: &Turn) {
        let mut open = round(turn.from, names.len()).filter(|at| !turn.answered.contains(at));
        let first = open.next();
        let at = match first {
            Some(at) if at == turn.from && turn.was_asked(at) => open.next().or(first),
            first => first,
        };
        if let Some(name) = at.and_then(|at| names.get(at)) {
            self.from.insert(peer, *name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::{Slot, WalletKeys};
    use crate::secret::Secret;

    fn names() -> Vec<Name> {
        let keys = WalletKeys::derive(&Secret::new([7; 32]), None);
        Slot::all().map(|slot| keys.name(slot)).collect()
    }

    /// One question that ends when the peer was asked for `asked` names and has answered `answered` of them.
    fn question(turns: &mut Turns, peer: PeerId, asked: usize, answered: usize) -> Vec<usize> {
        let names = names();
        let mut turn = turns.begin(&peer, &names);
        let order: Vec<usize> = (0..asked).map_while(|_| turn.next()).collect();
        order.iter().take(answered).for_each(|at| turn.answered(*at));
        turns.end(peer, &names, &turn);
        order.into_iter().take(answered).collect()
    }

    #[test]
    fn the_first_question_is_asked_in_its_order() {
        let mut turns = Turns::default();
        assert_eq!(question(&mut turns, PeerId::random(), 64, 64), (0..64).collect::<Vec<_>>());
    }

    #[test]
    fn no_name_is_left_out_for_good_where_every_question_ends_early() {
        let (mut turns, peer) = (Turns::default(), PeerId::random());
        for _ in 0..4 {
            // Four of eight answers are for the round.
            let seen: HashSet<usize> = (0..16).flat_map(|_| question(&mut turns, peer, 16, 8)).collect();
            assert_eq!(seen.len(), 64);
        }
    }

    #[test]
    fn a_name_that_is_never_answered_holds_up_no_other() {
        let (mut turns, peer, names) = (Turns::default(), PeerId::random(), names());
        let mut seen = HashSet::new();
        for _ in 0..64 {
            let mut turn = turns.begin(&peer, &names);
            for at in (0..4).map_while(|_| turn.next()).filter(|at| *at != 40).collect::<Vec<_>>() {
                turn.answered(at);
                seen.insert(at);
            }
            turns.end(peer, &names, &turn);
        }
        assert_eq!(seen.len(), 63);
    }

    #[test]
    fn the_first_name_of_a_question_is_asked_for_in_each() {
        let (mut turns, peer) = (Turns::default(), PeerId::random());
        for _ in 0..10 {
            assert!(question(&mut turns, peer, 4, 4).contains(&0));
        }
    }

    #[test]
    fn what_one_peer_answers_is_still_asked_of_another() {
        let (mut turns, quick, slow) = (Turns::default(), PeerId::random(), PeerId::random());
        let mut seen = HashSet::new();
        for _ in 0..16 {
            question(&mut turns, quick, 64, 64);
            seen.extend(question(&mut turns, slow, 8, 8));
        }
        assert_eq!(seen.len(), 64);
    }
}
