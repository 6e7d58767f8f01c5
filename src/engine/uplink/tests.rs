use super::*;
use crate::clock::monotonic;

const BULK: u64 = 4_000_000;
const RTT: Duration = Duration::from_millis(40);

fn asking(at: usize, is_first: bool, answered: Option<(Instant, Duration)>) -> Asking {
    Asking { at, bytes: BULK, is_first, is_open: false, answered }
}

fn sends(uplink: &Uplink, asking: Asking, now: Instant) -> Option<Sending<'_>> {
    match uplink.ask(asking, now) {
        Turn::Send(sending) => Some(sending),
        Turn::Wait(_) => None,
    }
}

/// A CAR of 64 KiB took so long.
fn took(uplink: &Uplink, at: usize, ms: u64, now: Instant) {
    uplink.note_taken(at, limits::CAR_FIRST_BYTES, Duration::from_millis(ms) + RTT, RTT, now);
}

#[test]
fn bulk_has_one_sender_on_a_thin_line_and_the_next_follows() {
    let (uplink, now) = (Uplink::default(), monotonic());
    let alive = Some((now, RTT));
    let first = sends(&uplink, asking(0, true, None), now).unwrap();
    first.begins(limits::CAR_FIRST_BYTES, RTT, now);
    took(&uplink, 0, 650, now);
    assert!(sends(&uplink, asking(1, false, alive), now + RTT).is_none());
    drop(first);
    assert!(sends(&uplink, asking(1, false, alive), now + RTT * 4).is_some());
}

#[test]
fn a_wide_line_has_room_for_two() {
    let (uplink, now) = (Uplink::default(), monotonic());
    let alive = Some((now, RTT));
    let _first = sends(&uplink, asking(0, true, None), now).unwrap();
    assert!(sends(&uplink, asking(1, false, alive), now).is_none(), "nothing was measured yet");
    took(&uplink, 0, 10, now);
    let _second = sends(&uplink, asking(1, false, alive), now).unwrap();
    assert!(sends(&uplink, asking(2, false, alive), now).is_none());
}

#[test]
fn a_line_that_is_faster_than_the_nodes_among_themselves_is_wide_for_any_amount() {
    let (uplink, now) = (Uplink::default(), monotonic());
    for (bytes, is_wide) in [(7_000_000, false), (9_000_000, true)] {
        uplink.note_taken(0, bytes, Duration::from_secs(1), Duration::ZERO, now);
        assert_eq!(uplink.is_wide_for(1_000_000_000, now), is_wide);
    }
}

#[test]
fn whoever_stalls_is_joined_by_one_that_answers() {
    let (uplink, now) = (Uplink::default(), monotonic());
    let first = sends(&uplink, asking(0, true, None), now).unwrap();
    first.begins(limits::CAR_FIRST_BYTES, RTT, now);
    let later = now + limits::SENDER_FIRST * 2;
    assert!(sends(&uplink, asking(1, false, None), later).is_none(), "it may be as far away");
    assert!(sends(&uplink, asking(1, false, Some((now, RTT))), later).is_some());
}

#[test]
fn a_trial_goes_on_only_where_it_raises_the_sum() {
    for (ms, goes_on) in [(1_300, false), (100, true)] {
        let (uplink, now) = (Uplink::default(), monotonic());
        let alive = Some((now, RTT));
        let first = sends(&uplink, asking(0, true, None), now).unwrap();
        took(&uplink, 0, 650, now);
        let later = now + limits::TRIAL_AFTER;
        first.begins(limits::CAR_FIRST_BYTES, RTT, later);
        let trial = sends(&uplink, asking(1, false, alive), later).unwrap();
        trial.begins(limits::CAR_FIRST_BYTES, RTT, later);
        took(&uplink, 0, 1_300, later);
        took(&uplink, 1, ms, later);
        assert_eq!(trial.goes_on(), goes_on);
        assert!(first.goes_on());
    }
}

#[test]
fn a_car_follows_the_rate_in_steps() {
    let uplink = Uplink::default();
    let began = monotonic();
    let now = began + limits::CAR_TIME * limits::CAR_TIME_SHARE;
    let most = |round_trip: Duration, now: Instant| uplink.car_bytes(0, round_trip, began, now);
    assert_eq!(most(RTT, now), limits::CAR_FIRST_BYTES);
    took(&uplink, 0, 2, now);
    assert_eq!(most(RTT, now), 8 * limits::CAR_FIRST_BYTES, "so little says little");
    uplink.note_taken(0, 1_000_000, Duration::from_secs(1) + RTT, RTT, now);
    assert_eq!(most(RTT, now), 500_000);
    assert_eq!(most(Duration::from_millis(1_500), now), 3_000_000, "the way counts");
    uplink.note_too_large(0, now);
    assert!(most(RTT, now) < 200_000);
    assert_eq!(most(RTT, now + limits::RATE_FRESH * 2), limits::CAR_FIRST_BYTES);
}

#[test]
fn a_car_is_a_small_part_of_what_was_sent() {
    let (uplink, began) = (Uplink::default(), monotonic());
    uplink.note_taken(0, 1_000_000, Duration::from_secs(1) + RTT, RTT, began);
    let after = |seconds: u64| uplink.car_bytes(0, RTT, began, began + Duration::from_secs(seconds));
    assert_eq!([after(0), after(2), after(3), after(20)], [150_000, 200_000, 300_000, 500_000]);
}
