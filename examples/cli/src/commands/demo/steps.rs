//! The story: a wallet on one device, restored on another, spent there, and kept going with two nodes dead.

use bytes::Bytes;
use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::SpendKind;
use tauri_plugin_wallet_sync::metrics::{Snapshot, Target};
use tauri_plugin_wallet_sync::{Error, Secret};

use super::device::{Device, token};
use super::{Stage, checks, wrong};
use crate::failure::Failure;

/// Nodes of the demo.
pub const NODES: usize = 5;
const ALL: [usize; NODES] = [0, 1, 2, 3, 4];
const DEAD: [usize; 2] = [0, 1];
const ALIVE: [usize; 3] = [2, 3, 4];

/// Plays it; gives what the first device has measured.
pub async fn play(stage: &mut Stage, cluster: &Cluster) -> Result<(Snapshot, Target), Failure> {
    let secret = new_secret()?;
    let mut tokens: Vec<_> = (1..=5).map(token).collect();

    let first = stage
        .step("first device", async {
            let first = Device::start(&secret, cluster).await?;
            let report = first.read().await?;
            if !report.names.is_empty() || report.tokens.total != 0 {
                return Err(wrong("a new wallet is not empty"));
            }
            Ok((first, "opened, asked the nodes: a new wallet".to_owned()))
        })
        .await?;

    stage
        .step("put", async {
            let report = first.engine.put(tokens.clone()).await?;
            if report.added != tokens.len() {
                return Err(wrong(format!("{} added", report.added)));
            }
            checks::offers(&first, &tokens).await?;
            Ok(((), format!("{} tokens are on disk", report.added)))
        })
        .await?;

    stage
        .step("sync to verified", async {
            let report = first.sync_verified(NODES).await?;
            checks::verified(&report, NODES)?;
            let (name, root) = first.published(&report)?;
            let blocks = checks::held(cluster, &ALL, &name, &root)?;
            Ok(((), format!("each of {NODES} nodes holds the record and {blocks} blocks")))
        })
        .await?;

    let second = stage
        .step("restore on a second device", async {
            let second = Device::start(&secret, cluster).await?;
            let report = second.read().await?;
            if report.added != tokens.len() || report.missing_payloads != 0 {
                return Err(wrong(format!(
                    "{} added, {} payloads missing",
                    report.added, report.missing_payloads
                )));
            }
            checks::offers(&second, &tokens).await?;
            Ok((second, format!("{} tokens, byte for byte, from the secret alone", report.added)))
        })
        .await?;

    stage
        .step("spend on the second device", async {
            let spent = tokens.remove(0);
            let evidence = Bytes::from_static(br#"{"demo":"proof"}"#);
            second.engine.spend(&spent.token_id, &spent.state_hash, SpendKind::Proof, evidence).await?;
            let report = second.sync_verified(NODES).await?;
            checks::verified(&report, NODES)?;
            let (name, root) = second.published(&report)?;
            checks::held(cluster, &ALL, &name, &root)?;
            let heard = first.read().await?;
            if heard.spent != 1 {
                return Err(wrong(format!("the first device heard of {} spends", heard.spent)));
            }
            checks::offers(&first, &tokens).await?;
            Ok(((), "verified under a name of its own; the first device offers the token no more".to_owned()))
        })
        .await?;

    stage
        .step("kill two nodes, put, sync", async {
            DEAD.iter().for_each(|at| cluster.node(*at).kill());
            let more = token(6);
            first.engine.put(vec![more.clone()]).await?;
            tokens.push(more);
            let report = first.sync_verified(ALIVE.len()).await?;
            checks::verified(&report, ALIVE.len())?;
            let (name, root) = first.published(&report)?;
            checks::held(cluster, &ALIVE, &name, &root)?;
            second.read().await?;
            checks::offers(&second, &tokens).await?;
            Ok(((), format!("verified on the {} others, and on the second device", ALIVE.len())))
        })
        .await?;

    let measured = (first.engine.metrics(), first.engine.target());
    for device in [first, second] {
        device.engine.close(crate::limits::DRAIN).await?;
    }
    Ok(measured)
}

fn new_secret() -> Result<Secret, Error> {
    let mut bytes = [0; 32];
    Entropy::system()?.fill(&mut bytes);
    Ok(Secret::new(bytes))
}
