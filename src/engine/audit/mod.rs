//! Audit: what every node's own store holds of what this device answers for, and putting back what it does not.
//!
//! A backup that nobody checks is a hope: Kubo does not force blocks to its disk, gives whatever its files say, and its garbage
//! collection has eaten pins. Every node is asked for record, beacon, pin and root, for the bytes of a random sample, and how many
//! bytes the rest has. What is found wanting lowers the level until a lane has put it back and read it back.

mod blocks;
mod expected;
mod findings;
mod look;
mod marks;

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use self::blocks::Count;
use self::expected::{Expected, expected};
use self::findings::note;
use self::look::{Looked, look};
use super::account::Account;
use super::api::audit::{AuditReport, AuditRequest, NodeAudit, OnAudit};
use super::publish::run::Run;
use super::publish::{bring_along, lacks};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Codec;

/// Reads the wallet before what was found wanting is put back.
pub type OnRepair = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Audits every node that can be written to.
///
/// # Errors
/// `invalid` where nothing of the wallet was published from here or read yet; store errors. A node that does not answer is in the
/// report.
///
/// # Cancel safety
/// What was found is noted once all nodes have had their say; what is put back stays.
pub async fn audit(
    account: &Arc<Account>,
    request: AuditRequest,
    progress: &OnAudit,
    read: &OnRepair,
) -> Result<AuditReport, Error> {
    audited(account, &account.network.writable(), request, progress, Some(read)).await
}

/// The same of these nodes alone, where nothing is put back by this call.
///
/// # Errors
/// As [`audit`].
///
/// # Cancel safety
/// As [`audit`].
pub async fn audit_of(
    account: &Arc<Account>,
    nodes: &[usize],
    progress: &OnAudit,
) -> Result<AuditReport, Error> {
    audited(account, nodes, AuditRequest { all: false, repair: false }, progress, None).await
}

async fn audited(
    account: &Arc<Account>,
    nodes: &[usize],
    request: AuditRequest,
    progress: &OnAudit,
    read: Option<&OnRepair>,
) -> Result<AuditReport, Error> {
    let nothing = || Error::new(Code::Invalid, "nothing of this wallet was published from here or read yet");
    let expected = expected(account).await?.ok_or_else(nothing)?;
    if request.all {
        read_here(account, &expected).await?;
    }
    let count = Count::new(progress.clone());
    let looks = nodes.iter().map(|at| look(account, *at, &expected, request.all, &count));
    let found: Vec<(usize, Looked)> = nodes.iter().copied().zip(join_all(looks).await).collect();
    let are_all = account.network.writable().iter().all(|at| nodes.contains(at));
    note(account, &expected, &found, are_all).await?;
    let mut rows: Vec<(usize, NodeAudit)> =
        found.iter().map(|(at, looked)| (*at, row(account, *at, looked))).collect();
    if request.repair {
        let wanting: Vec<usize> =
            found.iter().filter(|(_, looked)| looked.is_wanting()).map(|(at, _)| *at).collect();
        if !wanting.is_empty() {
            if let Some(read) = read {
                read().await;
            }
            put_back(account, &wanting).await?;
            look_once_more(account, &found, &mut rows, &count).await?;
        }
    }
    Ok(report(account, &expected, rows))
}

/// Reads what is on this disk: what rots here is noticed while nodes have it, and fetched by the next sync.
async fn read_here(account: &Account, expected: &Expected) -> Result<(), Error> {
    for (cid, _) in expected.blocks.iter().filter(|(cid, _)| cid.codec() == Codec::Raw) {
        account.local.block(cid).await?;
    }
    Ok(())
}

/// Waits for the lanes that put back what was found missing, as long as one of them gets further.
async fn put_back(account: &Arc<Account>, wanting: &[usize]) -> Result<(), Error> {
    let run = Arc::new(Run::new(account, Arc::default()));
    let mut seen = standing(account, wanting);
    let mut until = account.clock.monotonic() + limits::MEND_IDLE;
    loop {
        Box::pin(bring_along(account, &run)).await?;
        let now = account.clock.monotonic();
        let lacking = wanting.iter().filter(|at| lacks(account, **at));
        let Some(due) = lacking.map(|at| account.lanes.retry_at(*at).unwrap_or(now)).min() else {
            return Ok(());
        };
        let newest = standing(account, wanting);
        if std::mem::replace(&mut seen, newest) != newest {
            until = now + limits::MEND_IDLE;
        }
        if now >= until {
            return Ok(());
        }
        tokio::time::sleep_until(due.max(now + limits::RERUN_PAUSE).min(until)).await;
    }
}

/// What changes as long as something gets further.
fn standing(account: &Account, wanting: &[usize]) -> (u64, usize) {
    let damaged = wanting.iter().map(|at| account.damage.on(*at).len()).sum();
    (account.events.advances(), damaged)
}

/// Whether something that is here is in no edition yet.
///
/// # Errors
/// As sealing.
pub fn has_unpublished(account: &Account) -> Result<bool, Error> {
    let (index, keep) = account.local.seals()?;
    let state = account.local.read();
    let own = state.names().own().slot;
    let edition = state.names().edition().filter(|edition| own == Some(edition.slot));
    Ok(match edition {
        Some(edition) => (edition.index, edition.keep) != (index, keep),
        None => state.levels().pending() > 0,
    })
}

/// Looks at what was wrong, and only at that: all of it is read and hashed.
async fn look_once_more(
    account: &Arc<Account>,
    found: &[(usize, Looked)],
    rows: &mut [(usize, NodeAudit)],
    count: &Count,
) -> Result<(), Error> {
    let Some(expected) = expected(account).await? else { return Ok(()) };
    for ((at, before), (_, row)) in found.iter().zip(rows) {
        if !before.is_wanting() {
            continue;
        }
        let only = expected.only(&before.wrong_blocks());
        let after = Box::pin(look(account, *at, &only, true, count)).await;
        row.repaired = before.wrong().saturating_sub(after.wrong());
        row.whole = after.is_whole();
        row.error = after.error;
        if row.error.is_none() && !row.whole {
            // Why what is wanting was not put back.
            row.error = account.lanes.errors().into_iter().find(|(lane, _)| lane == at).map(|(_, e)| e);
        }
    }
    Ok(())
}

fn row(account: &Account, at: usize, looked: &Looked) -> NodeAudit {
    let id = account.network.id(at);
    let machine = account.local.read().nodes().machine(&id).map(str::to_owned);
    let [record, beacon, pin, root] = looked.marks.map_or([None; 4], |marks| marks.map(Some));
    NodeAudit {
        machine,
        kubo: looked.version.clone(),
        record,
        beacon,
        pin,
        root,
        checked: looked.blocks.checked,
        missing: looked.blocks.missing.len() as u64,
        damaged: looked.blocks.damaged.len() as u64,
        repaired: 0,
        whole: looked.is_whole(),
        error: looked.error.clone(),
        id,
    }
}

fn report(account: &Account, expected: &Expected, rows: Vec<(usize, NodeAudit)>) -> AuditReport {
    let nodes: Vec<NodeAudit> = rows.into_iter().map(|(_, row)| row).collect();
    let whole = nodes.iter().filter(|node| node.whole).map(|node| node.id.as_str());
    let state = account.local.read();
    let unpublished = if expected.is_current { 0 } else { state.levels().pending().max(1) };
    let whole_machines = state.nodes().machines_of(whole);
    drop(state);
    AuditReport { whole_machines, needed: account.needed(), unpublished, nodes }
}
