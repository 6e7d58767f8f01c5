//! One node: who it is, and what it holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{join_all, join3};

use super::blocks::{Blocks, Count, OnNode};
use super::expected::Expected;
use super::marks::{Marks, marks};
use crate::engine::account::Account;
use crate::engine::api::audit::Mark;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

/// What was seen of one node.
#[derive(Debug, Default)]
pub struct Looked {
    pub version: Option<String>,
    /// The worst of each, where it answered for all slots.
    pub marks: Option<Marks>,
    /// Slots of which something is wrong, each with whether its pin is gone.
    pub wrong_slots: Vec<(Slot, bool)>,
    pub blocks: Blocks,
    /// Why it could not be looked at, or not all of it.
    pub error: Option<Error>,
}

impl Looked {
    /// How much is missing, stale or damaged.
    pub fn wrong(&self) -> u64 {
        let marks = self.marks.iter().flatten().filter(|mark| **mark != Mark::Ok).count();
        (self.blocks.missing.len() + self.blocks.damaged.len() + marks) as u64
    }

    pub fn is_wanting(&self) -> bool {
        self.wrong() > 0
    }

    pub fn is_whole(&self) -> bool {
        self.error.is_none() && self.marks.is_some() && !self.is_wanting()
    }

    pub fn wrong_blocks(&self) -> BTreeSet<Cid> {
        self.blocks.missing.union(&self.blocks.damaged).copied().collect()
    }
}

/// Looks at one node. What it does not answer is in the result.
pub async fn look(
    account: &Arc<Account>,
    at: usize,
    expected: &Expected,
    all: bool,
    count: &Count,
) -> Looked {
    let node = match account.network.require(at) {
        Ok(node) => node,
        Err(e) => return Looked { error: Some(e), ..Looked::default() },
    };
    let on_node = OnNode { account, node, count };
    let call = account.network.call(limits::MACHINE_LOOK);
    let each = join_all(expected.subjects.iter().map(|subject| marks(account, node, subject)));
    let seen = join3(each, node.about(&call), account.learn_machine(at)).await;
    let (each, about, learnt) = seen;
    let version = about.ok().map(|about| about.version).filter(|version| !version.is_empty());
    let mut looked = Looked { version, ..Looked::default() };
    if let Err(e) = learnt {
        tracing::warn!(code = %e.code(), "which machine a node is could not be noted");
    }
    let mut worst = [Mark::Ok; 4];
    for (subject, marks) in expected.subjects.iter().zip(each) {
        let marks = match marks {
            Ok(marks) => marks,
            Err(e) => {
                looked.error = Some(e);
                return looked;
            }
        };
        let [.., pin, _] = marks;
        if marks.iter().any(|mark| *mark != Mark::Ok) {
            looked.wrong_slots.push((subject.slot, pin != Mark::Ok));
        }
        for (worst, mark) in worst.iter_mut().zip(marks) {
            *worst = mark.max(*worst);
        }
    }
    looked.marks = Some(worst);
    looked.blocks = on_node.blocks(expected, all).await;
    looked.error.clone_from(&looked.blocks.error);
    looked
}
