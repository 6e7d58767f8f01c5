//! `demo`: five embedded nodes and two devices, from the first token to a dead node, each step checked.

mod checks;
mod device;
mod steps;

use dev_nodes::Cluster;
use serde::Serialize;
use serde_json::Value;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::{Code, Error};

use super::{Context, to_ms};
use crate::failure::Failure;
use crate::output::Output;

/// A step that went well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    name: &'static str,
    ok: bool,
    elapsed_ms: f64,
    /// What was checked.
    checked: String,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Demo {
    steps: Vec<Step>,
    elapsed_ms: f64,
    metrics: Value,
}

/// Runs the steps and tells each one, for people as soon as it is done.
struct Stage {
    output: Output,
    steps: Vec<Step>,
}

impl Stage {
    /// Runs one step. It gives what it made and a sentence about what it has checked.
    async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(T, String), Error>>,
    ) -> Result<T, Failure> {
        let started = monotonic();
        // A step is a state machine of half the engine; the stack is no place for it.
        let done = Box::pin(work).await;
        let elapsed_ms = to_ms(monotonic().saturating_duration_since(started));
        let (made, checked) = done.map_err(|e| Failure::from(e.within(&format!("demo, step \"{name}\""))))?;
        if !self.output.is_json() {
            self.output.text(&format!("{elapsed_ms:>9.1} ms  {name}: {checked}\n"))?;
        }
        self.steps.push(Step { name, ok: true, elapsed_ms, checked });
        Ok(made)
    }
}

pub async fn run(context: &Context) -> Result<(), Failure> {
    let mut stage = Stage { output: context.output, steps: Vec::new() };
    let cluster = stage
        .step("start five nodes", async {
            let cluster = Cluster::start(steps::NODES).await?;
            let text = format!("{} embedded nodes listen on this machine", cluster.len());
            Ok((cluster, text))
        })
        .await?;
    let (snapshot, target) = steps::play(&mut stage, &cluster).await?;
    cluster.stop().await;
    if !context.output.is_json() {
        let table = super::metrics::table(&snapshot, &target);
        return context
            .output
            .text(&format!("\nmeasured on the first device:\n{table}\n\nevery check passed\n"));
    }
    let metrics = serde_json::json!({ "snapshot": snapshot, "target": target });
    let demo = Demo { steps: stage.steps, elapsed_ms: context.elapsed_ms(), metrics };
    context.output.done(&demo, String::new)
}

/// A check that failed.
fn wrong(what: impl Into<String>) -> Error {
    Error::new(Code::TaskFailed, what)
}
