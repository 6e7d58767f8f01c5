//! `nodes --check`: goes through what each node is able to do, and says what to change. Needs neither wallet nor secret.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use tauri_plugin_wallet_sync::clock::{Clock, Entropy, SystemClock};
use tauri_plugin_wallet_sync::config::{Config, NodeConfig};
use tauri_plugin_wallet_sync::node::check::{Finding, check};
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::{Code, Error};

use super::Context;
use crate::failure::Failure;
use crate::nodes_file;

pub async fn run(context: &Context) -> Result<(), Failure> {
    let Some(path) = &context.global.nodes else {
        return Err(Failure::new(
            Code::BadRequest,
            "a nodes file is needed: --nodes FILE or WALLETSYNC_NODES",
        ));
    };
    let mut config = Config::default();
    config.nodes = nodes_file::read(path)?;
    config.validate()?;
    let (entropy, http) = (Entropy::system()?, Http::new()?);
    let checks = config.nodes.iter().map(|node| one(node, &config, &http, &entropy));
    let found = join_all(checks).await;
    let (mut lines, mut failed) = (context.output.lines(), 0);
    for (node, findings) in config.nodes.iter().zip(found) {
        for finding in findings? {
            failed += usize::from(finding.outcome.is_err());
            lines.value(&row(&node.id, &finding), || describe(&node.id, &finding))?;
        }
    }
    lines.flush()?;
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Code::Invalid,
        format!(
            "{} failed on {}; each line says what to change",
            counted(failed, "thing", "things"),
            counted(config.nodes.len(), "node", "nodes")
        ),
    ))
}

async fn one(
    node: &NodeConfig,
    config: &Config,
    http: &Http,
    entropy: &Entropy,
) -> Result<Vec<Finding>, Error> {
    let kubo = KuboNode::new(node, http, &config.timeouts)?;
    Ok(check(&kubo, entropy, SystemClock.now(), Arc::default()).await)
}

fn row(id: &str, finding: &Finding) -> serde_json::Value {
    let (ok, said) = told(finding);
    json!({ "id": id, "ability": finding.ability.as_str(), "ok": ok, "said": said, "change": finding.change })
}

fn told(finding: &Finding) -> (bool, String) {
    match &finding.outcome {
        Ok(found) => (true, found.to_string()),
        Err(e) => (false, e.message().to_owned()),
    }
}

fn describe(id: &str, finding: &Finding) -> String {
    let (ok, said) = told(finding);
    let mark = if ok { "ok    " } else { "FAILED" };
    let change = finding.change.map(|change| format!("\n    {change}")).unwrap_or_default();
    format!("{id}  {mark}  {}: {said}{change}", finding.ability.as_str())
}
