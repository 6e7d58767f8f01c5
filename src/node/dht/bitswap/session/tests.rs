use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::monotonic;
use crate::model::cid::Codec;

fn cids(count: usize) -> Vec<Cid> {
    (0..count).map(|at| Cid::of(Codec::Raw, &at.to_be_bytes())).collect()
}

fn peers(count: usize) -> Vec<PeerId> {
    (0..count).map(|_| PeerId::random()).collect()
}

fn asked(wants: &[(PeerId, Vec<Want>)]) -> Vec<(PeerId, Cid)> {
    let each = |(peer, wants): &(PeerId, Vec<Want>)| {
        let of = |want: &Want| match want {
            Want::Block(cid) => Some((*peer, *cid)),
            _ => None,
        };
        wants.iter().filter_map(of).collect::<Vec<_>>()
    };
    wants.iter().flat_map(each).collect()
}

#[test]
fn each_block_is_asked_of_one_peer_and_the_load_is_shared() {
    let (now, wanted, peers) = (monotonic(), cids(12), peers(3));
    let mut session = Session::new(&wanted);
    peers.iter().for_each(|peer| session.join(*peer, now));
    let first = asked(&session.next(now));
    assert_eq!(first.len(), 12);
    for peer in &peers {
        assert_eq!(first.iter().filter(|(of, _)| of == peer).count(), 4);
    }
    assert!(session.next(now).is_empty());
}

#[test]
fn the_window_opens_with_the_first_block() {
    let (now, wanted, peer) = (monotonic(), cids(300), peers(1)[0]);
    let mut session = Session::new(&wanted);
    session.join(peer, now);
    assert_eq!(asked(&session.next(now)).len(), limits::BITSWAP_FIRST_WANTS);
    assert!(session.received(&peer, &wanted[0], now).is_empty());
    let more = asked(&session.next(now)).len();
    assert_eq!(more, limits::BITSWAP_WANTS - limits::BITSWAP_FIRST_WANTS + 1);
}

#[test]
fn a_block_that_one_lacks_is_asked_of_the_next() {
    let (now, wanted, peers) = (monotonic(), cids(1), peers(2));
    let mut session = Session::new(&wanted);
    peers.iter().for_each(|peer| session.join(*peer, now));
    let (first, cid) = asked(&session.next(now))[0];
    session.does_not_have(&first, &cid, now);
    let (second, _) = asked(&session.next(now))[0];
    assert_ne!(first, second);
    assert!(!session.is_stuck());
    session.does_not_have(&second, &cid, now);
    assert!(session.next(now).is_empty());
    assert!(session.is_stuck() && !session.is_done());
    // One that comes later is asked.
    let third = PeerId::random();
    session.join(third, now);
    assert_eq!(asked(&session.next(now)), [(third, cid)]);
}

#[test]
fn a_silent_peer_is_joined_by_another_and_loses_the_race() {
    let (now, wanted, peers) = (monotonic(), cids(2), peers(2));
    let mut session = Session::new(&wanted);
    session.join(peers[0], now);
    assert_eq!(asked(&session.next(now)).len(), 2);
    session.join(peers[1], now);
    assert!(session.next(now + limits::BITSWAP_STALL / 2).is_empty());
    let late = now + limits::BITSWAP_STALL;
    let again = asked(&session.next(late));
    assert!(again.len() == 2 && again.iter().all(|(peer, _)| *peer == peers[1]));
    assert_eq!(session.received(&peers[1], &wanted[0], late), [peers[0]]);
    assert_eq!(session.cancels().iter().map(|(_, wants)| wants.len()).sum::<usize>(), 2);
    assert_eq!(session.left().count(), 1);
}

#[test]
fn a_peer_that_never_gives_anything_keeps_no_want() {
    let (mut now, wanted, peers) = (monotonic(), cids(40), peers(2));
    let (bad, good) = (peers[0], peers[1]);
    let mut session = Session::new(&wanted);
    peers.iter().for_each(|peer| session.join(*peer, now));
    for _ in 0..100 {
        let asked = asked(&session.next(now));
        now += Duration::from_millis(20);
        for (_, cid) in asked.iter().filter(|(peer, _)| *peer == good) {
            session.received(&good, cid, now);
        }
        assert!(asked.iter().all(|(peer, _)| *peer == good || *peer == bad));
    }
    assert!(session.is_done(), "{} left", session.left().count());
}

#[test]
fn wants_of_a_peer_that_left_move_on() {
    let (now, wanted, peers) = (monotonic(), cids(3), peers(2));
    let mut session = Session::new(&wanted);
    session.join(peers[0], now);
    session.next(now);
    session.join(peers[1], now);
    session.leave(&peers[0]);
    assert_eq!(asked(&session.next(now)).len(), 3);
    session.leave(&peers[1]);
    assert!(session.is_stuck(), "nobody is left");
}

#[test]
fn nobody_is_asked_before_anybody_joins() {
    let mut session = Session::new(&cids(3));
    assert!(session.next(monotonic()).is_empty() && session.is_stuck());
    assert!(Session::new(&[]).is_done());
}

proptest! {
    /// Whatever peers do, every block is asked of somebody as long as somebody can be asked, and none is lost.
    #[test]
    fn nothing_is_forgotten(steps in proptest::collection::vec((0_u8..5, 0_usize..4, 0_usize..20), 0..200)) {
        let (wanted, peers) = (cids(20), peers(4));
        let mut now = monotonic();
        let mut session = Session::new(&wanted);
        let mut got = BTreeSet::new();
        for (step, peer, cid) in steps {
            let (peer, cid) = (peers[peer], wanted[cid]);
            match step {
                0 => session.join(peer, now),
                1 => session.leave(&peer),
                2 => session.does_not_have(&peer, &cid, now),
                3 => {
                    if session.wants(&cid) {
                        got.insert(cid);
                    }
                    session.received(&peer, &cid, now);
                }
                _ => now += Duration::from_millis(100),
            }
            session.next(now);
            let left: BTreeSet<Cid> = session.left().copied().collect();
            prop_assert_eq!(left.len() + got.len(), wanted.len());
            prop_assert!(left.is_disjoint(&got));
            for peer in session.peers.values() {
                prop_assert!(peer.open <= limits::BITSWAP_WANTS);
            }
        }
    }
}
