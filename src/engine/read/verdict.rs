//! Whether what was heard is an answer, and what is noted of it. A failed read is never "empty".

use std::collections::BTreeSet;
use std::sync::Arc;

use super::beacons::Lights;
use super::confirm::ShownBy;
use super::round::Tally;
use super::search;
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::api::warning::Word;
use crate::engine::local::records::ReadNotes;
use crate::engine::network::heard::Heard;
use crate::error::{Code, Error};
use crate::model::identity::Slot;
use crate::node::Outcome;
use crate::planted::{Bug, is_planted};
use crate::shown::counted;

/// Decides whether what was heard is an answer at all.
///
/// # Errors
/// `unreachable`, `invalid` or `denied` when it is none; store errors.
pub async fn judge(
    account: &Arc<Account>,
    heard: &Heard,
    cold: bool,
    lights: &Lights,
    tally: &mut Tally,
) -> Result<(), SyncFailure> {
    let majority = account.network.majority();
    let has_record = heard.outcomes().any(|(_, outcome, _)| matches!(outcome, Outcome::Found(..)));
    if has_record || !lights.seen.is_empty() {
        if cold && answered(heard) < majority {
            tally.warnings.push(Word::Degraded.say("fewer than a majority of the nodes answered"));
        }
        if !has_record && tally.named {
            tally
                .warnings
                .push(Word::Beacons.say("no records were left; the wallet was found by its beacons"));
        }
        return finish_first_read(account, heard, tally).await;
    }
    let asked: Vec<Slot> = heard.answers.keys().copied().collect();
    if asked.is_empty() || !asked.iter().all(|slot| heard.absent(*slot) >= majority) {
        return Err(failure(account, heard, heard.failure()).await);
    }
    if account.local.read().marks().first_read() && !cold {
        tally.warnings.push(Word::PutBack.say("no node has any record of this wallet; it is put back"));
        return account.local.note_nowhere().await.map_err(Into::into);
    }
    if lights.answered.len() < majority && !is_planted(Bug::AbsentIsEmpty) {
        let message = "too few nodes said whether they hold anything of this wallet";
        return Err(failure(account, heard, Error::new(Code::Unreachable, message)).await);
    }
    if !is_planted(Bug::AbsentIsEmpty) {
        let silent: BTreeSet<usize> = search::silent(heard).union(&lights.silent).copied().collect();
        tally.warnings.push(nothing_found(account, &silent));
    }
    account.local.note_first_read().await.map_err(Into::into)
}

/// Nothing was found: whoever expected a wallet must hear of it. It is new only where every node said so, of every slot; a change
/// does not wait for those that no device begins with.
fn nothing_found(account: &Account, silent: &BTreeSet<usize>) -> String {
    let id: String = account.local.keys().wallet_id().iter().map(|byte| format!("{byte:02x}")).collect();
    let network = account.config.network.as_deref().unwrap_or("default");
    let nodes = counted(account.network.len(), "node", "nodes");
    let words = format!("nothing was found of wallet {id} (network {network}) on {nodes}");
    if !silent.is_empty() {
        let silent: Vec<String> = silent.iter().map(|at| account.network.id(*at)).collect();
        return Word::Degraded.say(format_args!("{words}, but not all answered: {}", silent.join(", ")));
    }
    if !search::is_due(account) {
        return Word::NewWallet.say(words);
    }
    if account.local.read().levels().pending() > 0 {
        return Word::NewWallet
            .say(format_args!("{words}; the slots that are used last are asked for behind"));
    }
    Word::Degraded.say(format_args!("{words}, but not every slot was asked for yet"))
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

/// A verified record or beacon is a successful first read: from now on this device may publish. The read itself fails as long
/// as nothing of the wallet could be merged.
async fn finish_first_read(account: &Arc<Account>, heard: &Heard, tally: &Tally) -> Result<(), SyncFailure> {
    let (first_read, is_read) = {
        let state = account.local.read();
        let occupied = state.names().iter().any(|(_, known)| known.occupied);
        let merged = state.names().has_merged() || occupied;
        let is_read = merged || state.session().is_read_only();
        (state.marks().first_read(), is_read || state.marks().first_read() && !state.is_unread_as_a_whole())
    };
    if !first_read {
        account.local.note_first_read().await?;
    }
    if is_read {
        return Ok(());
    }
    let why = tally.warnings.last().map(String::as_str).unwrap_or_default();
    let error = Error::new(Code::Unreachable, format!("records were found, but not their content ({why})"));
    Err(SyncFailure { error, nodes: heard.node_reports(&account.network) })
}

/// A reading that gave no usable answer; remembered, so that nothing is told as up to date after it and the next plain sync does
/// not wait again.
async fn failure(account: &Account, heard: &Heard, why: Error) -> SyncFailure {
    let noted = account.local.note_failure(account.network.kept_health()).await;
    SyncFailure { error: noted.err().unwrap_or(why), nodes: heard.node_reports(&account.network) }
}

/// Notes when each name was last seen at its high-water mark, in one transaction.
///
/// # Errors
/// Store errors.
pub async fn note(
    account: &Account,
    heard: &Heard,
    tally: &Tally,
    gap: bool,
    shown: &ShownBy,
) -> Result<(), Error> {
    let is_absent = |slot: &Slot| heard.absent(*slot) >= account.needed() && heard.records(*slot).is_empty();
    account.network.note_absent(heard.answers.keys().copied().filter(is_absent).collect());
    let remote = shown.held(account, &BTreeSet::new());
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
    // Slots that too few answered for were not read.
    let majority = account.network.majority();
    let gap = gap && heard.answers.keys().all(|slot| heard.answering(*slot) >= majority);
    account.local.note_read(ReadNotes { seen, unread, gap, remote, health }).await
}
