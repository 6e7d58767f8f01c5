//! The same writes on behalf of a window: bounded over time, and told where a bound is met. A part of [`Engine`]'s public methods, for
//! commands that windows call.
//!
//! What is bounded is what all windows of an account add: states, spends, entries and bytes, an hour and a day
//! ([`limits::windows`](crate::limits)). It is counted on disk, so that no restart begins anew. Rust code is not bound.

use bytes::Bytes;

use super::Engine;
use super::api::tokens::{NewToken, PutReport, SpendKind, SpendReport};
use super::tasks::to_the_end;
use super::wallet::{allowance, write};
use crate::error::Error;

impl Engine {
    /// As [`Engine::put`], on behalf of a window.
    ///
    /// # Errors
    /// As [`Engine::put`]; `rate_limited` where windows have added as much as they may for now, `inventory_too_large` where what is left
    /// is not for windows.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn put_from_window(&self, window: &str, tokens: Vec<NewToken>) -> Result<PutReport, Error> {
        to_the_end(write::put_by(self.writable()?, Some(window.to_owned()), tokens)).await
    }

    /// As [`Engine::spend`], on behalf of a window.
    ///
    /// # Errors
    /// As [`Engine::spend`] and [`Engine::put_from_window`]; `bad_request` where windows recorded half of what is kept of one state.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn spend_from_window(
        &self,
        window: &str,
        token_id: &str,
        state_hash: &str,
        kind: SpendKind,
        evidence: Bytes,
    ) -> Result<SpendReport, Error> {
        let key = (token_id.to_owned(), state_hash.to_owned());
        to_the_end(write::spend_by(self.writable()?, Some(window.to_owned()), key, kind, evidence)).await
    }

    /// As [`Engine::set`], on behalf of a window.
    ///
    /// # Errors
    /// As [`Engine::set`] and [`Engine::put_from_window`].
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn set_from_window(&self, window: &str, key: &str, value: Bytes) -> Result<(), Error> {
        to_the_end(write::set_by(self.writable()?, Some(window.to_owned()), key.to_owned(), value)).await
    }

    /// As [`Engine::delete`], on behalf of a window.
    ///
    /// # Errors
    /// As [`Engine::set_from_window`].
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn delete_from_window(&self, window: &str, key: &str) -> Result<(), Error> {
        to_the_end(write::delete_by(self.writable()?, Some(window.to_owned()), key.to_owned())).await
    }

    /// Tells, as an alert of kind `window`, that a window did something that it may not; the same of one window at most once in ten
    /// minutes, with how often it was tried. `what` tells one thing from another, `words` says it in a sentence without foreign text.
    pub fn tell_of_window(&self, window: &str, what: &'static str, words: &str) {
        allowance::tell(self.account(), window, what, words);
    }
}
