//! `put`: adds token states, all or nothing.

use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{Ack, Mode};

use super::Context;
use crate::failure::Failure;
use crate::{account, tokens_file};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    added: usize,
    unchanged: usize,
    ack: Ack,
    elapsed_ms: f64,
}

pub async fn run(context: &Context, file: &Path) -> Result<(), Failure> {
    // Before the folder is opened: nobody is locked out while this waits for stdin.
    let tokens = tokens_file::read(file)?;
    let engine = account::open(&context.global, Mode::Own).await?;
    let report = account::with(engine, async |engine| Ok(engine.put(tokens.states).await?)).await?;
    let added = Added {
        added: report.added,
        unchanged: report.unchanged.saturating_add(tokens.repeated),
        ack: Ack::Local,
        elapsed_ms: context.elapsed_ms(),
    };
    context
        .output
        .done(&added, || format!("{} added, {} unchanged, on this disk", added.added, added.unchanged))
}
