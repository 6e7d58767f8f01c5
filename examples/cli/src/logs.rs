//! Logs go to stderr, as `RUST_LOG` asks; without it only the engine's own faults.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

/// Starts logging.
pub fn start() {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(asked) if !asked.is_empty() => EnvFilter::try_new(&asked).unwrap_or_else(|_| {
            crate::output::say("RUST_LOG is not understood and ignored");
            EnvFilter::new("error")
        }),
        _ => EnvFilter::new("error"),
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    // A second start can only come from this process; then logging runs already.
    let _ = logs.with_ansi(stderr().is_terminal()).try_init();
}
