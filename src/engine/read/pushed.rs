//! A record that another device sent: verified and merged like one that a node shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::round::{self, Tally};
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::network::heard::Heard;
use crate::error::{Code, Error};
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::{Call, Meter, Outcome, Source};

/// Merges a record that came by a node's stream; gives its root, unless it was here or is none. What it does not carry is asked of that node
/// first.
///
/// # Errors
/// Store errors; `unreachable` where its content is not here yet.
///
/// # Cancel safety
/// What was merged stays, and what is under way goes on.
pub async fn take_pushed(
    account: &Arc<Account>,
    slot: Slot,
    record: Record,
    node: usize,
    call: &Call,
) -> Result<Option<Root>, SyncFailure> {
    let found = Outcome::Found(Box::new(record), Source::Push);
    let answers = BTreeMap::from([(slot, BTreeMap::from([(node, (found, Duration::ZERO))]))]);
    let meter = Arc::new(Meter::part_of(call.meter.clone()).preferring(node));
    let call = Call { deadline: call.deadline, meter };
    let mut tally = Tally::default();
    round::take(account, &[slot], &Heard { answers }, &call, &mut tally).await?;
    if tally.unread.contains(&slot) {
        return Err(Error::new(Code::Unreachable, "the content of a message is not here yet").into());
    }
    Ok(tally.roots.pop())
}

/// Fetches the payloads of a root that came so.
///
/// # Errors
/// Store errors.
///
/// # Cancel safety
/// What has come is kept.
pub async fn fetch_pushed(account: &Arc<Account>, root: Root, call: &Call) -> Result<(), Error> {
    let quiet: crate::engine::api::request::OnProgress = Arc::new(|_| ());
    super::fetch_content(account, (vec![root], false), Source::Push, &quiet, call).await
}
