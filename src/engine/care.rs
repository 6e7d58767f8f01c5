//! Looking after the backup: auditing the nodes, and rehearsing a restore. A part of [`Engine`]'s public methods.

use std::sync::Arc;

use super::Engine;
use super::api::audit::{AuditProgress, AuditReport, AuditRequest, OnAudit};
use super::api::rehearsal::Rehearsal;
use super::api::request::SyncRequest;
use super::audit::OnRepair;
use super::tasks::to_the_end;
use super::{audit, rehearse};
use crate::error::{Code, Error};
use crate::store::Level;

impl Engine {
    /// Looks at what every node's own store holds of this wallet: record, beacon, pin, root, and blocks by size and hash. What is
    /// missing or damaged lowers the level at once, with an `alert`, and is put back by the next publish; with `repair` by this
    /// call. [`Mode::Background`](super::Mode) does this by itself: after opening, once a node is back, and daily.
    ///
    /// # Errors
    /// `invalid` where nothing of the wallet was published from here or read yet, `unreachable` where all that is here is older than
    /// what was seen since and that could not be read; store errors. A node that does not answer is named in the report.
    ///
    /// # Cancel safety
    /// It goes on to its end.
    pub async fn audit(
        &self,
        request: AuditRequest,
        progress: impl Fn(AuditProgress) + Send + Sync + 'static,
    ) -> Result<AuditReport, Error> {
        self.audit_until(request, progress, std::future::pending()).await
    }

    /// The same, for as long as somebody waits for it: it ends when `end` does.
    ///
    /// # Errors
    /// As [`Engine::audit`]; `closed` when `end` came first. What was found by then and is put back by the next publish stays noted.
    ///
    /// # Cancel safety
    /// It goes on to its end, or to `end`.
    pub async fn audit_until(
        &self,
        request: AuditRequest,
        progress: impl Fn(AuditProgress) + Send + Sync + 'static,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> Result<AuditReport, Error> {
        let account = self.writable()?;
        let progress: OnAudit = Arc::new(progress);
        let engine = self.clone();
        // What others published since is pinned too, and has to be known where a node is to drop what is damaged.
        let read: OnRepair = Arc::new({
            let engine = engine.clone();
            move || {
                let engine = engine.clone();
                Box::pin(async move {
                    // What is put back is waited for by the audit itself.
                    let sync = SyncRequest { fresh: true, deadline: None, wait: Some(Level::Local) };
                    let _ = engine.sync(sync, |_| ()).await;
                })
            }
        });
        let auditing = async move {
            if request.repair && audit::has_unpublished(&account)? {
                let sync = SyncRequest { fresh: true, deadline: None, wait: Some(Level::Verified) };
                Box::pin(engine.sync(sync, |_| ())).await.map_err(|failure| failure.error)?;
            }
            Box::pin(audit::audit(&account, request, &progress, &read)).await
        };
        to_the_end(async move {
            tokio::select! {
                biased;
                report = Box::pin(auditing) => report,
                () = end => Err(Error::new(Code::Closed, "nobody waits for the audit any more")),
            }
        })
        .await
    }

    /// Rehearses a restore: a fresh device in memory, made from the secret and the nodes alone, is compared with this one. It
    /// changes nothing, here or there, and holds a list, never all payloads, in memory.
    ///
    /// # Errors
    /// `unreachable`, `invalid` or `denied` when no node gave a usable answer; store errors.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn rehearse(
        &self,
        progress: impl Fn(AuditProgress) + Send + Sync + 'static,
    ) -> Result<Rehearsal, Error> {
        self.account().tasks.check_open()?;
        let progress: OnAudit = Arc::new(progress);
        Box::pin(rehearse::rehearse(self.account(), &progress)).await
    }
}
