//! Record, beacon, pin and root of a slot on one node.

use futures_util::future::{join_all, join4};

use super::expected::Subject;
use crate::engine::account::Account;
use crate::engine::api::audit::Mark;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::beacon::Beacon;
use crate::model::record::Record;
use crate::node::{Call, Node, Outcome, is_unreadable};

/// How record, beacon, pin and root stand.
pub type Marks = [Mark; 4];

/// Asks a node for all four at once.
///
/// # Errors
/// The node's error: then nothing is known.
pub async fn marks(account: &Account, node: &dyn Node, subject: &Subject) -> Result<Marks, Error> {
    let call = account.network.call(account.config.timeouts.publish.min(limits::CONFIRM));
    let beacons = join_all(subject.beacons.iter().map(|cid| node.pin_name(cid, &call)));
    let (record, beacons, pin, root) = join4(
        node.record(&subject.name, true, &call),
        beacons,
        node.pin_name(&subject.root, &call),
        root(node, subject, &call),
    )
    .await;
    let beacons = beacons.into_iter().collect::<Result<Vec<_>, _>>()?;
    if matches!(&record, Outcome::Found(shown, _) if is_replaced(account, subject, shown)) {
        return Ok([Mark::Ok; 4]);
    }
    Ok([
        of_record(account, node, subject, record)?,
        of_beacons(account, subject, &beacons),
        of_pin(pin?.is_some()),
        root?,
    ])
}

/// Whether another device has published on since its edition was read here: it answers for that one itself.
fn is_replaced(account: &Account, subject: &Subject, shown: &Record) -> bool {
    let is_own = account.local.read().names().own().slot == Some(subject.slot);
    !is_own && subject.record.as_ref().is_some_and(|known| shown.cmp_order(known).is_gt())
}

fn of_record(account: &Account, node: &dyn Node, subject: &Subject, outcome: Outcome) -> Result<Mark, Error> {
    match outcome {
        Outcome::Found(_, source) if !node.gives_own_records(source) => {
            Err(Error::new(Code::Denied, "only the node's gateway shows the record, not its own store"))
        }
        Outcome::Found(record, _) => {
            let is_it = subject.record.as_ref().is_none_or(|expected| record.same_as(expected));
            let is_later = || {
                let state = account.local.read();
                let signed = |root| state.names().is_signed_root(subject.slot, &root);
                let is_newer = |old| record.cmp_order(old).is_gt();
                record.root().is_some_and(signed) && subject.record.as_ref().is_some_and(is_newer)
            };
            Ok(if is_it || is_later() { Mark::Ok } else { Mark::Stale })
        }
        // Where only a beacon is known, nobody has a record.
        Outcome::Absent if subject.record.is_none() => Ok(Mark::Ok),
        Outcome::Absent => Ok(Mark::Missing),
        Outcome::Invalid(_) => Ok(Mark::Damaged),
        Outcome::Unreachable(e) => Err(e),
        Outcome::Skipped => Err(Error::new(Code::Unreachable, "the node was not asked")),
    }
}

fn of_beacons(account: &Account, subject: &Subject, names: &[Option<String>]) -> Mark {
    let sealer = account.local.keys().sealer();
    let pinned: Vec<&String> = names.iter().flatten().collect();
    let opened: Vec<Beacon> = pinned.iter().filter_map(|name| Beacon::open(name, sealer).ok()).collect();
    if opened.iter().any(|beacon| beacon.slot == subject.slot && beacon.root == subject.root) {
        Mark::Ok
    } else if !opened.is_empty() {
        Mark::Stale
    } else if pinned.is_empty() {
        Mark::Missing
    } else {
        Mark::Damaged
    }
}

fn of_pin(is_pinned: bool) -> Mark {
    if is_pinned { Mark::Ok } else { Mark::Missing }
}

async fn root(node: &dyn Node, subject: &Subject, call: &Call) -> Result<Mark, Error> {
    match node.own_block(&subject.root, call).await {
        Ok(Some(_)) => Ok(Mark::Ok),
        Ok(None) => Ok(Mark::Missing),
        Err(e) if matches!(e.code(), Code::HashMismatch | Code::TooLarge) => Ok(Mark::Damaged),
        Err(e) if is_unreadable(&e) => Ok(Mark::Damaged),
        Err(e) => Err(e),
    }
}
