//! The predecessor's wallets: read once, never written. A part of [`Engine`]'s public methods.

mod fetch;
mod kept;
mod take;

use std::sync::Arc;

use bytes::Bytes;

use super::Engine;
use super::account::Account;
use super::api::legacy::{LegacyReport, LegacySource};
use super::publish::replace;
use super::publish::run::Run;
use super::tasks::to_the_end;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::legacy;
use crate::node::Meter;
use crate::store::whole_file::ReadFile;

impl Engine {
    /// Takes over what a predecessor's wallet has: tokens with their bytes, what makes them doubtful as intents, everything else as
    /// entries `legacy.…`. It only adds, and nothing is dropped: what cannot be read is kept and named. Repeated and interrupted
    /// imports do no harm. On disk when it returns; the next publish brings it to the nodes. See `docs/migration.md`.
    ///
    /// # Errors
    /// `malformed` for what is no wallet of the predecessor, `too_large`, `bad_request` for a file that cannot be read; from the nodes
    /// `not_found` when slot 0 has no such wallet, `unreachable` and the like when it does not come; `inventory_too_large`,
    /// store errors. What was taken over before a failure stays.
    ///
    /// # Cancel safety
    /// It goes on to its end. Call it again after a failure.
    pub async fn import_legacy(&self, source: LegacySource) -> Result<LegacyReport, Error> {
        let account = self.writable()?;
        to_the_end(async move { import(&account, source).await }).await
    }

    /// Puts an edition of this wallet over the predecessor's record in slot 0, so that the slot is one like any other, once all that the
    /// record leads to is here and verified on the nodes. What the record leads to stays pinned where it is. A predecessor that is
    /// still in use is cut off by that: it finds its wallet no more.
    ///
    /// # Errors
    /// `pending_changes` while something is not verified yet; `conflict` when something else stands in the slot meanwhile; otherwise as
    /// [`Engine::import_legacy`].
    ///
    /// # Cancel safety
    /// Nothing is lost: the slot is replaced on the nodes that took it, or is as it was. Call it again.
    pub async fn replace_legacy(&self) -> Result<(), Error> {
        let account = self.writable()?;
        to_the_end(async move {
            let replaced = async {
                let found = fetch::documents(&account).await?;
                let mut records = Vec::new();
                for (record, document) in found {
                    // A record whose content is not here is not replaced.
                    take::take(&account, legacy::read(&document?)?).await?;
                    records.push(record);
                }
                let run = Run::new(&account, Arc::new(Meter::default()));
                let _one = account.retiring.lock().await;
                replace::replace(&account, records, &run).await
            };
            let late =
                |_| Error::new(Code::Deadline, "the predecessor's record could not be replaced in time");
            tokio::time::timeout(limits::LEGACY_FETCH, replaced).await.map_err(late).flatten()
        })
        .await
    }
}

async fn import(account: &Arc<Account>, source: LegacySource) -> Result<LegacyReport, Error> {
    let document = match source {
        LegacySource::Document(document) => document,
        LegacySource::File(path) => {
            let read = tokio::task::spawn_blocking(move || read_file(ReadFile::open(&path)?));
            read.await.map_err(|_| Error::new(Code::TaskFailed, "reading the file ended unexpectedly"))??
        }
        LegacySource::Nodes => return from_nodes(account).await,
    };
    take::take(account, legacy::read(&document)?).await
}

/// Every record of slot 0 that nodes show: a stale one may have what the newest lacks.
async fn from_nodes(account: &Arc<Account>) -> Result<LegacyReport, Error> {
    let (mut report, mut failure, mut taken) = (LegacyReport::default(), None, false);
    for (_, document) in fetch::documents(account).await? {
        match document.and_then(|document| legacy::read(&document)) {
            Ok(document) => {
                add(&mut report, take::take(account, document).await?);
                taken = true;
            }
            Err(e) => {
                report.not_fetched = report.not_fetched.saturating_add(1);
                failure.get_or_insert(e);
            }
        }
    }
    match failure {
        Some(e) if !taken => Err(e),
        _ => Ok(report),
    }
}

fn read_file(mut file: ReadFile) -> Result<Bytes, Error> {
    let mut document = Vec::new();
    loop {
        let chunk = file.read_on()?;
        if chunk.is_empty() {
            return Ok(document.into());
        }
        document.extend_from_slice(&chunk);
        if document.len() > limits::LEGACY_BYTES {
            return Err(Error::new(Code::TooLarge, format!("more than {} bytes", limits::LEGACY_BYTES)));
        }
    }
}

/// Adds what another document brought.
fn add(report: &mut LegacyReport, other: LegacyReport) {
    let (into, more) = (&mut report.sections, other.sections);
    for (sum, more) in [
        (&mut report.found, other.found),
        (&mut report.added, other.added),
        (&mut report.unchanged, other.unchanged),
        (&mut report.suspect, other.suspect),
        (&mut report.kept, other.kept),
        (&mut report.differing, other.differing),
        (&mut report.unreadable_count, other.unreadable_count),
        (&mut into.active, more.active),
        (&mut into.archived, more.archived),
        (&mut into.forked, more.forked),
        (&mut into.sent, more.sent),
        (&mut into.invalid, more.invalid),
        (&mut into.nametags, more.nametags),
        (&mut into.outbox, more.outbox),
        (&mut into.tombstones, more.tombstones),
        (&mut into.other, more.other),
    ] {
        *sum = sum.saturating_add(more);
    }
    let room = limits::LEGACY_NAMED.saturating_sub(report.unreadable.len());
    report.unreadable.extend(other.unreadable.into_iter().take(room));
}
