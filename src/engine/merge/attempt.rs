//! One attempt to bring a root here. Who asked waits for it no longer than it may; as long as bytes flow it goes on behind the
//! answer, and what has come is kept in any case.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::basket::Basket;
use super::{Merged, merge_named_into, merge_record_into};
use crate::engine::account::Account;
use crate::engine::api::event::Way;
use crate::engine::attempts::Attempt;
use crate::engine::network::flow::Flow;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::{Call, Meter};

/// What showed a root.
#[derive(Clone)]
pub enum Shown {
    Record(Box<Record>, Way),
    Beacon(Cid),
}

impl Shown {
    fn root(&self) -> Option<Cid> {
        match self {
            Self::Record(record, _) => record.root(),
            Self::Beacon(root) => Some(*root),
        }
    }

    async fn merge(
        &self,
        account: &Account,
        slot: Slot,
        basket: &Basket,
        call: &Call,
    ) -> Result<Merged, Error> {
        match self {
            Self::Record(record, way) => merge_record_into(account, slot, (record, *way), basket, call).await,
            Self::Beacon(root) => merge_named_into(account, slot, root, basket, call).await,
        }
    }
}

/// Merges a root, waiting until the deadline of the call. One that came so often not that it is put off is not asked for.
///
/// # Errors
/// As [`merge_record`](super::merge_record); `deadline` where it is not here yet.
///
/// # Cancel safety
/// The attempt goes on.
pub async fn bring(
    account: &Arc<Account>,
    slot: Slot,
    shown: Shown,
    insists: bool,
    call: &Call,
) -> Result<Merged, Error> {
    let root = shown.root().filter(|root| !account.local.read().names().is_read(root));
    let Some(root) = root else { return shown.merge(account, slot, &Basket::default(), call).await };
    if !insists && account.local.read().session().is_put_off(&root, account.clock.now()) {
        return Err(Error::new(Code::Unreachable, "it came so often not that it is asked for again later"));
    }
    let attempt = loop {
        let mut ends = match account.attempts.begin(root) {
            Ok(attempt) => break attempt,
            Err(ends) => ends,
        };
        // It only ever ends.
        let ended = tokio::time::timeout_at(call.deadline, ends.changed()).await;
        if account.local.read().names().is_read(&root) {
            return shown.merge(account, slot, &Basket::default(), call).await;
        }
        if ended.is_err() {
            return Err(not_here_yet());
        }
    };
    let (sender, outcome) = oneshot::channel();
    let meter = Arc::new(Meter::part_of(call.meter.clone()));
    let end = account.clock.monotonic() + limits::WAIT_TOTAL;
    let bringing = Bringing {
        account: account.clone(),
        slot,
        shown,
        root,
        waited_until: call.deadline,
        call: Call { deadline: end.max(call.deadline), meter },
        _attempt: attempt,
    };
    account.tasks.behind(async move { drop(sender.send(bringing.run().await)) }).await;
    match tokio::time::timeout_at(call.deadline, outcome).await {
        Ok(Ok(merged)) => merged,
        Ok(Err(_)) => Err(Error::new(Code::TaskFailed, "merging ended unexpectedly")),
        Err(_) => Err(not_here_yet()),
    }
}

fn not_here_yet() -> Error {
    Error::new(Code::Deadline, "no answer in time")
}

struct Bringing {
    account: Arc<Account>,
    slot: Slot,
    shown: Shown,
    root: Cid,
    /// Until then somebody waits, and silence counts only after [`limits::CONTENT_IDLE`].
    waited_until: Instant,
    call: Call,
    _attempt: Attempt,
}

impl Bringing {
    async fn run(self) -> Result<Merged, Error> {
        let basket = Basket::default();
        let account = &self.account;
        let merged = tokio::select! {
            biased;
            merged = self.shown.merge(account, self.slot, &basket, &self.call) => merged,
            () = account.tasks.closing() => Err(not_here_yet()),
            stopped = self.until_silent(&basket) => Err(stopped),
        };
        if merged.as_ref().is_err_and(|e| !e.is_storage()) {
            account.local.keep_for_later(basket.take()).await?;
            if !basket.was_filled() {
                account.local.note_root_in_vain(self.root).await?;
            }
        }
        merged
    }

    /// Ends when nobody waits and nothing flows any more; keeps meanwhile what has come.
    async fn until_silent(&self, basket: &Basket) -> Error {
        let clock = &self.account.clock;
        let patience = self.account.network.still_flows();
        let mut flow = Flow::new(self.call.meter.clone(), self.waited_until, patience);
        let mut kept_at = clock.monotonic();
        while !flow.has_ended().await {
            let now = clock.monotonic();
            if now.saturating_duration_since(kept_at) >= limits::KEEP_EVERY {
                kept_at = now;
                if let Err(e) = self.account.local.keep_for_later(basket.take()).await {
                    return e;
                }
            }
        }
        not_here_yet()
    }
}
