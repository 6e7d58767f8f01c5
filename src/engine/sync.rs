//! One sync: read, merge, publish what is pending, and say what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::account::Account;
use super::event::{Event, Progress};
use super::peers::http_is_down;
use super::publish::{self, Published, Run, publish_once};
use super::read::{Reading, cached, read_nodes};
use super::report::{Ack, LastSync, NameReport, SyncFailure, SyncOutcome, SyncReport};
use super::resolve::Heard;
use crate::metrics::Operation;
use crate::node::{Call, Meter, Source};
use crate::store::Level;
use crate::{Code, Error, limits};

/// What a caller wants of a sync.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncRequest {
    /// Ask the nodes even when the cache is fresh or they just failed. Default: no.
    pub fresh: bool,
    /// End of the whole call. Default: 1.8 s for reading, and for publishing 10 s without progress or ten minutes.
    pub deadline: Option<Duration>,
    /// Stay until every change of ours has this level. Default: `published` when something is pending.
    pub wait: Option<Level>,
}

/// Hears of each step of a sync.
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

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

/// What a publishing phase came to.
struct Phase {
    totals: (u64, u64, u64),
    raised: bool,
    warnings: Vec<String>,
}

/// HTTP is down and the DHT is not: the record goes there. Waited for only as long as a read may take, because nothing
/// above `published` can come of it.
async fn publish_by_peers(
    account: &Arc<Account>,
    request: &SyncRequest,
    end: Option<Instant>,
    started: Instant,
) -> Result<Option<Phase>, SyncFailure> {
    if account.read().pending() == 0 {
        return Ok(None);
    }
    let before = account.read().ack();
    let meter = Arc::new(Meter::default());
    let call = Call { deadline: account.clock.monotonic() + limits::SPREAD_TIMEOUT, meter: meter.clone() };
    let (sender, published) = oneshot::channel();
    let behind = account.clone();
    let publish = async move {
        let _ = sender.send(publish::peers::publish_by_peers(&behind, &call).await);
    };
    account.behind(publish).await;
    let last = started + account.config.timeouts.sync;
    let until = end.map_or(last, |end| end.min(last));
    let until = if request.wait == Some(Level::Local) { account.clock.monotonic() } else { until };
    let mut warnings = vec!["no node answers over HTTP; changes wait until one does".to_owned()];
    match tokio::time::timeout_at(until, published).await {
        Ok(Ok(Err(e))) if !matches!(e.code(), Code::Unreachable | Code::SequenceExhausted) => {
            return Err(e.into());
        }
        Ok(Ok(Err(e))) => warnings.push(e.message().to_owned()),
        Ok(Ok(Ok(_)) | Err(_)) => {}
        Err(_) => warnings.push("deadline".to_owned()),
    }
    Ok(Some(Phase { totals: meter.totals(), raised: account.read().ack() > before, warnings }))
}

/// Publishes until the level is reached, nothing moves any more, or the deadline passes.
async fn publish_pending(
    account: &Arc<Account>,
    request: &SyncRequest,
    end: Option<Instant>,
    progress: &OnProgress,
) -> Result<Option<Phase>, SyncFailure> {
    if account.nodes.is_empty() || !account.needs_publish() {
        return Ok(None);
    }
    let pending = account.read().pending() > 0;
    let wanted = request.wait.or(pending.then_some(Level::Published));
    let started = account.clock.monotonic();
    let meter = Arc::new(Meter::default());
    let before = account.read().ack();
    let mut waiting = Waiting { account, wanted, started, end, progress, warnings: Vec::new() };
    let result = waiting.run(&meter).await;
    let warnings = std::mem::take(&mut waiting.warnings);
    let totals = meter.totals();
    let after = account.read().ack();
    let ok = result.is_ok() && wanted.is_none_or(|level| after >= Ack::from(level));
    account.measure_publish(started, totals, ok, result.as_ref().err());
    result?;
    Ok(Some(Phase { totals, raised: after > before || (pending && after >= Ack::Published), warnings }))
}

struct Waiting<'a> {
    account: &'a Arc<Account>,
    wanted: Option<Level>,
    started: Instant,
    end: Option<Instant>,
    progress: &'a OnProgress,
    warnings: Vec<String>,
}

impl Waiting<'_> {
    async fn run(&mut self, meter: &Arc<Meter>) -> Result<(), Error> {
        let mut steps = self.account.progress.subscribe();
        let mut idle = self.started + limits::WAIT_IDLE;
        let mut attempt = 0_u32;
        let mut running = self.start(meter).await;
        loop {
            let reached = self.reached();
            let until = if reached { self.lingers() } else { self.until(idle) };
            tokio::select! {
                result = &mut running => {
                    let again = self.take(result)?;
                    if self.reached() && !again {
                        return Ok(());
                    }
                    if !again {
                        attempt = attempt.saturating_add(1);
                        let pause = Duration::from_millis(250).saturating_mul(1 << attempt.min(4));
                        let wake = (self.account.clock.monotonic() + pause).min(self.until(idle));
                        tokio::time::sleep_until(wake).await;
                        if wake >= self.until(idle) {
                            self.warnings.push("deadline".to_owned());
                            return Ok(());
                        }
                    }
                    running = self.start(meter).await;
                }
                changed = steps.changed() => {
                    if changed.is_ok() {
                        idle = self.account.clock.monotonic() + limits::WAIT_IDLE;
                    }
                    let verified = self.account.read().verified_nodes();
                    (self.progress)(Progress::Publishing { verified, nodes: self.account.api_nodes().len() });
                }
                () = tokio::time::sleep_until(until) => {
                    if !reached {
                        self.warnings.push("deadline".to_owned());
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Runs in the background, so that leaving this wait does not stop it.
    async fn start(&self, meter: &Arc<Meter>) -> oneshot::Receiver<Result<Published, Error>> {
        let (sender, receiver) = oneshot::channel();
        let (account, run) = (self.account.clone(), Run::new(meter.clone(), None));
        let publish = async move {
            let _ = sender.send(publish_once(&account, &run).await);
        };
        self.account.behind(publish).await;
        receiver
    }

    /// Whether another run should follow at once.
    fn take(
        &mut self,
        result: Result<Result<Published, Error>, oneshot::error::RecvError>,
    ) -> Result<bool, Error> {
        match result {
            Err(_) => Err(Error::new(Code::TaskFailed, "publishing ended unexpectedly")),
            Ok(Ok(published)) => {
                for (node, error) in &published.errors {
                    let line = format!("node {node}: {}", error.message());
                    if !self.warnings.contains(&line) {
                        self.warnings.push(line);
                    }
                }
                Ok(published.again)
            }
            Ok(Err(e))
                if e.code() == Code::Unreachable || e.code() == Code::Invalid || e.code() == Code::Denied =>
            {
                let line = e.message().to_owned();
                if !self.warnings.contains(&line) {
                    self.warnings.push(line);
                }
                Ok(false)
            }
            Ok(Err(e)) => Err(e),
        }
    }

    fn reached(&self) -> bool {
        let ack = self.account.read().ack();
        self.wanted.is_none_or(|level| ack == Ack::None || ack >= Ack::from(level))
    }

    fn until(&self, idle: Instant) -> Instant {
        let total = self.started + limits::WAIT_TOTAL;
        let until = idle.min(total);
        self.end.map_or(until, |end| end.min(until))
    }

    /// The level is reached; the other healthy nodes get as much time again to come along.
    fn lingers(&self) -> Instant {
        let now = self.account.clock.monotonic();
        let took = now.saturating_duration_since(self.started);
        let until = if self.wanted.is_none_or(|level| level == Level::Local) {
            now
        } else {
            now + took.clamp(Duration::from_millis(150), Duration::from_secs(2))
        };
        self.end.map_or(until, |end| end.min(until))
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
