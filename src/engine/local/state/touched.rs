//! What a change alters of the token list.

use super::State;
use super::change::Change;
use super::shown::{Shown, Touched};
use crate::model::inventory::Item;

impl State {
    /// Which rows changed lately.
    pub fn shown(&self) -> &Shown {
        &self.session.shown
    }

    /// Adds what a change is about to alter of the list.
    pub fn touch(&mut self, change: &Change, touched: &mut Touched) {
        match change {
            Change::Item { key, item, .. } => {
                let token = match item.as_ref() {
                    Item::Token(key, _) => Some(key.token_id.clone()),
                    _ => None,
                };
                touched.token(token.clone());
                self.session.shown.remember(*key, token);
            }
            Change::Made { key, .. } => touched.items(&self.session.shown, [key]),
            Change::Block(block) | Change::BlockAhead(block) => {
                touched.items(&self.session.shown, self.holdings.wanting(block.cid()));
            }
            Change::Raise { upto, level, .. } => {
                touched.items(&self.session.shown, self.levels.below(*upto, *level));
            }
            Change::Lower(_) | Change::Confirmed(_) | Change::BlockLost(_) => touched.everything(),
            _ => {}
        }
    }

    /// Something that is shown has changed.
    pub fn next_revision(&mut self, touched: Touched) {
        self.session.revision = self.session.revision.wrapping_add(1);
        self.session.shown.note(self.session.revision, touched);
    }
}
