//! `watch`: stays, lets the engine sync by itself, and prints each event until a signal ends it.

use std::pin::pin;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Event, Mode, Origin, Way};
use tauri_plugin_wallet_sync::limits::EXIT_DRAIN;
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::{Code, Engine};

use super::Context;
use crate::account;
use crate::failure::Failure;

pub async fn run(context: &Context) -> Result<(), Failure> {
    // Listened to before anything else, so that a signal never finds nobody.
    let mut told_to_end = pin!(end_signal()?);
    let engine = account::open(&context.global, Mode::Background).await?;
    let mut events = engine.subscribe();
    tracing::debug!("watching");
    let mut printed = Ok(());
    loop {
        let event = tokio::select! {
            biased;
            () = &mut told_to_end => break,
            event = events.next() => event,
        };
        let Some(event) = event else { break };
        printed = context.output.value(&event, || describe(&event));
        if let Event::Alert { kind: "locked", message, .. } = &event {
            // The folder is another owner's now: nothing that is seen from here on could be kept.
            printed = printed.and(Err(Failure::new(Code::Locked, message.clone())));
        }
        if printed.is_err() {
            break;
        }
    }
    drain(&engine).await;
    printed
}

/// Publishes what is pending and closes, within five seconds; what is left then is on disk.
async fn drain(engine: &Engine) {
    let end = monotonic() + EXIT_DRAIN;
    if engine.status().pending > 0 {
        // Not reached in time is no failure: the next start goes on with it.
        let _ = tokio::time::timeout_at(end, engine.flush(EXIT_DRAIN)).await;
    }
    let left = end.saturating_duration_since(monotonic());
    account::close(engine, left).await;
}

#[cfg(unix)]
fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|e| Failure::new(Code::TaskFailed, format!("signals: {e}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Where no signal can be received, only the end of the process ends it.
            std::future::pending::<()>().await;
        }
    })
}

fn describe(event: &Event) -> String {
    match event {
        Event::SyncChanged { running: true, .. } => "sync started".to_owned(),
        Event::SyncChanged { outcome, .. } => match outcome {
            Some(outcome) => format!("sync ended: {outcome:?}"),
            None => "sync ended without an answer".to_owned(),
        },
        Event::TokensChanged { added, spent, origin, lag_ms, .. } => {
            let changed = format!("tokens: {added} added, {spent} spent");
            origin.as_ref().map_or(changed.clone(), |origin| changed + &came(origin, *lag_ms))
        }
        Event::EntriesChanged { .. } => "entries changed".to_owned(),
        Event::PublishChanged { ack, verified_nodes, .. } => {
            let nodes = counted(*verified_nodes, "node", "nodes");
            format!("level: {} (latest root on {nodes})", super::sync::level(*ack))
        }
        Event::NodeHealthChanged { .. } => "node health changed".to_owned(),
        Event::Alert { kind, message, .. } => format!("alert ({kind}): {message}"),
        Event::Lagged { missed } => format!("events missed: {missed}"),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// From which device, how, and after how long.
fn came(origin: &Origin, lag_ms: Option<u64>) -> String {
    let device = match &origin.label {
        Some(label) => format!("slot {} ({label})", origin.slot),
        None => format!("slot {}", origin.slot),
    };
    let way = match origin.by {
        Way::Push => "push",
        Way::Poll => "reading the nodes",
    };
    let lag = lag_ms.map_or_else(String::new, |ms| format!(", {ms} ms after it was published"));
    format!(", from {device} by {way}{lag}")
}
