//! A change of secret, as far as this device knows of one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Local;
use super::rows::Confirmed;
use super::state::change::Change;
use super::state::marks::{Moved, Moving};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::WalletId;

impl Local {
    /// # Errors
    /// `moved` once the wallet has another secret.
    pub fn check_here(&self) -> Result<(), Error> {
        match self.read().marks().moved().filter(Moved::is_over) {
            None => Ok(()),
            Some(_) => Err(Error::new(
                Code::Moved,
                "this wallet has another secret since: open it with that one, and take along what is here",
            )),
        }
    }

    /// Whether another device has changed the secret: nothing that stands under this one is taken in any more. Who changed it itself
    /// takes in what it finds where it puts its markers.
    pub fn is_left(&self) -> bool {
        let moved = self.read().marks().moved();
        moved.is_some_and(|moved| matches!(moved.how, Moving::MadeElsewhere | Moving::Joined))
    }

    /// The wallet goes on under another secret, or is about to. Another device's change counts where none was made or begun here.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_moved(self: &Arc<Self>, moved: Moved) -> Result<(), Error> {
        let turn = self.turn().await;
        let known = turn.state().marks().moved();
        let is_news = moved.how == Moving::MadeElsewhere;
        let stays =
            |known: Moved| known == moved || known.is_over() && (is_news || moved.how == Moving::Begun);
        if known.is_some_and(stays) {
            return Ok(());
        }
        turn.commit(vec![Change::Moved(moved)]).await?;
        drop(turn);
        if is_news {
            let words = "another device has changed the wallet's secret; nothing is published under the old one any more";
            self.alert("moved", words.to_owned());
        }
        Ok(())
    }

    /// This wallet's secret took the place of another one's.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_former(self: &Arc<Self>, former: WalletId) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().marks().former() == Some(former) {
            return Ok(());
        }
        turn.commit(vec![Change::FormerWallet(former)]).await
    }

    /// Rejections of proofs that were confirmed on this device under another secret.
    ///
    /// # Errors
    /// `bad_request` where there are more than a device remembers; store errors.
    pub async fn confirm_also(self: &Arc<Self>, also: Confirmed) -> Result<(), Error> {
        let turn = self.turn().await;
        let mut all = turn.state().holdings().inventory().confirmed().clone();
        for (key, proofs) in also {
            all.entry(key).or_default().extend(proofs);
        }
        if all.values().map(BTreeSet::len).sum::<usize>() > limits::REJECTIONS {
            let message = format!("more than {} proofs were rejected on this device", limits::REJECTIONS);
            return Err(Error::new(Code::BadRequest, message));
        }
        turn.commit(vec![Change::Confirmed(all)]).await
    }
}
