//! `backup`: the whole wallet in one file, made and read without any node.

use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{BackupReport, ImportReport, Mode};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::{Engine, Error};

use super::Context;
use crate::failure::Failure;
use crate::progress::Line;
use crate::{account, secret_file};

/// A report with what a person should know of it.
#[derive(Serialize)]
struct Told<T> {
    #[serde(flatten)]
    report: T,
    warnings: Vec<String>,
}

pub async fn export(context: &Context, file: &Path, force: bool) -> Result<(), Failure> {
    let engine = account::open_to_read(&context.global).await?;
    let line = Line::start();
    let report = account::with(engine, async |engine| {
        engine.export_backup(file, force, line.of_file()).await.map_err(|e| of(file, &e))
    })
    .await?;
    drop(line);
    let told = Told { warnings: warnings(&report), report };
    context.output.done(&told, || text("written", &told.report, &told.warnings))
}

pub async fn verify(context: &Context, file: &Path) -> Result<(), Failure> {
    let secret = match &context.global.secret_file {
        Some(path) => Some(secret_file::read(path)?),
        None => None,
    };
    let network = context.global.network.as_deref();
    let line = Line::start();
    let checked =
        Engine::verify_backup(file, secret.as_ref().map(|secret| (secret, network)), line.of_file()).await;
    drop(line);
    let report = checked.map_err(|e| of(file, &e))?;
    let mut warnings = warnings(&report);
    if secret.is_none() {
        warnings.push(
            "no_secret: hashes were checked; what is sealed is opened with --secret-file only".to_owned(),
        );
    }
    let told = Told { report, warnings };
    context.output.done(&told, || text("good", &told.report, &told.warnings))
}

pub async fn import(context: &Context, file: &Path) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::Own).await?;
    let line = Line::start();
    let report = account::with(engine, async |engine| {
        engine.import_backup(file, line.of_file()).await.map_err(|e| of(file, &e))
    })
    .await?;
    drop(line);
    let told = Told { warnings: warnings(&report.backup), report };
    context.output.done(&told, || {
        let ImportReport { backup, added, spent, unchanged, .. } = &told.report;
        let head = format!("states added {added}, found spent {spent}, items as they were {unchanged};");
        text(&format!("{head} the file is good"), backup, &told.warnings)
    })
}

/// The engine does not repeat paths.
fn of(file: &Path, error: &Error) -> Failure {
    error.within(&file.display().to_string()).into()
}

fn warnings(report: &BackupReport) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(missing @ 1..) = report.missing {
        warnings.push(format!(
            "missing: {} listed and not in the file; the device that made it had not fetched that",
            counted(missing, "payload or other block is", "payloads or other blocks are")
        ));
    }
    if let Some(unreadable @ 1..) = report.unreadable {
        let items = counted(unreadable, "item", "items");
        warnings.push(format!("damaged: {items} of the file cannot be read by this release"));
    }
    warnings
}

fn text(what: &str, report: &BackupReport, warnings: &[String]) -> String {
    let BackupReport { tokens, entries, blocks, bytes, .. } = report;
    let tokens = tokens.map(|tokens| counted(tokens, "token state, ", "token states, "));
    let entries = entries.map(|entries| counted(entries, "entry, ", "entries, "));
    let blocks = counted(*blocks, "block", "blocks");
    let counts = [tokens, entries].into_iter().flatten().collect::<String>();
    let mut text = format!("{what}: {counts}{blocks}, {bytes} bytes");
    warnings.iter().for_each(|warning| text.push_str(&format!("\nwarning: {warning}")));
    text
}
