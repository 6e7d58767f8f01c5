//! The exposition is valid by the rules of the text format 0.0.4 and tells the same figures as the snapshot.

use std::collections::BTreeMap;

use super::*;

type Labels = Vec<(String, String)>;

/// What a checked exposition says.
#[derive(Default)]
struct Checked {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

impl Checked {
    fn of(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut labels: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        labels.sort();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// `a="b",c="d"` without escapes, which our values never need.
fn labels(text: &str) -> Result<Labels, String> {
    let mut labels = Labels::new();
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(format!("no value: {pair}"))?;
        let value =
            value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or(format!("no quotes: {pair}"))?;
        if !is_name(name) || value.contains(['"', '\\', '\n']) {
            return Err(format!("bad label: {pair}"));
        }
        labels.push((name.to_owned(), value.to_owned()));
    }
    labels.sort();
    match labels.windows(2).all(|pair| pair[0].0 != pair[1].0) {
        true => Ok(labels),
        false => Err(format!("label twice: {text}")),
    }
}

/// The family a sample belongs to: a histogram's have a suffix.
fn family_of<'a>(name: &'a str, kinds: &BTreeMap<String, String>) -> Option<&'a str> {
    let bare = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
    match bare.filter(|bare| kinds.get(*bare).is_some_and(|kind| kind == "histogram")) {
        Some(bare) => Some(bare),
        None => kinds.contains_key(name).then_some(name).filter(|name| kinds[*name] != "histogram"),
    }
}

fn check(text: &str) -> Result<Checked, String> {
    let mut checked = Checked::default();
    let mut current = String::new();
    let body = text.strip_suffix('\n').ok_or("the last line does not end")?;
    let mut lines = body.split('\n');
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').ok_or(format!("no help: {line}"))?;
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} ")));
            let kind = kind.filter(|kind| ["counter", "gauge", "histogram"].contains(kind));
            let kind = kind.ok_or(format!("no type: {line}"))?.to_owned();
            if !is_name(name) || words.is_empty() || checked.kinds.insert(name.to_owned(), kind).is_some() {
                return Err(format!("bad or repeated family: {line}"));
            }
            name.clone_into(&mut current);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').ok_or(format!("no value: {line}"))?;
        let value: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
        let (name, set) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').ok_or(format!("open: {line}"))?)?),
            None => (series, Labels::new()),
        };
        if !is_name(name) || family_of(name, &checked.kinds) != Some(current.as_str()) {
            return Err(format!("outside of its family: {line}"));
        }
        if !(value.is_finite() && value >= 0.0)
            || checked.samples.insert((name.to_owned(), set), value).is_some()
        {
            return Err(format!("bad or repeated sample: {line}"));
        }
    }
    histograms(&checked).map(|()| checked)
}

/// Buckets rise, end with `+Inf`, which equals the count; there is a sum.
fn histograms(checked: &Checked) -> Result<(), String> {
    for family in checked.kinds.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
        let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &checked.samples {
            if *name == format!("{family}_bucket") {
                let (le, others): (Labels, Labels) =
                    labels.iter().cloned().partition(|(label, _)| label == "le");
                let bound =
                    le.first().and_then(|(_, le)| le.replace("+Inf", "inf").parse().ok()).ok_or("no le")?;
                series.entry(others).or_default().push((bound, *value));
            }
        }
        for (labels, mut buckets) in series {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let rising = buckets.is_sorted_by(|a, b| a.1 <= b.1);
            let count = checked.samples.get(&(format!("{family}_count"), labels.clone()));
            let has_sum = checked.samples.contains_key(&(format!("{family}_sum"), labels));
            let last = buckets.last().filter(|(bound, _)| bound.is_infinite()).map(|(_, seen)| seen);
            if !rising || !has_sum || last.is_none() || last != count {
                return Err(format!("{family}: inconsistent"));
            }
        }
    }
    Ok(())
}

#[test]
fn the_exposition_is_valid_and_tells_the_snapshot() {
    let (_, metrics) = started();
    for latency in [3, 40, 700] {
        metrics.record(Sample {
            requests: 4,
            bytes_in: 11,
            bytes_out: 5,
            ..sync(Source::HttpRouting, ms(latency))
        });
    }
    metrics.record(Sample { source: Source::HttpRouting, ..failed(Operation::Sync, ms(1_800)) });
    (0..20).for_each(|_| metrics.record(looked_up(true)));

    let checked = check(&metrics.prometheus()).unwrap();
    let way = [("operation", "sync"), ("source", "http-routing")];
    let seconds = "wallet_sync_operation_seconds";
    let below = |le| checked.of(&format!("{seconds}_bucket"), &[way[0], way[1], ("le", le)]);
    assert_eq!((below("0.002"), below("0.005"), below("0.05")), (Some(0.0), Some(1.0), Some(2.0)));
    assert_eq!((below("600"), below("+Inf")), (Some(3.0), Some(3.0)));
    assert_eq!(checked.of(&format!("{seconds}_sum"), &way), Some(0.743));
    let ended = |outcome| checked.of("wallet_sync_operations_total", &[way[0], way[1], ("outcome", outcome)]);
    assert_eq!((ended("ok"), ended("failed")), (Some(3.0), Some(1.0)));
    assert_eq!(checked.of("wallet_sync_cache_lookups_total", &[("result", "hit")]), Some(20.0));
    assert_eq!(checked.of("wallet_sync_requests_total", &[]), Some(12.0));
    assert_eq!(checked.of("wallet_sync_received_bytes_total", &[]), Some(33.0));
    assert_eq!(checked.of("wallet_sync_sent_bytes_total", &[]), Some(15.0));
    assert_eq!(checked.of("wallet_sync_target_met", &[("target", "cache_hits")]), Some(1.0));
    assert_eq!(checked.of("wallet_sync_target_met", &[("target", "p95")]), None, "three waits are too few");
    assert_eq!(checked.of("wallet_sync_measured_since_seconds", &[]), Some(START as f64 / 1_000.0));
}

#[test]
fn the_exposition_of_nothing_is_valid() {
    let (_, metrics) = started();
    let text = metrics.prometheus();
    let checked = check(&text).unwrap();
    assert_eq!(checked.kinds.len(), 9);
    assert_eq!(checked.of("wallet_sync_requests_total", &[]), Some(0.0));
    assert!(!text.contains("target="), "no target is met or missed");
}

#[test]
fn the_checker_finds_faults() {
    let (_, metrics) = started();
    metrics.record(sync(Source::Dht, ms(3)));
    let whole = metrics.prometheus();
    let faults = [
        whole.trim_end().to_owned(),
        whole.replace("le=\"+Inf\"} 1", "le=\"+Inf\"} 2"),
        whole.replace("le=\"+Inf\"", "le=\"601\""),
        whole.replace("# TYPE wallet_sync_requests_total counter\n", ""),
        whole.replace("wallet_sync_requests_total 0", "wallet_sync_requests_total"),
        whole.replace("wallet_sync_requests_total 0", "wallet_sync_requests_total NaN"),
        whole.replace("source=\"dht\"", "source=dht"),
        whole.replace("source=\"dht\"", "operation=\"dht\""),
        whole.replace("le=\"0.005\"} 1", "le=\"0.005\"} 0").replace("le=\"0.002\"} 0", "le=\"0.002\"} 1"),
        whole.clone() + &whole,
    ];
    for fault in faults {
        assert_ne!(fault, whole);
        assert!(check(&fault).is_err(), "{fault}");
    }
}
