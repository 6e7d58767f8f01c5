//! `kept`: the parts of a predecessor's wallet that are kept as they stand, listed or one of them.

use serde::Serialize;
use tauri_plugin_wallet_sync::Engine;
use tauri_plugin_wallet_sync::engine::{LegacyPart, Mode};

use super::Context;
use crate::account;
use crate::failure::Failure;
use crate::limits::PAGE_ROWS;

/// A part: its UTF-8 bytes as they stand in the predecessor's document.
#[derive(Serialize)]
struct Part<'a> {
    ok: bool,
    key: &'a str,
    size: usize,
    data: &'a str,
}

pub async fn run(context: &Context, key: Option<&str>) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::ReadAlong).await?;
    account::with(engine, async |engine| match key {
        Some(key) => one(context, engine, key).await,
        None => list(context, engine).await,
    })
    .await
}

async fn list(context: &Context, engine: &Engine) -> Result<(), Failure> {
    let mut lines = context.output.lines();
    let mut after = None;
    loop {
        let page = engine.legacy_parts(after.as_deref(), PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for part in &page {
            lines.value(part, || describe(part))?;
        }
    }
    lines.flush()
}

fn describe(part: &LegacyPart) -> String {
    format!("{}  {} bytes", part.key, part.size)
}

async fn one(context: &Context, engine: &Engine, key: &str) -> Result<(), Failure> {
    let bytes = engine.legacy_part(key).await?;
    let data = String::from_utf8_lossy(&bytes);
    let part = Part { ok: true, key, size: bytes.len(), data: &data };
    context.output.value(&part, || data.clone().into_owned())
}
