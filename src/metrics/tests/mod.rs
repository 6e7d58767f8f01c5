//! What the measurements promise: percentiles, failures apart, targets, slow operations.

mod prometheus;
mod rollups;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::latencies::{Latencies, step_end, step_start, to_ms, to_us};
use super::*;
use crate::clock::ManualClock;

/// 2026-01-01T00:00:00Z.
const START: UnixMs = 1_767_225_600_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn started() -> (Arc<ManualClock>, Metrics) {
    let clock = Arc::new(ManualClock::new(START));
    let metrics = Metrics::new(Arc::clone(&clock) as Arc<dyn Clock>, ms(1_000));
    (clock, metrics)
}

fn sync(source: Source, latency: Duration) -> Sample {
    Sample::new(Operation::Sync, source, latency, true)
}

fn failed(operation: Operation, latency: Duration) -> Sample {
    Sample::new(operation, Source::None, latency, false)
}

fn looked_up(hit: bool) -> Sample {
    Sample { cache_hit: Some(hit), ..Sample::new(Operation::Cache, Source::Cache, Duration::ZERO, true) }
}

fn row(snapshot: &Snapshot, operation: Operation, source: Source) -> &OperationFigures {
    snapshot.operations.iter().find(|row| row.operation == operation && row.source == source).unwrap()
}

fn states(metrics: &Metrics) -> (TargetState, Vec<TargetState>) {
    let target = metrics.target();
    (target.state, target.targets.iter().map(|goal| goal.state).collect())
}

#[test]
fn percentiles_are_the_nearest_ranks() {
    let (_, metrics) = started();
    for latency in 1..=100 {
        metrics.record(sync(Source::HttpRouting, Duration::from_micros(latency * 10)));
    }
    let snapshot = metrics.snapshot();
    let row = row(&snapshot, Operation::Sync, Source::HttpRouting);
    let percentiles = (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms, row.mean_ms);
    assert_eq!(percentiles, (Some(0.5), Some(0.95), Some(0.99), Some(1.0), Some(0.505)));
    let counts: Vec<u64> = row.buckets.iter().map(|bucket| bucket.count).take(5).collect();
    assert_eq!(counts, [10, 10, 30, 50, 0], "upto 0.1, 0.2, 0.5, 1 and 2 ms");
    assert_eq!(row.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), row.count);
}

#[test]
fn failures_never_enter_latencies() {
    let (_, metrics) = started();
    metrics.record(sync(Source::HttpRouting, ms(80)));
    let slow_failure = Sample { source: Source::HttpRouting, ..failed(Operation::Sync, ms(1_800)) };
    metrics.record(slow_failure);
    metrics.record(failed(Operation::Sync, ms(1_800)));

    let snapshot = metrics.snapshot();
    let answered = row(&snapshot, Operation::Sync, Source::HttpRouting);
    assert_eq!((answered.count, answered.failures), (2, 1));
    assert_eq!((answered.p99_ms, answered.max_ms, answered.mean_ms), (Some(80.0), Some(80.0), Some(80.0)));
    let unanswered = row(&snapshot, Operation::Sync, Source::None);
    assert_eq!((unanswered.count, unanswered.failures), (1, 1));
    assert_eq!((unanswered.p50_ms, unanswered.max_ms, unanswered.mean_ms), (None, None, None));
    assert_eq!(snapshot.success_rate, Some(1.0 / 3.0));
}

#[test]
fn cache_answers_do_not_shorten_waits() {
    let (_, metrics) = started();
    for _ in 0..1_000 {
        metrics.record(sync(Source::Cache, Duration::from_micros(50)));
    }
    for _ in 0..20 {
        metrics.record(sync(Source::HttpRouting, ms(3_000)));
    }
    let target = metrics.target();
    assert_eq!((target.targets[0].state, target.targets[0].samples), (TargetState::Missed, 20));
    assert_eq!(target.targets[1].value, Some(3_000.0));
    let snapshot = metrics.snapshot();
    assert_eq!(row(&snapshot, Operation::Sync, Source::Cache).max_ms, Some(0.05));
    assert_eq!(row(&snapshot, Operation::Sync, Source::HttpRouting).p50_ms, Some(3_000.0));
}

#[test]
fn an_empty_set_meets_no_target() {
    let (_, metrics) = started();
    let target = metrics.target();
    assert_eq!(target.state, TargetState::TooLittleData);
    for goal in &target.targets {
        assert_eq!((goal.value, goal.samples, goal.state), (None, 0, TargetState::TooLittleData));
    }
    let snapshot = metrics.snapshot();
    assert_eq!((snapshot.success_rate, snapshot.cache_hit_rate), (None, None));
    assert_eq!(serde_json::to_value(&snapshot).unwrap()["successRate"], serde_json::Value::Null);
}

#[test]
fn a_target_is_judged_from_twenty_samples_on() {
    use TargetState::{Met, TooLittleData};
    let (_, metrics) = started();
    for n in 1..=limits::TARGET_SAMPLES {
        metrics.record(sync(Source::HttpRouting, ms(100)));
        metrics.record(looked_up(true));
        let expected = if n < limits::TARGET_SAMPLES { TooLittleData } else { Met };
        assert_eq!(states(&metrics), (expected, vec![expected; 4]), "{n} samples");
    }
}

#[test]
fn each_target_can_be_missed_alone() {
    use TargetState::{Met, Missed};
    let judged = |waits: &[(u64, u32)], failures: u32, misses: u32| {
        let (_, metrics) = started();
        for (latency, times) in waits {
            (0..*times).for_each(|_| metrics.record(sync(Source::HttpGateway, ms(*latency))));
        }
        (0..failures).for_each(|_| metrics.record(failed(Operation::Publish, ms(1))));
        (0..20).for_each(|_| metrics.record(looked_up(true)));
        (0..misses).for_each(|_| metrics.record(looked_up(false)));
        states(&metrics)
    };
    assert_eq!(judged(&[(100, 100)], 0, 0), (Met, vec![Met; 4]));
    assert_eq!(judged(&[(100, 94), (2_500, 6)], 0, 0), (Missed, vec![Missed, Met, Met, Met]));
    assert_eq!(judged(&[(600, 100)], 0, 0), (Missed, vec![Met, Missed, Met, Met]));
    assert_eq!(judged(&[(100, 99)], 1, 0), (Missed, vec![Met, Met, Missed, Met]), "99 % is not above 99 %");
    assert_eq!(judged(&[(100, 100)], 0, 20), (Missed, vec![Met, Met, Met, Missed]), "half is not above half");
}

#[test]
fn a_missed_target_outweighs_too_little_data() {
    let (_, metrics) = started();
    (0..20).for_each(|_| metrics.record(failed(Operation::Sync, ms(1))));
    use TargetState::{Missed, TooLittleData};
    assert_eq!(states(&metrics), (Missed, vec![TooLittleData, TooLittleData, Missed, TooLittleData]));
}

#[test]
fn steps_of_a_sync_do_not_count_as_operations_asked_for() {
    let (_, metrics) = started();
    for operation in [Operation::Resolve, Operation::Fetch, Operation::Cache, Operation::Dht] {
        metrics.record(failed(operation, ms(1)));
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.success_rate, None);
    assert_eq!(snapshot.operations.iter().map(|row| row.failures).sum::<u64>(), 4, "but they are shown");
}

#[test]
fn traffic_and_look_ups_add_up() {
    let (_, metrics) = started();
    let fetched = Sample { requests: 9, bytes_in: 30_000, bytes_out: 7, ..sync(Source::HttpRouting, ms(80)) };
    metrics.record(fetched.clone());
    metrics.record(Sample { operation: Operation::Fetch, ..fetched });
    [true, false, true, true].into_iter().for_each(|hit| metrics.record(looked_up(hit)));
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.totals, Totals { requests: 18, bytes_in: 60_000, bytes_out: 14 });
    assert_eq!(snapshot.cache_hit_rate, Some(0.75));
}

#[test]
fn latencies_saturate_at_both_ends() {
    let (_, metrics) = started();
    for latency in [Duration::ZERO, Duration::from_nanos(1)] {
        metrics.record(sync(Source::Cache, latency));
    }
    for latency in [Duration::from_secs(601), Duration::MAX] {
        metrics.record(sync(Source::Dht, latency));
    }
    let snapshot = metrics.snapshot();
    assert_eq!(row(&snapshot, Operation::Sync, Source::Cache).p99_ms, Some(0.001));
    let longest = row(&snapshot, Operation::Sync, Source::Dht);
    assert_eq!((longest.p50_ms, longest.max_ms), (Some(600_000.0), Some(600_000.0)));
    assert_eq!(longest.buckets.last().map(|bucket| bucket.count), Some(2), "nothing is beyond the last bar");
}

#[test]
fn the_last_ten_slow_operations_are_kept_newest_first() {
    let (clock, metrics) = started();
    for n in 0..12 {
        clock.advance_ms(1);
        metrics.record(Sample { detail: Some(format!("n{n}")), ..failed(Operation::Publish, ms(1_000)) });
        metrics.record(sync(Source::HttpRouting, ms(999)));
    }
    let slow = metrics.snapshot().slow;
    let details: Vec<&str> = slow.iter().filter_map(|slow| slow.detail.as_deref()).collect();
    assert_eq!(details, ["n11", "n10", "n9", "n8", "n7", "n6", "n5", "n4", "n3", "n2"]);
    assert_eq!((slow[0].at, slow[0].ms, slow[0].ok), (START + 12, 1_000.0, false));
}

#[test]
fn details_are_cut_and_cleaned() {
    let (_, metrics) = started();
    let detail = format!("dead\nline{}", "x".repeat(200));
    metrics.record(Sample { detail: Some(detail), ..failed(Operation::Sync, ms(2_000)) });
    let kept = metrics.snapshot().slow[0].detail.clone().unwrap();
    assert!(kept.starts_with("deadlinex"));
    assert_eq!(kept.chars().count(), limits::SLOW_DETAIL_CHARS);
    assert_eq!(Metrics::history(&metrics.drain_rollups(), 0, i64::MAX, 1)[0].skipped_rollups, 0);
}

#[test]
fn reset_forgets_everything() {
    let (clock, metrics) = started();
    metrics.record(failed(Operation::Sync, ms(2_000)));
    metrics.restore(&[Rollup { minute: 7, json: "{".to_owned() }]);
    clock.advance_ms(5_000);
    metrics.reset();
    let fresh = Metrics::new(clock, ms(1_000));
    assert_eq!(metrics.snapshot(), fresh.snapshot());
    assert_eq!(metrics.snapshot().since, START + 5_000);
    assert!(metrics.drain_rollups().is_empty());
}

#[test]
fn clones_count_into_one() {
    let (_, metrics) = started();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let metrics = metrics.clone();
            scope.spawn(move || (0..250).for_each(|_| metrics.record(sync(Source::HttpRouting, ms(10)))));
        }
    });
    assert_eq!(row(&metrics.snapshot(), Operation::Sync, Source::HttpRouting).count, 1_000);
}

#[test]
fn the_snapshot_has_its_documented_shape() {
    let (_, metrics) = started();
    metrics.record(Sample { detail: Some("deadline".to_owned()), ..sync(Source::HttpGateway, ms(1_200)) });
    let value = serde_json::to_value(metrics.snapshot()).unwrap();
    let keys = |value: &serde_json::Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(&value), "at cacheHitRate nodes operations since skippedRollups slow successRate totals");
    assert_eq!(
        keys(&value["operations"][0]),
        "buckets bytesIn bytesOut cacheHits cacheMisses count failures maxMs meanMs operation p50Ms p95Ms p99Ms \
         requests source"
    );
    assert_eq!(keys(&value["operations"][0]["buckets"][0]), "count uptoMs");
    assert_eq!(keys(&value["totals"]), "bytesIn bytesOut requests");
    let slow = serde_json::json!({
        "at": START, "operation": "sync", "source": "http-gateway", "ms": 1200.0, "ok": true, "detail": "deadline",
    });
    assert_eq!(value["slow"], serde_json::json!([slow]));
    let target = serde_json::to_value(metrics.target()).unwrap();
    assert_eq!((&target["state"], keys(&target)), (&"too_little_data".into(), "state targets".to_owned()));
    let first = serde_json::json!({
        "name": "p95Ms", "value": 1200.0, "limit": 2000.0, "side": "below", "samples": 1, "state": "too_little_data",
    });
    assert_eq!(target["targets"][0], first);
}

#[test]
fn texts_and_serialised_forms_agree() {
    use Operation::{Cache, Dht, Fetch, Publish, Resolve, Sync};
    for operation in [Sync, Resolve, Fetch, Publish, Cache, Dht] {
        assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
    }
    for source in [Source::Cache, Source::HttpGateway, Source::HttpRouting, Source::Dht, Source::None] {
        assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
    }
}

proptest! {
    #[test]
    fn steps_are_those_of_an_hdr_histogram(us in limits::LATENCY_MIN_US..=limits::LATENCY_MAX_US) {
        let (low, high) = (limits::LATENCY_MIN_US, limits::LATENCY_MAX_US);
        let reference = hdrhistogram::Histogram::<u64>::new_with_bounds(low, high, 3).unwrap();
        prop_assert_eq!(step_start(us), reference.lowest_equivalent(us));
        prop_assert_eq!(step_end(us), reference.highest_equivalent(us));
    }

    #[test]
    fn percentiles_are_exact_to_one_step(
        mut all in prop::collection::vec(prop_oneof![1_u64..5_000, 1_u64..=limits::LATENCY_MAX_US], 1..300),
        percent in 1_u8..=100,
    ) {
        let mut latencies = Latencies::default();
        all.iter().for_each(|us| latencies.record(to_us(Duration::from_micros(*us))));
        all.sort_unstable();
        let rank = (all.len() * usize::from(percent)).div_ceil(100);
        let (exact, max) = (all[rank - 1], *all.last().unwrap());
        prop_assert_eq!(latencies.percentile_ms(percent), Some(to_ms(step_end(exact).min(max))));
        prop_assert_eq!(latencies.max_ms(), Some(to_ms(max)));
        prop_assert_eq!(latencies.sum_us(), all.iter().sum::<u64>());
        prop_assert_eq!(latencies.cumulative().last().map(|(_, seen)| *seen), Some(all.len() as u64));
    }
}
