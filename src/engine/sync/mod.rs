//! One sync: read, merge, publish what is pending, report.

mod by_peers;
pub mod report;
mod shared;
mod wait;

use std::sync::Arc;

use tokio::sync::Mutex;

use self::by_peers::publish_without_http;
use self::report::{Publishing, offline, report};
use self::shared::{Done, SharedRead, read_shared};
use self::wait::publish_pending;
use super::account::Account;
use super::api::report::{SyncFailure, SyncOutcome, SyncReport};
use super::api::request::{OnProgress, SyncRequest};
use super::api::status::LastSync;
use super::read::cache::{Reading, cached};
use super::read::reput::{is_due, reput};
use crate::error::{Code, Error};
use crate::metrics::Operation;
use crate::node::{Source, Traffic};

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
    /// `unreachable`, `invalid` or `denied` when no source gave a usable answer and one was needed; store errors.
    ///
    /// # Cancel safety
    /// The read and the publish go on when the future is dropped.
    pub async fn sync(&self, request: SyncRequest, progress: OnProgress) -> Result<SyncReport, SyncFailure> {
        let account = &self.account;
        account.tasks.check_open()?;
        let started = account.clock.monotonic();
        if !request.fresh
            && let Some(reading) = cached(account, started)
        {
            let ok = reading.outcome != SyncOutcome::Offline;
            account.measure.read(Operation::Cache, reading.source, started, ok, Traffic::default());
            return Ok(report(account, reading, Traffic::default(), None));
        }
        let first_read = account.local.read().marks().first_read();
        if account.network.is_empty() && (request.fresh || !first_read) {
            return Err(Error::new(Code::Unreachable, "no nodes are configured").into());
        }
        let had_pending = account.local.read().levels().pending() > 0;
        self.warm_for_publish().await;
        let Done { reading, traffic } = match read_shared(account, &self.running, request, &progress).await {
            Ok(done) => done,
            Err(failure) => {
                let first_read = account.local.read().marks().first_read();
                if request.fresh || !first_read || !is_of_the_network(&failure.error) {
                    return Err(failure);
                }
                Done { reading: offline(account, started, failure), traffic: Traffic::default() }
            }
        };
        let publishing = self.publish(&reading, request, had_pending, started, &progress).await?;
        if reading.outcome != SyncOutcome::Offline {
            self.reput_if_due().await;
        }
        let report = report(account, reading, traffic, publishing);
        self.remember(&report).await;
        Ok(report)
    }

    /// A publish follows the read: its connections open meanwhile.
    async fn warm_for_publish(&self) {
        if self.account.local.read().levels().pending() > 0 {
            let account = self.account.clone();
            self.account.tasks.behind(async move { account.network.warm().await }).await;
        }
    }

    async fn publish(
        &self,
        reading: &Reading,
        request: SyncRequest,
        had_pending: bool,
        started: tokio::time::Instant,
        progress: &OnProgress,
    ) -> Result<Option<Publishing>, SyncFailure> {
        let account = &self.account;
        let end = request.deadline.map(|deadline| started + deadline);
        if reading.outcome == SyncOutcome::Offline {
            Ok(None)
        } else if reading.source == Source::Dht && account.network.http_is_down() {
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
        let outcome = serde_json::to_value(report.outcome).ok();
        self.account.measure.set_last_sync(LastSync {
            at: self.account.clock.now(),
            source: report.source.as_str().to_owned(),
            outcome: outcome.as_ref().and_then(|text| text.as_str()).unwrap_or("").to_owned(),
        });
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
