//! From this device to the nodes: one edition, a lane to each node, and the level it reached.
//!
//! A node's 200 is never an acknowledgement. A node counts once its own store was read back: record, pin, root and
//! changed blocks. Nothing is put over what the edition does not contain.

mod body;
mod bring;
pub mod by_peers;
mod edition;
mod lane;
pub mod lanes;
mod level;
pub mod marker;
mod mend;
pub mod owners;
mod proof;
mod release;
mod rename;
pub mod replace;
pub mod retire;
pub mod run;
mod settle;
mod slot;
pub mod snapshot;
mod steps;
mod supply;
mod unread;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::edition::{check_secret, prepare};
pub use self::lane::lacks;
use self::lanes::next_due;
use self::level::level_up;
use self::run::{Published, Run};
use super::account::Account;
use crate::engine::local::state::names::Standing;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::planted::{Bug, is_planted};
use crate::store::Level;

/// Makes an edition of what is pending, if there is anything, and waits for the lanes that bring it to the nodes: until all
/// of them have ended; or it is verified and the others had as long again; or there is something newer that a free lane can
/// take.
///
/// # Errors
/// `unreachable` before the first successful read of the wallet or when too few nodes answer to begin; `slots_exhausted`;
/// store errors.
///
/// # Cancel safety
/// The lanes go on. Every step is on disk before its effect; what was interrupted is taken up by the next run.
pub async fn publish_once(account: &Arc<Account>, run: &Arc<Run>) -> Result<Published, Error> {
    account.tasks.check_open()?;
    if !account.local.read().marks().first_read() {
        return Err(Error::new(Code::Unreachable, "nothing is published before the wallet was read once"));
    }
    if account.network.is_empty() {
        return Err(Error::new(Code::Unreachable, "no nodes are configured"));
    }
    let Some(upto) = start(account, run).await? else {
        return Ok(Published { again: true, ..Published::default() });
    };
    let newer = wait(account, upto).await;
    if let Some(e) = account.lanes.take_storage_error() {
        return Err(e);
    }
    let again = account.lanes.standing().again;
    let failed = account.lanes.errors().into_iter();
    let errors = failed.map(|(at, error)| (account.network.id(at), error)).collect();
    let level = account.local.read().levels().reached(upto);
    Ok(Published { level, upto, errors, again, newer })
}

/// Brings the last edition to nodes that lack it. Goes on while the account is being closed, which waits for it.
///
/// # Errors
/// As [`publish_once`].
pub async fn bring_along(account: &Arc<Account>, run: &Arc<Run>) -> Result<(), Error> {
    if let Some(upto) = start(account, run).await? {
        wait(account, upto).await;
    }
    Ok(())
}

/// Signs and starts the lanes; gives the last change of the edition, or none when the slot had to be given up.
async fn start(account: &Arc<Account>, run: &Arc<Run>) -> Result<Option<u64>, Error> {
    // One slot and one edition at a time; nobody holds this while a node is waited for but to choose a slot.
    let _one = account.publishing.lock().await;
    check_secret(account)?;
    let slot = match own_slot(account).await? {
        Some(slot) => slot,
        None => slot::choose(account, run).await?,
    };
    let edition = match prepare(account, slot).await {
        Err(e) if e.code() == Code::SequenceExhausted => {
            account.local.abandon_slot().await?;
            return Ok(None);
        }
        other => other?,
    };
    let upto = edition.edition.upto;
    tracing::trace!(
        slot = slot.number(),
        sequence = edition.edition.sequence,
        "an edition is made or taken up"
    );
    if is_planted(Bug::HandledBeforeDone) {
        account.local.raise_level(upto, Level::Verified).await?;
    }
    // The process may have ended between the last proof and what it means.
    level_up(account, &edition).await?;
    lanes::start(account, edition, run).await;
    Ok(Some(upto))
}

/// The slot of this device, unless nodes prefer another device's record there: then it is left to that one.
async fn own_slot(account: &Account) -> Result<Option<Slot>, Error> {
    let (own, is_ours) = {
        let state = account.local.read();
        let names = state.names();
        let own = names.own().slot;
        let best = own.and_then(|slot| Some((slot, names.get(slot)?.record.as_ref()?)));
        (own, best.is_none_or(|(slot, record)| names.standing(slot, record) == Standing::Ours))
    };
    match own {
        Some(slot) if !is_ours => {
            account.local.leave_slot(slot, account.entropy.draw()).await?;
            Ok(None)
        }
        own => Ok(own),
    }
}

/// Waits for the lanes; says whether there is something newer that a free lane can take.
async fn wait(account: &Account, upto: u64) -> bool {
    let started = account.clock.monotonic();
    let mut steps = account.events.steps();
    let mut advances = account.events.advances();
    let mut lingers: Option<Instant> = None;
    let mut newer_since: Option<Instant> = None;
    loop {
        steps.borrow_and_update();
        let lanes = account.lanes.standing();
        let now = account.clock.monotonic();
        let (is_verified, has_newer) = {
            let levels = account.local.read();
            let levels = levels.levels();
            (levels.reached(upto) == Some(Level::Verified), levels.last() > upto)
        };
        // As long as a lane gets further, the others are worth waiting for.
        let moves = std::mem::replace(&mut advances, account.events.advances()) != advances;
        if is_verified && (lingers.is_none() || moves) {
            lingers = Some(now);
        }
        if has_newer && newer_since.is_none() {
            newer_since = Some(now);
        }
        let is_ripe = |since: Instant| now >= since + account.config.coalesce;
        let takes_newer = lanes.has_free && newer_since.is_some_and(is_ripe);
        let until = lingers.map(|since| lingering(account, since, since.saturating_duration_since(started)));
        if lanes.is_at_rest || lanes.again || takes_newer || until.is_some_and(|until| now >= until) {
            return takes_newer;
        }
        let ripe = newer_since.map(|since| since + account.config.coalesce).filter(|_| lanes.has_free);
        let wake = [until, ripe].into_iter().flatten().min().unwrap_or(now + limits::WAIT_IDLE);
        let _ = tokio::time::timeout_at(wake, steps.changed()).await;
    }
}

/// How long the other lanes are waited for once a level is reached, which `took` so long: about as long again, as long as one
/// of them gets further. Who changed nothing came to bring along those that lag: they get what time they use.
pub fn lingering(account: &Account, since: Instant, took: Duration) -> Instant {
    let least = if account.lanes.has_measure() { limits::LINGER_MIN } else { limits::LINGER_MAX };
    let latest = since + took.clamp(least, limits::LINGER_MAX);
    account.lanes.promising_until().map_or(latest, |promising| promising.min(latest))
}

/// Nodes that lack the last edition, may be tried now, and have no lane under way.
pub fn left_behind(account: &Account) -> Vec<usize> {
    let (now, running) = (account.clock.monotonic(), account.lanes.running());
    let may = |at: &usize| {
        lacks(account, *at)
            && !running.contains(at)
            && account.lanes.retry_at(*at).is_none_or(|retry_at| retry_at <= now)
    };
    account.network.writable().into_iter().filter(may).collect()
}

/// Whether a publish has work: pending content, or a node that is not proven to hold the latest edition and may be tried.
pub fn is_needed(account: &Account) -> bool {
    if account.local.check_here().is_err() {
        return false;
    }
    let is_due = || next_due(account).is_some_and(|at| at <= account.clock.monotonic());
    account.local.read().marks().first_read() && (account.local.has_pending() || is_due())
}
