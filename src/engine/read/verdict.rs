//! Whether what was heard is an answer, and what is noted of it. A failed read is never "empty".

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pins;
use super::round::Tally;
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::local::records::ReadNotes;
use crate::engine::network::heard::Heard;
use crate::error::{Code, Error};
use crate::model::identity::Slot;
use crate::node::{Call, Outcome};
use crate::planted::{Bug, is_planted};
use crate::store::Level;

/// Decides whether what was heard is an answer at all, and searches the pins where every record is gone.
///
/// # Errors
/// `unreachable`, `invalid` or `denied` when it is none; store errors.
pub async fn judge(
    account: &Arc<Account>,
    heard: &Heard,
    cold: bool,
    call: &Call,
    tally: &mut Tally,
) -> Result<(), SyncFailure> {
    let majority = account.network.majority();
    if heard.outcomes().any(|(_, outcome, _)| matches!(outcome, Outcome::Found(..))) {
        if cold && answered(heard) < majority {
            tally.warnings.push("degraded: fewer than a majority of the nodes answered".to_owned());
        }
        return finish_first_read(account, heard, tally).await;
    }
    let asked: Vec<Slot> = heard.answers.keys().copied().collect();
    if asked.is_empty() || !asked.iter().all(|slot| heard.absent(*slot) >= majority) {
        let error = failure(account, heard).await;
        return Err(SyncFailure { error, nodes: heard.node_reports(&account.network) });
    }
    if account.local.read().marks().first_read() && !cold {
        tally.warnings.push("no node has any record of this wallet; it is put back".to_owned());
        return Ok(());
    }
    search_pins(account, asked, heard, call, tally).await
}

/// Nodes that showed a record or said that they have none.
fn answered(heard: &Heard) -> usize {
    let nodes: BTreeSet<usize> = heard
        .outcomes()
        .filter(|(_, outcome, _)| matches!(outcome, Outcome::Found(..) | Outcome::Absent))
        .map(|(node, ..)| node)
        .collect();
    nodes.len()
}

async fn search_pins(
    account: &Arc<Account>,
    asked: Vec<Slot>,
    heard: &Heard,
    call: &Call,
    tally: &mut Tally,
) -> Result<(), SyncFailure> {
    let found = pins::search(account, asked, call).await?;
    tally.warnings.extend(found.warnings);
    tally.added += found.added;
    tally.changed |= found.added > 0;
    if !found.roots.is_empty() {
        tally.warnings.push("no records were left; the wallet was found by its pins".to_owned());
        tally.roots.extend(found.roots);
    } else if is_planted(Bug::AbsentIsEmpty) {
        tally.warnings.clear();
    } else if found.answered < account.network.majority() || !tally.warnings.is_empty() {
        let error =
            Error::new(Code::Unreachable, "the search for pinned roots was not answered by a majority");
        return Err(SyncFailure { error, nodes: heard.node_reports(&account.network) });
    }
    account.local.note_first_read().await.map_err(Into::into)
}

/// A found record is a successful first read once its content is merged.
async fn finish_first_read(account: &Arc<Account>, heard: &Heard, tally: &Tally) -> Result<(), SyncFailure> {
    let (first_read, is_read) = {
        let state = account.local.read();
        let merged = state.names().iter().any(|(_, known)| known.merged_root.is_some() || known.occupied);
        (state.marks().first_read(), merged || state.session().is_read_only())
    };
    if first_read {
        return Ok(());
    }
    if is_read {
        return account.local.note_first_read().await.map_err(Into::into);
    }
    let why = tally.warnings.last().map(String::as_str).unwrap_or_default();
    let error = Error::new(Code::Unreachable, format!("records were found, but not their content ({why})"));
    Err(SyncFailure { error, nodes: heard.node_reports(&account.network) })
}

/// Why nothing usable was heard; remembered, so that the next plain sync does not wait again.
async fn failure(account: &Account, heard: &Heard) -> Error {
    match account.local.note_failure(account.network.kept_health()).await {
        Ok(()) => heard.failure(),
        Err(e) => e,
    }
}

/// Notes when each name was last seen at its high-water mark, in one transaction.
///
/// # Errors
/// Store errors.
pub async fn note(account: &Account, heard: &Heard, tally: &Tally, gap: bool) -> Result<(), Error> {
    let remote_level = remote_level(account, heard);
    let seen = {
        let state = account.local.read();
        let is_shown = |slot: Slot| {
            let best = state.names().get(slot).and_then(|known| known.record.as_ref());
            best.is_some_and(|best| heard.showing(slot, best) > 0)
        };
        let read = state.names().iter().map(|(slot, _)| slot).filter(|slot| !tally.unread.contains(slot));
        read.filter(|slot| is_shown(*slot)).collect()
    };
    let (unread, health) = (tally.unread.clone(), account.network.kept_health());
    account.local.note_read(ReadNotes { seen, unread, gap, remote_level, health }).await
}

/// How well other devices' content is held: the weakest of their names.
fn remote_level(account: &Account, heard: &Heard) -> Option<Level> {
    let state = account.local.read();
    let own = state.names().own().slot;
    let others = state.names().iter().filter(|(slot, _)| own != Some(*slot));
    let counts = others.filter_map(|(slot, known)| Some(heard.showing(slot, known.record.as_ref()?)));
    let weakest = counts.filter(|count| *count > 0).min()?;
    Some(if weakest >= account.network.needed() { Level::Verified } else { Level::Published })
}
