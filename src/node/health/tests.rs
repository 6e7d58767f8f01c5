use super::*;
use crate::error::Code;

fn health() -> Health {
    Health::new(["a", "b", "c"].map(str::to_owned))
}

fn down() -> Error {
    Error::new(Code::Unreachable, "no connection")
}

#[tokio::test(start_paused = true)]
async fn a_row_of_failures_opens_the_breaker_until_a_probe() {
    let (health, now) = (health(), crate::clock::monotonic());
    for _ in 1..limits::BREAKER_FAILURES {
        health.bad(0, &down(), now);
        assert!(health.available(0, now), "a single failure does not silence a node");
        assert!(!health.believed_healthy(0), "but nobody waits for it");
    }
    health.bad(0, &down(), now);
    assert!(!health.available(0, now));
    assert!(health.available(0, now + limits::BREAKER_OPEN), "one request may probe it");
    health.good(0, Duration::from_millis(5));
    assert!(health.available(0, now) && health.believed_healthy(0));
}

#[test]
fn n11_a_busy_node_is_left_alone_as_long_as_it_asked_for() {
    let (health, now) = (health(), crate::clock::monotonic());
    let busy = down().and_retry_after(Duration::from_secs(7));
    health.bad(0, &busy, now);
    assert!(!health.available(0, now) && !health.available(0, now + Duration::from_secs(6)));
    assert!(health.available(0, now + Duration::from_secs(7)), "no longer than that");
    for _ in 1..limits::BREAKER_FAILURES {
        health.bad(0, &busy, now);
    }
    assert!(!health.available(0, now + Duration::from_secs(7)), "it goes on failing");
    health.good(0, Duration::from_millis(1));
    assert!(health.available(0, now), "a good answer ends it");
}

#[test]
fn the_fastest_healthy_node_is_asked_first() {
    let health = health();
    health.good(0, Duration::from_millis(80));
    health.good(1, Duration::from_millis(20));
    assert_eq!(health.order(), [1, 0, 2], "an unknown node counts as average");
    health.bad(1, &down(), crate::clock::monotonic());
    assert_eq!(health.order(), [0, 2, 1]);
    health.slow(0, Duration::from_secs(9));
    assert_eq!(health.order(), [2, 0, 1], "whoever loses a race goes back");
}

#[test]
fn who_cannot_answer_as_soon_as_the_first_is_far_until_an_answer_is_soon() {
    let (health, window) = (health(), Duration::from_millis(150));
    assert!(health.is_near(0, window), "nothing is known of it");
    health.good(0, Duration::from_millis(10));
    for _ in 0..2 {
        health.good(1, Duration::from_millis(400));
    }
    assert!(!health.is_near(1, window));
    health.good(1, Duration::from_millis(20));
    assert!(health.is_near(1, window), "the last answer counts as well");
}

#[test]
fn the_hedge_follows_the_smoothed_latency_within_its_bounds() {
    let health = health();
    health.good(0, Duration::from_millis(1));
    assert_eq!(health.hedge(0), limits::HEDGE_MIN);
    health.good(1, Duration::from_millis(100));
    assert_eq!(health.hedge(1), Duration::from_millis(120));
    health.good(2, Duration::from_secs(60));
    assert_eq!(health.hedge(2), limits::HEDGE_MAX);
}

#[test]
fn what_is_kept_comes_back_by_id() {
    let first = health();
    first.good(1, Duration::from_millis(40));
    (0..limits::BREAKER_FAILURES).for_each(|_| first.bad(2, &down(), crate::clock::monotonic()));
    let second = Health::new(["c", "b"].map(str::to_owned));
    second.restore(&first.persist());
    second.restore(b"not json");
    let told = second.report(crate::clock::monotonic());
    assert_eq!(told[0].state, NodeState::Down);
    assert_eq!(told[0].last_error.as_deref(), Some("unreachable: no connection"));
    assert_eq!((told[1].state, told[1].p50_ms, told[1].success_rate), (NodeState::Up, Some(40.0), Some(1.0)));
    assert!(second.available(0, crate::clock::monotonic()), "a new process may probe at once");
}

#[test]
fn a_refused_verb_is_told_and_takes_no_node_out_of_use() {
    let (health, now) = (health(), crate::clock::monotonic());
    health.good(0, Duration::from_millis(5));
    let denied = Error::new(Code::Denied, "dag/import was refused (status 403)");
    (0..=limits::BREAKER_FAILURES).for_each(|_| health.note_error(0, &denied));
    assert!(health.available(0, now) && health.believed_healthy(0));
    let told = health.report(now)[0].last_error.clone();
    assert_eq!(told.as_deref(), Some("denied: dag/import was refused (status 403)"));
}
