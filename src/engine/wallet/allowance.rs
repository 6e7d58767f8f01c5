//! What a window may still add: asked for under the turn in which it is added, and counted in the same commit.

use super::seal::bad;
use crate::engine::account::Account;
use crate::engine::api::tokens::SpendKind;
use crate::engine::api::window::{Added, TooMuch};
use crate::engine::local::state::change::Change;
use crate::engine::local::turn::Turn;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::inventory::{Item, Spend, TokenKey, TokenState};

/// What was granted to a window.
pub struct Granted {
    window: String,
    added: Added,
    tally: Change,
    half: Vec<TooMuch>,
}

/// Asks for what a call is about to add; nothing is asked of Rust code, which is not bound.
///
/// # Errors
/// `rate_limited` where windows have added enough for now, `inventory_too_large` where what is left is not for windows. What was tried is
/// told.
pub fn ask(
    account: &Account,
    turn: &Turn,
    window: Option<&str>,
    added: Added,
) -> Result<Option<Granted>, Error> {
    let Some(window) = window.filter(|_| added != Added::default()) else { return Ok(None) };
    is_left(account, turn, window, added)?;
    let now = account.clock.now();
    let per_hour = account.config.windows.states_per_hour;
    let is_modest = account.shares.is_modest(window, added, per_hour, now);
    let state = turn.state();
    match state.marks().windows().with(added, per_hour, is_modest, now) {
        Ok((tally, half)) => {
            let tally = Change::Windows(tally);
            Ok(Some(Granted { window: window.to_owned(), added, tally, half }))
        }
        Err(TooMuch { what, in_an_hour }) => {
            let time = time(in_an_hour);
            let words = format!("more {what} than windows may add within one {time} were refused");
            tell(account, window, what, &words);
            let message = format!("windows have added as many {what} as they may within one {time}");
            Err(Error::new(Code::RateLimited, message))
        }
    }
}

fn is_left(account: &Account, turn: &Turn, window: &str, added: Added) -> Result<(), Error> {
    let bounds = account.local.bounds();
    let state = turn.state();
    let inventory = state.holdings().inventory();
    let kinds = [
        ("token states", inventory.len(), added.states, bounds.states),
        ("entries", inventory.entry_count(), added.entries, bounds.entries),
    ];
    for (what, here, more, bound) in kinds {
        let most = bound - bound * limits::KEPT_FROM_WINDOWS_PERCENT / 100;
        if more > 0 && here.saturating_add(usize::try_from(more).unwrap_or(usize::MAX)) > most {
            tell(
                account,
                window,
                "room",
                &format!("more {what} than windows may fill a wallet with were refused"),
            );
            let message = format!("more than {most} {what}: what is left is not for windows");
            return Err(Error::new(Code::InventoryTooLarge, message));
        }
    }
    Ok(())
}

/// A window may use half of what is kept of one state, so that Rust and other devices always find a place.
///
/// # Errors
/// `bad_request` where there are as many.
pub fn fits_state(window: Option<&str>, kind: SpendKind, here: usize) -> Result<(), Error> {
    let (most, what) = match (window, kind) {
        (None, SpendKind::Intent) => (limits::SET_ITEMS, "intents"),
        (None, SpendKind::Proof) => (limits::SET_ITEMS, "proofs"),
        (Some(_), SpendKind::Intent) => (limits::WINDOW_INTENTS, "intents"),
        (Some(_), SpendKind::Proof) => (limits::WINDOW_PROOFS, "proofs"),
    };
    if here >= most {
        return Err(bad(format!("{here} {what} of this state are recorded already")));
    }
    Ok(())
}

/// How many of these states stand beside one that is on offer, and do not follow it: then neither is.
pub fn rivals<'a>(turn: &Turn, new: impl Iterator<Item = (&'a TokenKey, &'a TokenState)>) -> usize {
    let state = turn.state();
    let inventory = state.holdings().inventory();
    let is_rival = |(key, new): &(&TokenKey, &TokenState)| {
        inventory.view_of(&key.token_id, false).any(|row| {
            let is_other = row.key.state_hash != key.state_hash;
            is_other && row.spend == Spend::None && new.previous.as_ref() != Some(&row.key.state_hash)
        })
    };
    new.filter(is_rival).count()
}

const fn time(in_an_hour: bool) -> &'static str {
    if in_an_hour { "hour" } else { "day" }
}

/// States among items.
pub fn states(items: &[Item]) -> impl Iterator<Item = (&TokenKey, &TokenState)> {
    items.iter().filter_map(|item| match item {
        Item::Token(key, state) => Some((key, state)),
        _ => None,
    })
}

/// Tells what a window did, once in a while.
pub fn tell(account: &Account, window: &str, what: &'static str, words: &str) {
    if let Some(times) = account.shares.tell(window, what, account.clock.now()) {
        let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
        account.local.alert("window", format!("window {window}: {words}{times}"));
    }
}

impl Granted {
    /// What makes it count.
    pub fn change(&self) -> Change {
        self.tally.clone()
    }

    /// It was added.
    pub fn note(self, account: &Account) {
        account.shares.note(&self.window, self.added, account.clock.now());
        for TooMuch { what, in_an_hour } in self.half {
            let time = time(in_an_hour);
            let words = format!("windows have added half of the {what} that they may within one {time}");
            account.local.alert("window", format!("window {}: {words}", self.window));
        }
    }
}
