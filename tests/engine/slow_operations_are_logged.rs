//! An operation as slow as the threshold is logged as a warning with operation, source, time and code; others are not.
//!
//! In a process of its own: `tracing` keeps one answer for all threads whether anybody listens to a call site, and other
//! tests of this runner reach the same one.

use std::env;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::metrics::{Metrics, Operation, Sample, Source};

const ALONE: &str = "WALLET_SYNC_TEST_ALONE";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn slow_operations_are_logged() {
    if env::var_os(ALONE).is_some() {
        return check();
    }
    let (_runner, module) = module_path!().split_once("::").unwrap();
    let mut alone = Command::new(env::current_exe().unwrap());
    alone.args([&format!("{module}::slow_operations_are_logged"), "--exact", "--nocapture"]);
    let output = alone.env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn check() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let metrics = Metrics::new(Arc::new(ManualClock::new(0)), Duration::from_secs(1));
    tracing::subscriber::with_default(subscriber, || {
        metrics.record(Sample::new(Operation::Resolve, Source::Dht, Duration::from_millis(999), true));
        let slow = Sample::new(Operation::Publish, Source::HttpRouting, Duration::from_millis(1_000), false);
        metrics.record(Sample { detail: Some("unreachable".to_owned()), ..slow });
    });
    let bytes = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in ["WARN", "publish", "http-routing", "ms=1000", "ok=false", "code=\"unreachable\""] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}
