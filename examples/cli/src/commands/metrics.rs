//! `metrics`: what was measured in this data folder.

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::Mode;
use tauri_plugin_wallet_sync::metrics::{Snapshot, Target};

use super::Context;
use crate::account;
use crate::failure::Failure;

#[derive(Serialize)]
struct Measured {
    snapshot: Snapshot,
    target: Target,
}

pub async fn run(context: &Context, prometheus: bool) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::ReadAlong).await?;
    if prometheus {
        let text = account::with(engine, async |engine| Ok(engine.prometheus())).await?;
        return context.output.text(&text);
    }
    let (snapshot, target) =
        account::with(engine, async |engine| Ok((engine.metrics(), engine.target()))).await?;
    let measured = Measured { snapshot, target };
    context.output.done(&measured, || table(&measured.snapshot, &measured.target))
}

/// One line per operation and source, and the targets.
pub fn table(snapshot: &Snapshot, target: &Target) -> String {
    let mut text = format!(
        "{:<10}{:<14}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}\n",
        "operation", "source", "count", "failed", "p50 ms", "p95 ms", "mean ms", "max ms"
    );
    let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    for row in &snapshot.operations {
        text.push_str(&format!(
            "{:<10}{:<14}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}\n",
            row.operation.as_str(),
            row.source.as_str(),
            row.count,
            row.failures,
            ms(row.p50_ms),
            ms(row.p95_ms),
            ms(row.mean_ms),
            ms(row.max_ms),
        ));
    }
    text.push_str(&goals(target));
    text
}

fn goals(target: &Target) -> String {
    // The target knows its own words; they are the ones of the JSON form.
    let value = serde_json::to_value(target).unwrap_or_default();
    format!("targets: {value}")
}
