//! Which verbs a node refuses. A proxy before it may let through some and not others: then another way is taken where there is
//! one, the refused verb is not asked for each time, and it is named.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;

/// What comes of it where a verb is refused.
const INSTEAD: &[(&str, &str)] = &[
    ("id", "which machine it is, is found out by a block"),
    ("name/get", "routing/get takes its place"),
    ("routing/put", "name/put takes its place"),
    ("pin/update", "pin/add takes its place and takes longer"),
    ("pin/rm", "what is surplus stays pinned there"),
    ("block/get", "dag/export takes its place"),
    ("block/stat", "block/get takes its place"),
    ("dag/export", "blocks are asked for one by one"),
    ("dag/import", "block/put takes its place, block by block"),
    ("dag/stat", "blocks are looked for one by one"),
    ("pin/add", "nothing can be kept there without it"),
    ("block/rm", "a block that is damaged there stays so: its operator has to run `ipfs repo verify --heal`"),
    ("pin/ls", "nothing can be verified there without it"),
];

/// The refusals of one node.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// Some verb was answered: it is not the credentials that are refused.
    has_answered: bool,
    refused: BTreeMap<&'static str, Refused>,
}

struct Refused {
    why: String,
    /// It is not there, as at an address that is no RPC.
    is_missing: bool,
    at: Instant,
}

impl Refusals {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node refused a verb.
    pub fn note(&self, verb: &'static str, why: &str, is_missing: bool) {
        let refused = Refused { why: why.to_owned(), is_missing, at: monotonic() };
        self.inner().refused.insert(verb, refused);
    }

    /// The node answered a verb.
    pub fn note_answered(&self, verb: &'static str) {
        let mut inner = self.inner();
        inner.has_answered = true;
        inner.refused.remove(verb);
    }

    /// Whether another verb is the better way: this one was refused not long ago, and that one was not.
    pub fn is_better(&self, other: &str, than: &str) -> bool {
        let inner = self.inner();
        inner.is_refused(than) && !inner.is_refused(other)
    }

    /// Why a verb need not be asked for: it was refused not long ago.
    pub fn why(&self, verb: &str) -> Option<Error> {
        let inner = self.inner();
        let refused = inner.refused.get(verb).filter(|_| inner.is_refused(verb))?;
        Some(Error::new(Code::Denied, refused.why.clone()))
    }

    /// Whether none of these verbs is there.
    pub fn are_missing(&self, verbs: &[&str]) -> bool {
        let inner = self.inner();
        verbs.iter().all(|verb| inner.refused.get(verb).is_some_and(|refused| refused.is_missing))
    }

    /// What to tell of verbs that are refused while others are answered.
    pub fn told(&self) -> Vec<String> {
        let inner = self.inner();
        let refused = inner.refused.iter().filter(|_| inner.has_answered);
        refused.map(|(verb, refused)| told(verb, &refused.why)).collect()
    }
}

impl Inner {
    fn is_refused(&self, verb: &str) -> bool {
        self.refused.get(verb).is_some_and(|refused| refused.at.elapsed() < limits::REFUSED_AGAIN)
    }
}

fn told(verb: &str, why: &str) -> String {
    match INSTEAD.iter().find(|(refused, _)| *refused == verb) {
        Some((_, instead)) => format!("{why}: {instead}"),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Refusals;
    use crate::limits;

    #[tokio::test(start_paused = true)]
    async fn a_refused_verb_is_asked_again_after_a_while() {
        let refusals = Refusals::default();
        refusals.note("name/get", "name/get was refused (status 403)", false);
        assert!(refusals.is_better("routing/get", "name/get"));
        tokio::time::advance(limits::REFUSED_AGAIN).await;
        assert!(!refusals.is_better("routing/get", "name/get"));
    }

    #[tokio::test(start_paused = true)]
    async fn where_both_are_refused_neither_is_better() {
        let refusals = Refusals::default();
        refusals.note("name/get", "", true);
        assert!(!refusals.are_missing(&["name/get", "routing/get"]));
        refusals.note("routing/get", "", true);
        assert!(refusals.are_missing(&["name/get", "routing/get"]));
        assert!(!refusals.is_better("routing/get", "name/get"));
        assert!(!refusals.is_better("name/get", "routing/get"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_refuses_everything_refuses_no_verb_in_particular() {
        let refusals = Refusals::default();
        refusals.note("pin/update", "pin/update was refused (status 403)", false);
        assert!(refusals.told().is_empty());
        refusals.note_answered("version");
        let told = "pin/update was refused (status 403): pin/add takes its place and takes longer";
        assert_eq!(refusals.told(), [told]);
        refusals.note_answered("pin/update");
        assert!(refusals.told().is_empty());
    }
}
