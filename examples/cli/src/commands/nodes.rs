//! `nodes`: health per node.

use tauri_plugin_wallet_sync::engine::Mode;

use super::Context;
use crate::account;
use crate::failure::Failure;

pub async fn run(context: &Context) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::ReadAlong).await?;
    let nodes = account::with(engine, async |engine| Ok(engine.node_health())).await?;
    let mut lines = context.output.lines();
    for node in &nodes {
        lines.value(node, || describe(node))?;
    }
    lines.flush()
}

fn describe(node: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(node).unwrap_or_default();
    let word = |key: &str| match value.get(key) {
        None | Some(serde_json::Value::Null) => "-".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let (id, state, p50, p95) = (word("id"), word("state"), word("p50Ms"), word("p95Ms"));
    let mut text = format!("{id}  {state}  p50 {p50} ms  p95 {p95} ms  success {}", word("successRate"));
    if value.get("lastError").is_some_and(|error| !error.is_null()) {
        text.push_str(&format!("  last error: {}", word("lastError")));
    }
    text
}
