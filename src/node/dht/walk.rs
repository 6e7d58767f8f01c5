//! The way to peers that are not configured: whom answers name is asked too, the nearest to the name first. Only with public peers to
//! start from.

use std::collections::{BTreeMap, HashSet};

use libp2p::PeerId;
use sha2::{Digest, Sha256};

use super::kad::{Closer, key};
use crate::limits;
use crate::model::identity::Name;

type Distance = [u8; 32];

/// The walks of one question, a walk for each name.
#[derive(Default)]
pub(super) struct Walks {
    /// By the position of the name.
    walks: BTreeMap<usize, Walk>,
}

struct Walk {
    target: Distance,
    asked: HashSet<PeerId>,
    waiting: BTreeMap<Distance, Closer>,
}

impl Walks {
    /// Peers that an answer for a name has named. Those `known` are asked anyway.
    pub fn named(&mut self, at: usize, name: &Name, peers: Vec<Closer>, known: impl Fn(&PeerId) -> bool) {
        let walk = self.walks.entry(at).or_insert_with(|| Walk {
            target: Sha256::digest(key(name)).into(),
            asked: HashSet::new(),
            waiting: BTreeMap::new(),
        });
        for peer in peers.into_iter().filter(|peer| !known(&peer.id)) {
            if walk.asked.contains(&peer.id) {
                continue;
            }
            let of: Distance = Sha256::digest(peer.id.to_bytes()).into();
            let distance =
                std::array::from_fn(|i| of.get(i).zip(walk.target.get(i)).map_or(0, |(a, b)| a ^ b));
            walk.waiting.insert(distance, peer);
            if walk.waiting.len() > limits::WALK_CLOSER {
                walk.waiting.pop_last();
            }
        }
    }

    /// Whom to ask next, and for which name: of the walk that has asked the fewest.
    pub fn next(&mut self) -> Option<(usize, Closer)> {
        let open = self.walks.iter_mut().filter(|(_, walk)| walk.goes_on());
        let (at, walk) = open.min_by_key(|(_, walk)| walk.asked.len())?;
        let (_, peer) = walk.waiting.pop_first()?;
        walk.asked.insert(peer.id);
        Some((*at, peer))
    }

    /// Whether nobody is left to be asked.
    pub fn is_over(&self) -> bool {
        !self.walks.values().any(Walk::goes_on)
    }
}

impl Walk {
    fn goes_on(&self) -> bool {
        !self.waiting.is_empty() && self.asked.len() < limits::WALK_PEERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::{Slot, WalletKeys};
    use crate::secret::Secret;

    fn peers(count: usize) -> Vec<Closer> {
        let addresses: Vec<libp2p::Multiaddr> = vec!["/ip4/8.8.8.8/tcp/4001".parse().unwrap()];
        (0..count).map(|_| Closer { id: PeerId::random(), addresses: addresses.clone() }).collect()
    }

    fn name() -> Name {
        WalletKeys::derive(&Secret::new([7; 32]), None).name(Slot::all().next().unwrap())
    }

    fn distance(peer: &PeerId) -> Vec<u8> {
        let (of, target) = (Sha256::digest(peer.to_bytes()), Sha256::digest(key(&name())));
        of.iter().zip(target.iter()).map(|(a, b)| a ^ b).collect()
    }

    #[test]
    fn the_nearest_are_asked_first_and_each_once() {
        let (mut walks, peers) = (Walks::default(), peers(10));
        walks.named(0, &name(), peers.clone(), |_| false);
        let mut asked = Vec::new();
        while let Some((_, peer)) = walks.next() {
            walks.named(0, &name(), peers.clone(), |_| false);
            asked.push(distance(&peer.id));
        }
        assert!(asked.len() == 10 && asked.is_sorted());
    }

    #[test]
    fn a_walk_that_is_led_on_and_on_ends() {
        let mut walks = Walks::default();
        let mut asked = 0;
        walks.named(0, &name(), peers(30), |_| false);
        while walks.next().is_some() {
            asked += 1;
            walks.named(0, &name(), peers(30), |_| false);
            assert!(walks.walks.values().all(|walk| walk.waiting.len() <= limits::WALK_CLOSER));
        }
        assert_eq!((asked, walks.is_over()), (limits::WALK_PEERS, true));
    }

    #[test]
    fn names_take_turns_and_known_peers_are_left_out() {
        let (mut walks, peers) = (Walks::default(), peers(3));
        let known = peers[0].id;
        for at in 0..2 {
            walks.named(at, &name(), peers.clone(), |peer| *peer == known);
        }
        let asked: Vec<usize> = std::iter::from_fn(|| walks.next()).map(|(at, _)| at).collect();
        assert_eq!(asked, [0, 1, 0, 1]);
    }
}
