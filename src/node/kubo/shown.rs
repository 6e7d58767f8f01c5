//! Asks a node for many names at once: `pin/ls` resolves every path that it is given, offline from the node's own store.

use serde_json::Value;

use super::KuboNode;
use super::classify::{Meaning, meant, rpc_message, says};
use super::http::HttpAnswer;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::node::{Call, Shown, is_refused};

impl KuboNode {
    /// With `stream`, Kubo answers in the order of the question; without, as a map by CID.
    pub(super) async fn shown_roots(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        let paths: Vec<String> = names.iter().map(|name| format!("/ipns/{}", name.k51())).collect();
        let args = paths.iter().map(|path| ("arg", path.as_str()));
        let how = [("type", "recursive"), ("offline", "true"), ("stream", "true")];
        let query: Vec<(&str, &str)> = args.chain(how).collect();
        let bounds = self.short(limits::SMALL_ANSWER_BYTES);
        match self.ask("pin/ls", &query, bounds, call).await {
            Ok(answer) => Ok(meaning(&answer, &paths)),
            Err(e) if is_refused(&e) => Ok(Shown::Refused),
            Err(e) => Err(e),
        }
    }
}

fn meaning(answer: &HttpAnswer, paths: &[String]) -> Shown {
    if answer.status.is_success() {
        let roots: Vec<Cid> = answer
            .body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map_while(root)
            .collect();
        // The error about a later one may come when the status was sent. An answer of another shape says nothing.
        return if (1..=paths.len()).contains(&roots.len()) { Shown::Roots(roots) } else { Shown::Refused };
    }
    let unpinned = rpc_message(answer).and_then(|message| unpinned(&message, paths));
    match unpinned {
        Some(at) => Shown::Unpinned(at),
        None if says(answer, Meaning::NoRecord) => Shown::NotAll,
        None => Shown::Refused,
    }
}

fn root(line: &[u8]) -> Option<Cid> {
    let value: Value = serde_json::from_slice(line).ok()?;
    value.get("Cid")?.as_str()?.parse().ok()
}

/// Which path a message such as `path '/ipns/k51…' is not pinned` names.
fn unpinned(message: &str, paths: &[String]) -> Option<usize> {
    let said = meant(message, Meaning::NotPinned)?;
    paths.iter().position(|path| path == said)
}
