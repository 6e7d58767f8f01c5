//! `sync`: reads the nodes, merges, publishes what is pending.

use std::time::Duration;

use tauri_plugin_wallet_sync::engine::{Ack, Mode, SyncOutcome, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::store::Level;

use super::Context;
use crate::args::{self, Wait};
use crate::failure::Failure;
use crate::{account, output, progress};

pub async fn run(context: &Context, sync: &args::Sync) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::Own).await?;
    let mut report = account::with(engine, async |engine| {
        // What opening took counts: the deadline is the command's.
        let before = context.elapsed();
        let deadline = sync.deadline.map(|ms| Duration::from_millis(ms).saturating_sub(before));
        let request = SyncRequest { fresh: sync.fresh, deadline, wait: sync.wait.map(to_level) };
        let line = progress::Line::start();
        let mut report = engine.sync(request, line.reporter()).await?;
        report.list_ms += super::to_ms(before);
        report.elapsed_ms += super::to_ms(before);
        Ok(report)
    })
    .await?;
    report.warnings.extend(output::take_warnings());
    context.output.value(&told(&report), || describe(&report))
}

/// As programs read it. What is not whole is answered from what is here, for them too; `unread` says what is not.
fn told(report: &SyncReport) -> SyncReport {
    let mut told = report.clone();
    if told.outcome == SyncOutcome::Partial {
        told.outcome = SyncOutcome::Offline;
    }
    told
}

const fn to_level(wait: Wait) -> Level {
    match wait {
        Wait::Local => Level::Local,
        Wait::Published => Level::Published,
        Wait::Verified => Level::Verified,
    }
}

/// A level as people read it.
pub const fn level(ack: Ack) -> &'static str {
    match ack {
        Ack::None => "none: nothing was changed here",
        Ack::Local => "on this disk only",
        Ack::Published => "on at least one node",
        Ack::Verified => "read back from enough nodes",
    }
}

fn describe(report: &SyncReport) -> String {
    let mut text = format!(
        "{} from {} in {:.0} ms: {} added, {} spent, {} live ({} suspect)\nlevel: {} (latest root on {})",
        word(&report.outcome),
        report.source.as_str(),
        report.elapsed_ms,
        report.added,
        report.spent,
        report.tokens.total,
        report.tokens.suspect,
        level(report.ack),
        counted(report.verified_nodes, "node", "nodes"),
    );
    if report.missing_payloads > 0 {
        let payloads = counted(report.missing_payloads, "payload is", "payloads are");
        text.push_str(&format!("\n{payloads} still to be fetched"));
    }
    for node in &report.nodes {
        text.push_str(&format!("\n  {}: {} in {:.0} ms", node.id, word(&node.outcome), node.ms));
        if let Some(error) = &node.error {
            text.push_str(&format!(" ({error})"));
        }
    }
    for warning in &report.warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    text
}

/// The JSON word of a value.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}
