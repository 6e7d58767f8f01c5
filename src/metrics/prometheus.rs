//! The figures in the Prometheus text exposition format, version 0.0.4.
//!
//! Label values are from closed lists of lower-case words, so none needs escaping. Counters start at zero again when the
//! metrics are reset, which Prometheus treats as a restart.

use std::fmt::{Display, Write};

use super::latencies::to_ms;
use super::series::Figures;
use super::target::{TargetState, judge};
use crate::clock::UnixMs;

/// Writes the exposition.
pub(super) fn exposition(figures: &Figures, since: UnixMs, skipped_rollups: u64) -> String {
    let mut text = Text::default();
    durations(&mut text, figures);
    operations(&mut text, figures);
    let all = figures.sum();
    text.family("wallet_sync_cache_lookups_total", "counter", "Cache look-ups by result.");
    text.line("wallet_sync_cache_lookups_total", "{result=\"hit\"}", all.cache_hits);
    text.line("wallet_sync_cache_lookups_total", "{result=\"miss\"}", all.cache_misses);
    text.single("wallet_sync_requests_total", "counter", "HTTP requests sent.", all.requests);
    text.single("wallet_sync_received_bytes_total", "counter", "Body bytes received.", all.bytes_in);
    text.single("wallet_sync_sent_bytes_total", "counter", "Body bytes sent.", all.bytes_out);
    text.single(
        "wallet_sync_skipped_rollups_total",
        "counter",
        "Damaged or dropped minutes of history.",
        skipped_rollups,
    );
    targets(&mut text, figures);
    let since_seconds = seconds(u64::try_from(since).unwrap_or(0).saturating_mul(1_000));
    text.single(
        "wallet_sync_measured_since_seconds",
        "gauge",
        "Start of what is counted, seconds since the Unix epoch.",
        since_seconds,
    );
    text.0
}

fn durations(text: &mut Text, figures: &Figures) {
    let name = "wallet_sync_operation_seconds";
    text.family(name, "histogram", "Latency of operations that succeeded.");
    for (operation, source, series) in figures.series() {
        let labels = format!("operation=\"{}\",source=\"{}\"", operation.as_str(), source.as_str());
        let latencies = &series.latencies;
        for (upto_us, seen) in latencies.cumulative() {
            text.line(&format!("{name}_bucket"), &format!("{{{labels},le=\"{}\"}}", seconds(upto_us)), seen);
        }
        let count = latencies.count();
        text.line(&format!("{name}_bucket"), &format!("{{{labels},le=\"+Inf\"}}"), count);
        text.line(&format!("{name}_sum"), &format!("{{{labels}}}"), seconds(latencies.sum_us()));
        text.line(&format!("{name}_count"), &format!("{{{labels}}}"), count);
    }
}

fn operations(text: &mut Text, figures: &Figures) {
    let name = "wallet_sync_operations_total";
    text.family(name, "counter", "Operations that ended, by outcome.");
    for (operation, source, series) in figures.series() {
        let labels = format!("operation=\"{}\",source=\"{}\"", operation.as_str(), source.as_str());
        text.line(name, &format!("{{{labels},outcome=\"ok\"}}"), series.latencies.count());
        text.line(name, &format!("{{{labels},outcome=\"failed\"}}"), series.failures);
    }
}

/// A target without enough data has no sample, because neither 0 nor 1 would be true.
fn targets(text: &mut Text, figures: &Figures) {
    let name = "wallet_sync_target_met";
    text.family(name, "gauge", "1 if a target is met, 0 if missed; absent while there is too little data.");
    for goal in judge(figures).targets {
        let label = match goal.name {
            "p95Ms" => "p95",
            "meanMs" => "mean",
            "successRate" => "success",
            _ => "cache_hits",
        };
        match goal.state {
            TargetState::Met => text.line(name, &format!("{{target=\"{label}\"}}"), 1),
            TargetState::Missed => text.line(name, &format!("{{target=\"{label}\"}}"), 0),
            TargetState::TooLittleData => {}
        }
    }
}

fn seconds(us: u64) -> f64 {
    to_ms(us) / 1_000.0
}

#[derive(Default)]
struct Text(String);

// Writing to a `String` cannot fail.
impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.line(name, "", value);
    }
}
