//! One sync: read, merge, publish what is pending, report.

mod by_peers;
pub mod report;
mod shared;
mod wait;

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use self::by_peers::publish_without_http;
use self::report::{Publishing, offline, report};
use self::shared::{Done, SharedRead, read_shared};
use self::wait::publish_pending;
use super::account::Account;
use super::api::event::Event;
use super::api::report::{NodeOutcome, NodeReport, SyncFailure, SyncOutcome, SyncReport};
use super::api::request::{OnProgress, SyncRequest};
use super::api::warning::Word;
use super::publish::run::Run;
use super::publish::{bring_along, left_behind};
use super::read::cache::{Reading, cached};
use super::read::reput::{is_due, reput};
use crate::error::{Code, Error};
use crate::metrics::Operation;
use crate::node::{Source, Traffic};
use crate::store::Level;

/// Runs the syncs of an account; concurrent ones share one read.
pub struct Syncs {
    account: Arc<Account>,
    running: Mutex<Option<SharedRead>>,
}

impl Syncs {
    pub fn new(account: Arc<Account>) -> Self {
        Self { account, running: Mutex::new(None) }
    }

    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Syncs once.
    ///
    /// # Errors
    /// `unreachable`, `invalid` or `denied` when no source gave a usable answer and one was needed; `moved` once the wallet has another
    /// secret; store errors.
    ///
    /// # Cancel safety
    /// The read and the publish go on when the future is dropped.
    pub async fn sync(&self, request: SyncRequest, progress: OnProgress) -> Result<SyncReport, SyncFailure> {
        if request.fresh {
            let lanes = &self.account.lanes;
            self.account.network.api_nodes().into_iter().for_each(|at| lanes.forget_failures(at));
        }
        self.run(request, progress).await
    }

    /// The same for what is still to be published, when nobody asked: each node is tried once, and no sooner again than after all its
    /// failures.
    ///
    /// # Errors
    /// As [`Syncs::sync`].
    ///
    /// # Cancel safety
    /// As [`Syncs::sync`].
    pub async fn sync_again(&self, request: SyncRequest) -> Result<SyncReport, SyncFailure> {
        if request.fresh {
            let lanes = &self.account.lanes;
            self.account.network.api_nodes().into_iter().for_each(|at| lanes.try_again(at));
        }
        self.run(request, Arc::new(|_| ())).await
    }

    async fn run(&self, request: SyncRequest, progress: OnProgress) -> Result<SyncReport, SyncFailure> {
        let account = &self.account;
        account.tasks.check_open()?;
        account.local.check_here()?;
        let started = account.clock.monotonic();
        if !request.fresh
            && let Some(mut reading) = cached(account, started)
        {
            let ok = reading.outcome != SyncOutcome::Offline;
            // After a reading that failed nothing is published.
            if ok {
                self.bring_along(&mut reading).await;
            }
            account.measure.read(Operation::Cache, reading.source, started, ok, Traffic::default());
            return Ok(report(account, reading, Traffic::default(), None));
        }
        let first_read = account.local.read().marks().first_read();
        if account.network.is_empty() && (request.fresh || !first_read) {
            return Err(Error::new(Code::Unreachable, "no nodes are configured").into());
        }
        let done = self.read_and_publish(request, started, &progress).await;
        // The reading may have met the marker of a change of secret.
        account.local.check_here()?;
        let (Done { reading, traffic }, publishing) = done?;
        if reading.outcome != SyncOutcome::Offline {
            self.reput_if_due().await;
        }
        let report = report(account, reading, traffic, publishing);
        self.remember(&report).await;
        Ok(report)
    }

    /// Nodes that an earlier process left behind are not kept waiting by an answer from the cache.
    async fn bring_along(&self, reading: &mut Reading) {
        let account = self.account.clone();
        let left = left_behind(&account);
        if left.is_empty() || account.local.reads_along() {
            return;
        }
        let named = |at: usize| {
            let id = account.network.id(at);
            Word::Node.say(format_args!(
                "{id}: it lacks the last edition, which is brought there behind the answer"
            ))
        };
        reading.warnings.extend(left.into_iter().map(named));
        let work = async move {
            let run = Arc::new(Run::new(&account, Arc::default()));
            if let Err(e) = bring_along(&account, &run).await {
                tracing::debug!(code = %e.code(), "nodes that lag could not be brought along");
            }
        };
        self.account.tasks.behind(Box::pin(work)).await;
    }

    /// Once the wallet was read, a device publishes beside the reading: each lane looks itself at what it puts its record over,
    /// and what the reading brings goes into the next edition.
    async fn read_and_publish(
        &self,
        request: SyncRequest,
        started: Instant,
        progress: &OnProgress,
    ) -> Result<(Done, Option<Publishing>), SyncFailure> {
        let account = &self.account;
        let had_pending = account.local.read().levels().pending() > 0;
        let reading = self.read(request, started, progress);
        if !had_pending || !account.local.read().marks().first_read() {
            self.warm_for_publish(had_pending).await;
            let done = reading.await?;
            let publishing = self.publish(&done.reading, request, had_pending, started, progress).await?;
            return Ok((done, publishing));
        }
        let end = request.deadline.map(|deadline| started + deadline);
        let publishing = publish_pending(account, &request, had_pending, end, progress);
        tokio::pin!(reading, publishing);
        let (done, published) = tokio::select! {
            biased;
            done = &mut reading => (done?, None),
            published = &mut publishing => (reading.await?, Some(published)),
        };
        // The lanes go on behind the answer. Who waits for a level may still get it from the nodes that answer.
        let answers = |node: &NodeReport| matches!(node.outcome, NodeOutcome::Found | NodeOutcome::Absent);
        if done.reading.outcome == SyncOutcome::Offline {
            if request.wait.is_none() || !done.reading.nodes.iter().any(answers) {
                return Ok((done, None));
            }
            let published = match published {
                Some(published) => published?,
                None => publishing.await?,
            };
            return Ok((done, published));
        }
        if self.is_by_peers(&done.reading) {
            let publishing = self.publish(&done.reading, request, had_pending, started, progress).await?;
            return Ok((done, publishing));
        }
        let published = match published {
            Some(published) => published?,
            None => publishing.await?,
        };
        // What the reading brought or found to be gone is published behind the answer, unless the caller wants all of it proven. Who has
        // waited in vain for the own changes does not wait once more.
        let is_proven = account.local.read().levels().pending() == 0;
        let wait = request.wait.filter(|level| *level == Level::Verified && is_proven);
        let behind = SyncRequest { wait: wait.or(Some(Level::Local)), ..request };
        let more = self.publish(&done.reading, behind, false, started, progress).await?;
        Ok((done, Publishing::both(published, more)))
    }

    /// Reads; when nothing answers, what is here is the answer where that is enough.
    async fn read(
        &self,
        request: SyncRequest,
        started: Instant,
        progress: &OnProgress,
    ) -> Result<Done, SyncFailure> {
        let account = &self.account;
        let failure = match read_shared(account, &self.running, request, progress).await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        let is_something = {
            let state = account.local.read();
            state.marks().first_read() && !state.is_unread_as_a_whole()
        };
        if request.fresh || !is_something || !is_of_the_network(&failure.error) {
            return Err(failure);
        }
        Ok(Done { reading: offline(account, started, failure), traffic: Traffic::default() })
    }

    /// The connections of a publish that follows the reading open meanwhile.
    async fn warm_for_publish(&self, had_pending: bool) {
        if had_pending {
            let account = self.account.clone();
            self.account.tasks.behind_while_open(async move { account.network.warm().await }).await;
        }
    }

    /// Only the peers answer.
    fn is_by_peers(&self, reading: &Reading) -> bool {
        reading.source == Source::Dht && self.account.network.http_is_down()
    }

    async fn publish(
        &self,
        reading: &Reading,
        request: SyncRequest,
        had_pending: bool,
        started: Instant,
        progress: &OnProgress,
    ) -> Result<Option<Publishing>, SyncFailure> {
        let account = &self.account;
        let end = request.deadline.map(|deadline| started + deadline);
        if reading.outcome == SyncOutcome::Offline {
            Ok(None)
        } else if reading.source == Source::Dht && self.account.network.http_is_down() {
            publish_without_http(account, &request, end, started).await
        } else {
            publish_pending(account, &request, had_pending, end, progress).await
        }
    }

    /// Behind the answer: a program that only syncs now and then keeps its records alive as well.
    async fn reput_if_due(&self) {
        if !is_due(&self.account) {
            return;
        }
        let account = self.account.clone();
        let work = async move {
            if let Err(e) = reput(&account).await {
                tracing::warn!(code = %e.code(), "records could not be put again");
            }
        };
        self.account.tasks.behind(work).await;
    }

    /// Behind the answer it reaches the disk: an app that is killed keeps when it last synced and what was measured.
    async fn remember(&self, report: &SyncReport) {
        if self.account.measure.note_sync(report.source, report.outcome) {
            // The end of the reading was told; that something was published as well is told now.
            let (revision, outcome) = (self.account.local.revision(), Some(report.outcome));
            let source = Some(report.source);
            self.account.events.emit(Event::SyncChanged { revision, running: false, outcome, source });
        }
        let account = self.account.clone();
        let work = async move {
            if let Err(e) = account.local.write_measurements(&account.measure).await {
                tracing::warn!(code = %e.code(), "measurements could not be written");
            }
        };
        self.account.tasks.behind(work).await;
    }
}

/// Whether the nodes are to blame. Other errors are never answered from memory.
fn is_of_the_network(error: &Error) -> bool {
    matches!(error.code(), Code::Unreachable | Code::Invalid | Code::Denied | Code::Deadline)
}
