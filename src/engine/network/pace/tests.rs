use super::*;
use crate::clock::monotonic;

const WAY: Duration = Duration::from_millis(40);
const BLOCK: u64 = 256 * 1024;

#[test]
fn a_thin_line_is_asked_for_one_large_block_and_a_wide_one_for_many() {
    let (pace, now) = (Pace::default(), monotonic());
    assert_eq!(pace.at_once(BLOCK, WAY, now), 1, "nothing is known yet");
    assert_eq!(pace.at_once(4_096, WAY, now), limits::BLOCK_REQUESTS);
    pace.note(BLOCK, Duration::from_millis(564), WAY, now);
    assert_eq!(pace.at_once(BLOCK, WAY, now), 1);
    assert!(pace.at_once(25_000, WAY, now) > 1);
    pace.note(BLOCK, Duration::from_millis(46), WAY, now);
    assert!(pace.at_once(BLOCK, WAY, now) > 4);
}

#[test]
fn a_far_node_is_no_thin_line() {
    let (pace, now) = (Pace::default(), monotonic());
    let far = Duration::from_millis(1_500);
    pace.note(BLOCK, far + Duration::from_millis(524), far, now);
    assert_eq!(pace.time_of(BLOCK, now).map(|time| time.as_millis()), Some(524));
    assert!(pace.at_once(BLOCK, far, now) > 4, "the line is filled meanwhile");
}

#[test]
fn a_measure_is_forgotten() {
    let (pace, now) = (Pace::default(), monotonic());
    pace.note(BLOCK, Duration::from_secs(1), WAY, now);
    assert!(pace.rate(now + limits::RATE_FRESH).is_some());
    assert!(pace.rate(now + limits::RATE_FRESH + WAY).is_none());
}
