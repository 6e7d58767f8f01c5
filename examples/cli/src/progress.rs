//! The progress of a sync, an audit or a file, for people: one line on stderr, only when it is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tauri_plugin_wallet_sync::engine::{AuditProgress, BackupProgress, Progress};
use tauri_plugin_wallet_sync::shown::counted;

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// A line that goes when the value is dropped.
pub struct Line(ProgressBar);

impl Line {
    /// Shows an empty line.
    pub fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }

    /// What the engine calls with each step.
    pub fn reporter(&self) -> impl Fn(Progress) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |step| bar.set_message(describe(&step))
    }

    /// The same for a file that is written or read.
    pub fn of_file(&self) -> impl Fn(BackupProgress) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |BackupProgress { done, total }| {
            let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
            bar.set_message(format!("{percent} %"));
        }
    }

    /// The same of an audit or a rehearsal.
    pub fn auditor(&self) -> impl Fn(AuditProgress) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |AuditProgress { checked, total }| {
            bar.set_message(format!("blocks checked: {checked} of {total}"))
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn describe(step: &Progress) -> String {
    match step {
        Progress::Reading { names } => format!("reading {}", counted(*names, "name", "names")),
        Progress::Listed { added } => format!("list is complete, {added} new"),
        Progress::Fetching { done, total } => format!("payloads {done} of {total}"),
        Progress::Publishing { verified, nodes } => {
            format!("publishing, verified on {verified} of {}", counted(*nodes, "node", "nodes"))
        }
    }
}
