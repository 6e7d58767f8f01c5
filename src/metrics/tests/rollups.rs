//! History: rows merge without loss, come back as they were, and damage costs only the damaged row.

use proptest::prelude::*;

use super::super::rollup::MINUTE_MS;
use super::*;
use crate::error::Code;

const MINUTE: i64 = START / MINUTE_MS;

fn any_sample() -> impl Strategy<Value = Sample> {
    use Operation::{Cache, Dht, Fetch, Publish, Resolve, Sync};
    let operation = prop::sample::select(vec![Sync, Resolve, Fetch, Publish, Cache, Dht]);
    let source = prop::sample::select(vec![
        Source::Cache,
        Source::HttpGateway,
        Source::HttpRouting,
        Source::Dht,
        Source::None,
    ]);
    let latency = prop_oneof![0_u64..5_000, 0_u64..2_000_000_000].prop_map(Duration::from_micros);
    let bytes = prop_oneof![8 => 0_u64..100_000, 1 => any::<u64>()];
    let detail = prop::option::of("[a-z_\n]{0,80}");
    (
        operation,
        source,
        latency,
        any::<bool>(),
        any::<Option<bool>>(),
        (0_u64..9, bytes.clone(), bytes),
        detail,
    )
        .prop_map(
            |(operation, source, latency, ok, cache_hit, (requests, bytes_in, bytes_out), detail)| Sample {
                cache_hit,
                requests,
                bytes_in,
                bytes_out,
                detail,
                ..Sample::new(operation, source, latency, ok)
            },
        )
}

/// Samples of one minute; few moments, so that many share one.
fn any_minute() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    prop::collection::vec((prop::sample::select(vec![0, 1, MINUTE_MS - 1]), any_sample()), 1..40)
}

fn recorded(samples: &[(i64, Sample)]) -> Metrics {
    let (clock, metrics) = started();
    for (into, sample) in samples {
        clock.advance_ms(*into);
        metrics.record(sample.clone());
        clock.advance_ms(-*into);
    }
    metrics
}

fn only_row(metrics: &Metrics) -> String {
    let mut rows = metrics.drain_rollups();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].minute, MINUTE);
    rows.remove(0).json
}

fn merge(a: &str, b: &str) -> String {
    Metrics::merge_json(a, b).unwrap()
}

proptest! {
    #[test]
    fn merging_equals_recording_in_one(a in any_minute(), b in any_minute()) {
        let merged = merge(&only_row(&recorded(&a)), &only_row(&recorded(&b)));
        prop_assert_eq!(merged, only_row(&recorded(&[a, b].concat())));
    }

    #[test]
    fn merging_is_commutative_and_associative(a in any_minute(), b in any_minute(), c in any_minute()) {
        let [a, b, c] = [a, b, c].map(|samples| only_row(&recorded(&samples)));
        prop_assert_eq!(merge(&a, &b), merge(&b, &a));
        prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
    }

    #[test]
    fn a_restored_snapshot_equals_the_recorded_one(samples in any_minute()) {
        let before = recorded(&samples);
        let (_, after) = started();
        after.restore(&before.drain_rollups());
        prop_assert_eq!(after.snapshot(), before.snapshot());
        prop_assert_eq!(after.target(), before.target());
        prop_assert_eq!(after.prometheus(), before.prometheus());
        prop_assert!(after.drain_rollups().is_empty(), "history is not written twice");
    }

    #[test]
    fn no_text_makes_a_panic(json in ".{0,200}", cut in 0_usize..400, flip in any::<u8>(), samples in any_minute()) {
        let whole = only_row(&recorded(&samples));
        let mut bytes = whole.clone().into_bytes();
        let at = cut % bytes.len();
        bytes[at] = flip;
        let flipped = String::from_utf8_lossy(&bytes).into_owned();
        let cut_off = whole.chars().take(at).collect::<String>();
        let rows = [json, cut_off, flipped].map(|json| Rollup { minute: MINUTE, json });
        let (_, metrics) = started();
        metrics.restore(&rows);
        prop_assert!(metrics.snapshot().skipped_rollups >= 2);
        prop_assert_eq!(Metrics::history(&rows, MINUTE, MINUTE + 1, 1).len(), 1);
    }
}

#[test]
fn a_drain_gives_each_minute_once() {
    let (clock, metrics) = started();
    metrics.record(sync(Source::HttpRouting, ms(10)));
    clock.advance_ms(MINUTE_MS);
    metrics.record(sync(Source::HttpRouting, ms(20)));
    let first = metrics.drain_rollups();
    assert_eq!(first.iter().map(|row| row.minute).collect::<Vec<_>>(), [MINUTE, MINUTE + 1]);
    assert!(metrics.drain_rollups().is_empty());

    metrics.record(sync(Source::HttpRouting, ms(30)));
    let second = metrics.drain_rollups();
    assert_eq!((second.len(), second[0].minute), (1, MINUTE + 1));
    let json = merge(&first[1].json, &second[0].json);
    let points = Metrics::history(&[Rollup { minute: MINUTE + 1, json }], MINUTE, MINUTE + 2, 1);
    assert_eq!(points.iter().map(|point| point.count).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(metrics.snapshot().operations[0].count, 3, "draining takes nothing from the snapshot");
}

#[test]
fn rows_that_could_not_be_stored_come_again() {
    let (_, metrics) = started();
    metrics.record(sync(Source::HttpRouting, ms(10)));
    let rows = metrics.drain_rollups();
    metrics.record(sync(Source::HttpRouting, ms(20)));
    metrics.put_back(&rows);
    assert_eq!(metrics.snapshot().operations[0].count, 2, "the total knew them already");
    let again = metrics.drain_rollups();
    assert_eq!(again.len(), 1);
    assert_eq!(Metrics::history(&again, MINUTE, MINUTE + 1, 1)[0].count, 2);
}

#[test]
fn undrained_minutes_are_bounded() {
    let (clock, metrics) = started();
    for _ in 0..limits::ROLLUP_MINUTES + 3 {
        metrics.record(sync(Source::HttpRouting, ms(10)));
        clock.advance_ms(MINUTE_MS);
    }
    assert_eq!(metrics.snapshot().skipped_rollups, 3);
    let rows = metrics.drain_rollups();
    assert_eq!((rows.len(), rows[0].minute), (limits::ROLLUP_MINUTES, MINUTE + 3));
}

#[test]
fn restored_history_moves_the_start_back() {
    let (_, before) = started();
    before.record(sync(Source::HttpRouting, ms(10)));
    let rows = before.drain_rollups();
    let later = Arc::new(ManualClock::new(START + 3 * MINUTE_MS));
    let after = Metrics::new(later, ms(1_000));
    after.record(sync(Source::HttpRouting, ms(30)));
    after.restore(&rows);
    let snapshot = after.snapshot();
    assert_eq!((snapshot.since, snapshot.operations[0].count), (START, 2));
    assert_eq!(snapshot.operations[0].mean_ms, Some(20.0));
}

#[test]
fn a_damaged_row_is_left_out_and_counted() {
    let whole = only_row(&recorded(&[(0, sync(Source::HttpRouting, ms(10)))]));
    let damaged = [
        String::new(),
        "null".to_owned(),
        whole.replace("\"version\":1", "\"version\":2"),
        whole.replace("http-routing", "pigeon"),
        whole.replace("\"failures\":0", "\"failures\":-1"),
        whole.replace("\"failures\":0", "\"failures\":18446744073709551615"),
        whole.replace("\"sumUs\":10000", "\"sumUs\":99"),
        whole.replace("\"maxUs\":10000", "\"maxUs\":20000"),
        whole.replace("\"10000\":1", "\"10001\":1"),
        whole.replace("\"10000\":1", "\"10000\":0"),
        whole.replace("\"10000\":1", "\"10000\":1,\"9223372036854775808\":1"),
        " ".repeat(limits::ROLLUP_BYTES) + &whole,
    ];
    for json in &damaged {
        assert_ne!(*json, whole);
        let refused = Metrics::merge_json(&whole, json).unwrap_err().code();
        let expected = if json.len() > limits::ROLLUP_BYTES { Code::TooLarge } else { Code::Malformed };
        assert_eq!(refused, expected, "{}", json.trim());
        assert_eq!(Metrics::merge_json(json, &whole).unwrap_err().code(), expected);
    }
    let rows: Vec<Rollup> =
        damaged.iter().chain([&whole]).cloned().map(|json| Rollup { minute: MINUTE, json }).collect();
    let (_, metrics) = started();
    metrics.restore(&rows);
    metrics.restore(&[Rollup { minute: -1, json: whole }]);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.skipped_rollups, damaged.len() as u64 + 1);
    assert_eq!((snapshot.operations[0].count, snapshot.since), (1, START));
    let point = &Metrics::history(&rows, MINUTE, MINUTE + 1, 1)[0];
    assert_eq!((point.count, point.skipped_rollups), (1, damaged.len() as u64));
}

#[test]
fn the_row_format_does_not_change() {
    let slow = Sample { detail: Some("deadline".to_owned()), ..failed(Operation::Sync, ms(1_800)) };
    let json = only_row(&recorded(&[(5, slow), (6, looked_up(true))]));
    let expected = format!(
        concat!(
            r#"{{"version":1,"figures":{{"operations":{{"#,
            r#""sync":{{"none":{{"failures":1,"cacheHits":0,"cacheMisses":0,"requests":0,"bytesIn":0,"bytesOut":0,"#,
            r#""latencies":{{"sumUs":0,"maxUs":0,"counts":{{}}}}}}}},"#,
            r#""cache":{{"cache":{{"failures":0,"cacheHits":1,"cacheMisses":0,"requests":0,"bytesIn":0,"bytesOut":0,"#,
            r#""latencies":{{"sumUs":1,"maxUs":1,"counts":{{"1":1}}}}}}}}}},"#,
            r#""slow":[{{"at":{},"us":1800000,"operation":"sync","source":"none","ok":false,"detail":"deadline"}}]}}}}"#,
        ),
        START + 5
    );
    assert_eq!(json, expected);
}

#[test]
fn a_chart_has_a_point_per_step_and_percentiles_over_the_step() {
    let (clock, metrics) = started();
    for minute in 0..4_u64 {
        for _ in 0..=minute {
            metrics.record(Sample {
                bytes_in: 10,
                cache_hit: Some(minute == 0),
                ..sync(Source::Dht, ms(minute + 1))
            });
        }
        clock.advance_ms(MINUTE_MS);
    }
    metrics.record(failed(Operation::Publish, ms(1)));
    let rows = metrics.drain_rollups();
    let points = Metrics::history(&rows, MINUTE, MINUTE + 7, 2);
    let told: Vec<_> = points
        .iter()
        .map(|p| ((p.at - START) / MINUTE_MS, p.count, p.failures, p.p50_ms, p.p95_ms))
        .collect();
    let expected = [
        (0, 3, 0, Some(2.0), Some(2.0)),
        (2, 7, 0, Some(4.0), Some(4.0)),
        (4, 1, 1, None, None),
        (6, 0, 0, None, None),
    ];
    assert_eq!(told, expected);
    assert_eq!((points[0].cache_hits, points[0].cache_misses, points[0].bytes_in), (1, 2, 30));
    assert_eq!(points[1].at, START + 2 * MINUTE_MS);
}

#[test]
fn a_chart_is_bounded_whatever_is_asked() {
    let rows = [Rollup { minute: MINUTE, json: only_row(&recorded(&[(0, sync(Source::Dht, ms(1)))])) }];
    let counted = |from, to, step| {
        let points = Metrics::history(&rows, from, to, step);
        (points.len(), points.iter().map(|point| point.count).sum::<u64>())
    };
    assert_eq!(counted(MINUTE, MINUTE + 5, 0), (5, 1));
    assert_eq!(counted(MINUTE, MINUTE, 1), (0, 0));
    assert_eq!(counted(MINUTE + 5, MINUTE, 1), (0, 0));
    assert_eq!(counted(MINUTE + 1, MINUTE + 5, 1), (4, 0));
    assert_eq!(counted(MINUTE, MINUTE + 5, u32::MAX), (1, 1));
    assert_eq!(counted(0, i64::MAX, 1).1, 1);
    for (from, to) in [(0, i64::MAX), (i64::MIN, i64::MAX), (i64::MIN, i64::MIN + 1), (0, 2_881)] {
        assert!(counted(from, to, 1).0 <= limits::ROLLUP_MINUTES);
    }
}
