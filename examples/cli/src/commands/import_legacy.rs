//! `import-legacy`: takes over a predecessor's clear-text wallet.

use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::Engine;
use tauri_plugin_wallet_sync::engine::{
    Ack, Found, LegacyReport, LegacySource, Mode, SyncRequest, Unreadable,
};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::store::Level;

use super::Context;
use crate::account;
use crate::failure::Failure;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    #[serde(flatten)]
    report: LegacyReport,
    /// How far what is here has come.
    ack: Ack,
    /// Whether an edition of this wallet stands where the predecessor's record stood.
    replaced: bool,
    warnings: Vec<String>,
}

pub async fn run(context: &Context, file: Option<&Path>) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::Own).await?;
    let imported = account::with(engine, async |engine| match file {
        Some(file) => from_file(engine, file).await,
        None => from_nodes(engine).await,
    })
    .await?;
    context.output.done(&imported, || text(&imported))
}

async fn from_file(engine: &Engine, file: &Path) -> Result<Imported, Failure> {
    let source = LegacySource::File(file.to_owned());
    let report = engine.import_legacy(source).await.map_err(|e| e.within(&file.display().to_string()))?;
    Ok(Imported { warnings: warnings(&report), report, ack: engine.status().ack, replaced: false })
}

/// Imports, publishes, and only when that is verified puts an edition over the predecessor's record.
async fn from_nodes(engine: &Engine) -> Result<Imported, Failure> {
    let report = engine.import_legacy(LegacySource::Nodes).await?;
    let mut warnings = warnings(&report);
    let request = SyncRequest { fresh: true, deadline: None, wait: Some(Level::Verified) };
    let replaced = match engine.sync(request, |_| ()).await {
        Ok(synced) if synced.ack == Ack::Verified || synced.ack == Ack::None => {
            engine.replace_legacy().await.map_err(|e| e.message().to_owned())
        }
        Ok(_) => Err("what was imported is not verified yet".to_owned()),
        Err(failure) => Err(failure.error.message().to_owned()),
    };
    if let Err(why) = &replaced {
        warnings.push(format!(
            "not_replaced: the predecessor's record stays under slot 0 ({why}); run the command again later"
        ));
    }
    Ok(Imported { report, ack: engine.status().ack, replaced: replaced.is_ok(), warnings })
}

fn warnings(report: &LegacyReport) -> Vec<String> {
    let mut warnings = Vec::new();
    if !report.unreadable.is_empty() {
        let count = report.unreadable_count;
        let parts = counted(count, "part", "parts");
        warnings.push(format!("unreadable: {parts} could not be read; kept as it stands: `walletsync kept`"));
    }
    if report.not_fetched > 0 {
        warnings.push(format!(
            "not_fetched: what did not come from the nodes or is no wallet: {}",
            counted(report.not_fetched, "older or newer version", "older or newer versions")
        ));
    }
    warnings
}

fn text(imported: &Imported) -> String {
    let LegacyReport { found, added, unchanged, suspect, kept, unreadable, differing, .. } = &imported.report;
    let Found { active, archived, forked, sent, invalid, nametags, outbox, tombstones, other } =
        imported.report.sections;
    let mut lines = vec![
        format!(
            "{} found: {added} added, {unchanged} here already; {suspect} suspect until the ledger was asked",
            counted(*found, "token state", "token states")
        ),
        format!(
            "  in use {active}, archived {archived}, forked {forked}, sent {sent}, refused {invalid}, name tags {nametags}"
        ),
        format!(
            "  transfers and mints under way {outbox}, marks of spent states {tombstones}, other parts {other}"
        ),
        format!("the rest is kept as it stands: {} (`walletsync kept`)", counted(*kept, "entry", "entries")),
    ];
    if *differing > 0 {
        let states = counted(*differing, "state is", "states are");
        lines.push(format!("{states} here with other content: the predecessor's is kept"));
    }
    for Unreadable { name, reason, key } in unreadable {
        lines.push(format!("kept, but not read: {name}: {reason} ({key})"));
    }
    if imported.report.unreadable_count > unreadable.len() {
        lines.push(format!("and {} more", imported.report.unreadable_count - unreadable.len()));
    }
    if imported.replaced {
        lines.push("slot 0 on the nodes is this wallet's now".to_owned());
    }
    lines.extend(imported.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}
