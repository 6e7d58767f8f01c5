//! What large accounts show while they are being opened: how they were closed, and nothing that is not so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args;
use super::failure::{CommandError, CommandResult};
use super::feed::Feed;
use super::wire::{TokenPage, TokenRange, WalletStatus};
use crate::engine::{Engine, FirstLook, OpenOptions, TokenRow, nodes_of};
use crate::error::{Code, Error};
use crate::secret::Secret;

/// Number of the opening that is not finished.
const NOT_YET: u32 = 0;

/// First looks of the accounts that are being opened.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<BTreeMap<String, Arc<Look>>>);

/// The first look of one account.
#[derive(Debug)]
pub(super) struct Look {
    account: String,
    nodes: usize,
    look: FirstLook,
}

/// Shows a look until it is dropped, when the account is open or could not be opened.
pub(super) struct Showing<'a> {
    looks: &'a Looks,
    feed: Arc<Feed>,
    is_open: bool,
}

impl Looks {
    /// Shows how an account was closed, where that is known.
    pub(super) async fn begin(
        &self,
        feed: &Arc<Feed>,
        secret: &Secret,
        options: &OpenOptions,
    ) -> Option<Showing<'_>> {
        // What hinders a look hinders the opening, which says it.
        let look = Engine::first_look(secret, options).await.ok().flatten()?;
        let (account, nodes) = (feed.account().to_owned(), nodes_of(secret, &options.config).len());
        self.all().insert(account.clone(), Arc::new(Look { account, nodes, look }));
        feed.look();
        Some(Showing { looks: self, feed: feed.clone(), is_open: false })
    }

    pub(super) fn of(&self, account: &str) -> Option<Arc<Look>> {
        self.all().get(account).cloned()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Look>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Showing<'_> {
    /// The account is open.
    pub(super) fn end(mut self) {
        self.is_open = true;
    }
}

impl Drop for Showing<'_> {
    fn drop(&mut self) {
        self.looks.all().remove(self.feed.account());
        if !self.is_open {
            self.feed.close();
        }
    }
}

impl Look {
    pub(super) fn status(&self) -> WalletStatus {
        WalletStatus::of(&self.account, NOT_YET, self.look.status.clone(), self.nodes, false)
    }

    /// A page of the list, as far as it is known.
    ///
    /// # Errors
    /// `bad_request`; `closed` for what is not known before the account is open.
    pub(super) fn page(&self, asked: &TokenRange) -> CommandResult<TokenPage> {
        let limit = args::rows(asked.limit)?;
        let after = match &asked.after {
            Some(after) => Some(args::token_key(&after.token_id, &after.state_hash)?),
            None => None,
        };
        if asked.all.unwrap_or(false) {
            return Err(not_yet());
        }
        let is_later = |row: &&TokenRow| after.as_ref().is_none_or(|after| row.key > *after);
        let known: Vec<&TokenRow> = self.look.tokens.iter().filter(is_later).collect();
        if known.is_empty() && !self.look.is_whole {
            return Err(not_yet());
        }
        let is_wanted = |row: &&&TokenRow| !asked.spendable.unwrap_or(false) || row.is_spendable();
        let wanted: Vec<&TokenRow> = known.iter().filter(is_wanted).take(limit).copied().collect();
        let last_known = known.last().map(|row| &row.key);
        // Where the page is full, it ends at its last row; else at the last one that was looked at.
        let end = if wanted.len() == limit { wanted.last().map(|row| &row.key) } else { last_known };
        let is_last = self.look.is_whole && end == last_known;
        Ok(TokenPage {
            opening: NOT_YET,
            revision: self.look.status.revision,
            total: u64::try_from(self.look.status.tokens.total).unwrap_or(u64::MAX),
            others: self.look.others.into(),
            tokens: wanted.into_iter().cloned().map(Into::into).collect(),
            next: end.filter(|_| !is_last).cloned().map(Into::into),
        })
    }
}

fn not_yet() -> CommandError {
    Error::new(Code::Closed, "the account is being opened, and this part of it is not read yet").into()
}

#[cfg(test)]
mod tests;
