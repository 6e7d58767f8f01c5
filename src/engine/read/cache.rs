//! What a read finds, and when the cache may answer in its place.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{UnixMs, millis};
use crate::engine::account::Account;
use crate::engine::api::report::{NodeReport, SyncOutcome};
use crate::engine::api::warning::Word;
use crate::engine::local::state::names::KnownName;
use crate::engine::network::heard::Heard;
use crate::limits;
use crate::model::identity::Slot;
use crate::node::Source;
use crate::shown::counted;

/// What a read found.
#[derive(Clone, Debug)]
pub struct Reading {
    pub source: Source,
    pub outcome: SyncOutcome,
    /// Until list and balance were merged.
    pub list: Duration,
    /// Until payloads were here too, or the deadline passed.
    pub elapsed: Duration,
    pub added: usize,
    pub spent: usize,
    pub nodes: Vec<NodeReport>,
    pub warnings: Vec<String>,
    /// Slots that were seen and are not here.
    pub unread: BTreeSet<Slot>,
}

impl Reading {
    /// What is told of it: what is not whole is not up to date, only what is here.
    pub fn told(&self) -> SyncOutcome {
        match self.outcome {
            SyncOutcome::UpToDate if !self.unread.is_empty() => SyncOutcome::Partial,
            outcome => outcome,
        }
    }
}

/// Answers from cache when nothing can be new, or when a reading failed moments ago.
pub fn cached(account: &Account, started: Instant) -> Option<Reading> {
    let (source, outcome, warning) = if is_fresh(account) {
        (Source::Cache, SyncOutcome::UpToDate, None)
    } else if has_just_failed(account) {
        (Source::None, SyncOutcome::Offline, Some(Word::Offline.say("the last reading failed moments ago")))
    } else {
        return None;
    };
    let elapsed = account.clock.monotonic().saturating_duration_since(started);
    Some(Reading {
        source,
        outcome,
        list: elapsed,
        elapsed,
        added: 0,
        spent: 0,
        nodes: Heard::default().node_reports(&account.network),
        warnings: warning.into_iter().chain(left_out(account)).collect(),
        unread: unread(account),
    })
}

/// Slots that were seen, now or before, and are not here.
pub fn unread(account: &Account) -> BTreeSet<Slot> {
    account.local.read().unread().into_iter().collect()
}

/// Slots of which a part does not fit here: told with every answer, for the wallet is not whole.
pub fn left_out(account: &Account) -> Vec<String> {
    let left_out = account.local.read().left_out();
    let say = |(slot, count): (Slot, u32)| {
        let items = counted(count as usize, "item", "items");
        Word::TooLarge.say(format_args!("{items} of slot {slot} left out: no room here"))
    };
    left_out.into_iter().map(say).collect()
}

fn is_fresh(account: &Account) -> bool {
    let state = account.local.read();
    let now = account.clock.now();
    let ttl = millis(account.config.cache.record_ttl);
    let marks = state.marks();
    // Names that are not asked for at every look were asked for with the slots beyond the known ones.
    let since_gap = within(now, marks.gap_at(), millis(limits::GAP_EVERY));
    let is_current = |slot, known: &KnownName| {
        let is_retired = state.names().own().slot != Some(slot) && state.names().is_retired(slot);
        let is_rare = known.record.is_none() || is_retired || is_quiet(known.changed_at, now);
        within(now, known.verified_at, ttl) || is_rare && since_gap
    };
    // A failure since the last good read counts: what was verified then is no longer known to be current.
    marks.first_read()
        && marks.failed_at().is_none()
        && !state.session().has_unread()
        && state.unread().is_empty()
        && !marks.is_remote_doubted()
        && state.names().iter().all(|(slot, known)| is_current(slot, known))
        // A wallet without any name has only the last look beyond the known slots.
        && (!state.names().is_empty() || within(now, marks.gap_at(), ttl))
        && state.holdings().missing_count() == 0
        && state.levels().pending() == 0
        && !state.is_label_due()
}

fn has_just_failed(account: &Account) -> bool {
    let state = account.local.read();
    let backoff = millis(account.config.cache.failure_backoff);
    let failed_at = state.marks().failed_at();
    state.marks().first_read()
        && !state.is_unread_as_a_whole()
        && failed_at.is_some_and(|at| within(account.clock.now(), at, backoff))
}

fn within(now: UnixMs, at: UnixMs, span: i64) -> bool {
    (0..span).contains(&now.saturating_sub(at))
}

fn is_quiet(changed_at: UnixMs, now: UnixMs) -> bool {
    now.saturating_sub(changed_at) > millis(limits::QUIET_NAME)
}
