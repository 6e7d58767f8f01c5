//! One sync: read, merge, publish what is pending, and say what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::account::Account;
use super::event::Event;
use super::peers::http_is_down;
use super::phase::{Phase, publish_by_peers, publish_pending};
use super::read::{Reading, cached, read_nodes};
use super::report::{LastSync, NameReport, SyncFailure, SyncOutcome, SyncReport};
use super::request::{OnProgress, SyncRequest};
use super::resolve::Heard;
use crate::metrics::Operation;
use crate::node::{Meter, Source};
use crate::{Code, Error, limits};

/// A finished read with what it cost.
#[derive(Clone)]
pub(super) struct Done {
    reading: Reading,
    totals: (u64, u64, u64),
}

pub(super) type SharedRead = Shared<BoxFuture<'static, Result<Done, SyncFailure>>>;

pub(super) async fn sync(
    account: Arc<Account>,
    request: SyncRequest,
    progress: OnProgress,
) -> Result<SyncReport, SyncFailure> {
    account.check_open()?;
    let started = account.clock.monotonic();
    if !request.fresh
        && let Some(reading) = cached(&account, started)
    {
        account.measure_read(Operation::Cache, &reading, started, (0, 0, 0));
        return Ok(report(&account, &reading, (0, 0, 0), None));
    }
    if account.nodes.is_empty() && (request.fresh || !account.read().first_read) {
        return Err(Error::new(Code::Unreachable, "no nodes are configured").into());
    }
    let end = request.deadline.map(|deadline| started + deadline);
    if account.read().pending() > 0 {
        // A publish follows the read: its connections open meanwhile.
        let warming = account.clone();
        let warm = async move { warming.nodes.warm(limits::PUBLISH_CONNECTIONS).await };
        account.behind(warm).await;
    }
    let result = read_shared(&account, request, progress.clone()).await;
    let (reading, totals) = match result {
        Ok(done) => (done.reading, done.totals),
        Err(failure) if request.fresh || !account.read().first_read || is_ours(&failure.error) => {
            return Err(failure);
        }
        Err(failure) => (offline(&account, started, failure), (0, 0, 0)),
    };
    let publishing = if reading.outcome == SyncOutcome::Offline {
        None
    } else if reading.source == Source::Dht && http_is_down(&account) {
        publish_by_peers(&account, &request, end, started).await?
    } else {
        publish_pending(&account, &request, end, &progress).await?
    };
    if reading.outcome != SyncOutcome::Offline && super::tend::reput_is_due(&account) {
        // Behind the answer: a program that only syncs now and then keeps its records alive as well.
        let behind = account.clone();
        let reput = async move {
            if let Err(e) = super::repair::reput(&behind).await {
                tracing::warn!(code = %e.code(), "records could not be put again");
            }
        };
        account.behind(reput).await;
    }
    let report = report(&account, &reading, totals, publishing);
    remember(&account, &report);
    // Behind the answer: an app that is killed keeps when it last synced and what was measured.
    let measured = account.clone();
    let flush = async move {
        if let Err(e) = measured.flush_metrics().await {
            tracing::warn!(code = %e.code(), "measurements could not be written");
        }
    };
    account.behind(flush).await;
    Ok(report)
}

/// Storage errors are never answered from memory.
fn is_ours(error: &Error) -> bool {
    !matches!(error.code(), Code::Unreachable | Code::Invalid | Code::Denied | Code::Deadline)
}

/// Joins the running read or starts one.
async fn read_shared(
    account: &Arc<Account>,
    request: SyncRequest,
    progress: OnProgress,
) -> Result<Done, SyncFailure> {
    let budget =
        request.deadline.map_or(account.config.timeouts.sync, |d| d.min(account.config.timeouts.sync));
    let running = {
        let mut current = account.reading.lock().await;
        match current.as_ref() {
            Some((fresh, read)) if read.peek().is_none() && (*fresh || !request.fresh) => read.clone(),
            _ => {
                let read = start_read(account.clone(), request.fresh, budget, progress);
                *current = Some((request.fresh, read.clone()));
                read
            }
        }
    };
    match tokio::time::timeout(budget + Duration::from_millis(100), running).await {
        Ok(done) => done,
        Err(_) => Err(Error::new(Code::Deadline, "the sync did not end in time").into()),
    }
}

fn start_read(account: Arc<Account>, fresh: bool, budget: Duration, progress: OnProgress) -> SharedRead {
    let task = tokio::spawn(async move {
        let started = account.clock.monotonic();
        let meter = Arc::new(Meter::default());
        let revision = account.read().revision;
        account.emit(Event::SyncChanged { revision, running: true, outcome: None, source: None });
        let result = read_nodes(&account, fresh, budget, meter.clone(), &*progress).await;
        let totals = meter.totals();
        let (outcome, source) = match &result {
            Ok(reading) => {
                account.measure_read(Operation::Sync, reading, started, totals);
                (reading.outcome, reading.source)
            }
            Err(failure) => {
                account.measure_failed_read(started, totals, &failure.error);
                (SyncOutcome::Offline, Source::None)
            }
        };
        let revision = account.read().revision;
        account.emit(Event::SyncChanged {
            revision,
            running: false,
            outcome: Some(outcome),
            source: Some(source),
        });
        account.emit(Event::NodeHealthChanged { revision });
        result.map(|reading| Done { reading, totals })
    });
    let ended = || SyncFailure::from(Error::new(Code::TaskFailed, "the sync ended unexpectedly"));
    async move { task.await.unwrap_or_else(|_| Err(ended())) }.boxed().shared()
}

/// Nothing answered: what is here is told as it is.
fn offline(account: &Account, started: Instant, failure: SyncFailure) -> Reading {
    let elapsed = account.clock.monotonic().saturating_duration_since(started);
    Reading {
        source: Source::None,
        outcome: SyncOutcome::Offline,
        list: elapsed,
        elapsed,
        added: 0,
        spent: 0,
        nodes: if failure.nodes.is_empty() { Heard::default().node_reports(account) } else { failure.nodes },
        warnings: vec![failure.error.message().to_owned()],
    }
}

fn report(
    account: &Account,
    reading: &Reading,
    (requests, bytes_in, bytes_out): (u64, u64, u64),
    phase: Option<Phase>,
) -> SyncReport {
    let ms = |duration: Duration| (duration.as_secs_f64() * 10_000.0).round() / 10.0;
    let state = account.read();
    let mut warnings = reading.warnings.clone();
    let (mut outcome, mut totals) = (reading.outcome, (requests, bytes_in, bytes_out));
    if let Some(phase) = phase {
        if phase.raised {
            outcome = SyncOutcome::Published;
        }
        warnings.extend(phase.warnings);
        totals = (
            totals.0.saturating_add(phase.totals.0),
            totals.1.saturating_add(phase.totals.1),
            totals.2.saturating_add(phase.totals.2),
        );
    }
    let names = state
        .names
        .iter()
        .map(|(slot, known)| NameReport {
            slot: slot.number(),
            name: account.keys.slot(*slot).name().peer_id(),
            sequence: known.sequence,
            root: known.record.as_ref().and_then(|record| record.root()).map(|root| root.to_string()),
        })
        .collect();
    SyncReport {
        ok: true,
        source: reading.source,
        outcome,
        list_ms: ms(reading.list),
        elapsed_ms: ms(reading.elapsed),
        missing_payloads: state.missing_payloads(),
        ack: state.ack(),
        verified_nodes: state.verified_nodes(),
        tokens: state.counts(),
        added: reading.added,
        spent: reading.spent,
        names,
        requests: totals.0,
        bytes_in: totals.1,
        bytes_out: totals.2,
        nodes: reading.nodes.clone(),
        warnings,
    }
}

/// Remembered in memory; on disk with the next flush of the metrics.
fn remember(account: &Account, report: &SyncReport) {
    let outcome = serde_json::to_value(report.outcome).ok();
    account.write().last_sync = Some(LastSync {
        at: account.clock.now(),
        source: report.source.as_str().to_owned(),
        outcome: outcome.as_ref().and_then(|text| text.as_str()).unwrap_or("").to_owned(),
    });
}
