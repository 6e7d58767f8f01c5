//! Audit: what every node's own store holds of what this device answers for, and putting back what it does not.
//!
//! A backup that nobody checks is a hope: Kubo does not force blocks to its disk, gives whatever its files say, and its garbage
//! collection has eaten pins. Every node is asked for record, beacon, pin and root, for the bytes of a random sample, and how many
//! bytes the rest has. What is found wanting lowers the level until a lane has put it back and read it back.

mod blocks;
mod expected;
mod findings;
mod look;
mod lost;
mod marks;

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use self::blocks::Count;
use self::expected::{Expected, expected};
use self::findings::note;
use self::look::{Looked, look};
use super::account::Account;
use super::api::audit::{AuditReport, AuditRequest, Lost, NodeAudit, OnAudit};
use super::publish::run::Run;
use super::publish::{bring_along, lacks};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::{Cid, Codec};

/// Reads the wallet before what was found wanting is put back.
pub type OnRepair = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Audits every node that can be written to.
///
/// # Errors
/// `invalid` where nothing of the wallet was published from here or read yet, `unreachable` where what was seen last could not be
/// read; store errors. A node that does not answer is in the report.
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
    let expected = known(account, read).await?;
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
    let mends = request.repair && rows.iter().any(|(_, row)| row.wrong() > 0);
    if mends {
        if let Some(read) = read {
            read().await;
        }
        let edition = expected.edition.map(|edition| edition.root);
        let mending = Mending { account, request, found: &found, count: &count };
        Box::pin(mending.until_whole(edition, &mut rows)).await?;
    }
    let lost = Box::pin(lost::look(account, mends)).await?;
    Ok(report(account, &expected, rows, lost))
}

/// What is expected. Where a newer edition than the one that is here was seen, and nothing else is here, that one is read first.
async fn known(account: &Account, read: Option<&OnRepair>) -> Result<Expected, Error> {
    if let Some(expected) = expected(account).await? {
        return Ok(expected);
    }
    if account.local.read().names().unread().next().is_none() {
        return Err(Error::new(Code::Invalid, "nothing of this wallet was published from here or read yet"));
    }
    if let Some(read) = read {
        read().await;
    }
    let unread = || {
        Error::new(Code::Unreachable, "the newest edition that was seen of this wallet could not be read yet")
    };
    expected(account).await?.ok_or_else(unread)
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
        // A node that keeps what is damaged has been brought all else.
        let lacking = wanting.iter().filter(|at| lacks(account, **at) && !account.damage.is_kept(**at));
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

/// An audit that puts back what it found.
struct Mending<'a> {
    account: &'a Arc<Account>,
    request: AuditRequest,
    found: &'a [(usize, Looked)],
    count: &'a Count,
}

impl Mending<'_> {
    /// Puts back and looks again. What others published since is in this device's edition by then, and may be damaged too: the nodes are
    /// looked at once more for that.
    async fn until_whole(
        &self,
        mut edition: Option<Cid>,
        rows: &mut [(usize, NodeAudit)],
    ) -> Result<(), Error> {
        let mut wanting: Vec<usize> =
            self.found.iter().filter(|(_, looked)| looked.is_wanting()).map(|(at, _)| *at).collect();
        for _ in 0..limits::AUDIT_ROUNDS {
            put_back(self.account, &wanting).await?;
            let Some(expected) = expected(self.account).await? else { return Ok(()) };
            let newest = expected.edition.map(|edition| edition.root);
            let is_another = std::mem::replace(&mut edition, newest) != newest;
            let after = self.look(&expected, &wanting, is_another).await;
            if is_another {
                note(self.account, &expected, &after, false).await?;
            }
            self.tell(&after, rows);
            wanting = after.iter().filter(|(_, looked)| looked.is_wanting()).map(|(at, _)| *at).collect();
            if wanting.is_empty() || !is_another {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Looks at what was wrong, and only at that; at all of an edition that is another one. All of it is read and hashed.
    async fn look(&self, expected: &Expected, nodes: &[usize], is_another: bool) -> Vec<(usize, Looked)> {
        let mut after = Vec::new();
        for at in nodes {
            let wrong =
                self.found.iter().find(|(found, _)| found == at).map(|(_, looked)| looked.wrong_blocks());
            let only = (!is_another).then(|| expected.only(&wrong.unwrap_or_default()));
            let (expected, all) = only.as_ref().map_or((expected, self.request.all), |only| (only, true));
            after.push((*at, Box::pin(look(self.account, *at, expected, all, self.count)).await));
        }
        after
    }

    fn tell(&self, after: &[(usize, Looked)], rows: &mut [(usize, NodeAudit)]) {
        for (at, after) in after {
            let Some((_, row)) = rows.iter_mut().find(|(of, _)| of == at) else { continue };
            row.repaired = row.wrong().saturating_sub(after.wrong());
            row.whole = after.is_whole();
            row.error.clone_from(&after.error);
            if row.error.is_none() && !row.whole {
                // Why what is wanting was not put back.
                let errors = self.account.lanes.errors().into_iter();
                row.error = errors.filter(|(lane, _)| lane == at).map(|(_, e)| e).next();
            }
        }
    }
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

fn report(
    account: &Account,
    expected: &Expected,
    rows: Vec<(usize, NodeAudit)>,
    lost: Vec<Lost>,
) -> AuditReport {
    let nodes: Vec<NodeAudit> = rows.into_iter().map(|(_, row)| row).collect();
    let whole = nodes.iter().filter(|node| node.whole).map(|node| node.id.as_str());
    let state = account.local.read();
    let unpublished = if expected.is_current { 0 } else { state.levels().pending().max(1) };
    let whole_machines = state.nodes().machines_of(whole);
    drop(state);
    AuditReport { whole_machines, needed: account.needed(), unpublished, nodes, lost }
}
