//! What engine, plugin, command line and the example app say of one thing is said of one: no sentence of ours has a count in front of a
//! plural. `shown::counted` is there for that.

use crate::troubleshooting_page::{literals, sources};

const SEVERAL: [&str; 30] = [
    "accounts",
    "audits",
    "blocks",
    "changes",
    "coins",
    "devices",
    "entries",
    "events",
    "items",
    "keys",
    "machines",
    "messages",
    "names",
    "nodes",
    "parts",
    "payloads",
    "proofs",
    "records",
    "requests",
    "roots",
    "settings",
    "slots",
    "states",
    "token states",
    "things",
    "tokens",
    "values",
    "versions",
    "wallets",
    "windows",
];

/// Where it is never one, or for the eyes of a developer.
const NEVER_ONE: [&str; 11] = [
    "BackupReader(",
    "CarReader(",
    "CarWriter(",
    "Diff(",
    "… roots",
    "… versions of one counter",
    ", at most …",
    "… proofs of this state are rejected already",
    "… proofs were rejected on this device already",
    "more than one file may hold",
    "… slots are in use",
];

/// The demo tells of numbers of its own.
const DEMO: &str = "/demo/";

/// Counts in front of a plural in a sentence.
fn plurals(text: &str) -> bool {
    let pieces: Vec<&str> = text.split('…').collect();
    pieces.windows(2).any(|pair| {
        let [before, after] = pair else { return false };
        let is_bound = ["than ", "most ", "of the "].iter().any(|end| before.ends_with(end));
        let after = after.strip_prefix(' ').unwrap_or_default();
        let begins = |word: &&str| {
            after.strip_prefix(*word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        };
        !is_bound && SEVERAL.iter().any(begins)
    })
}

#[test]
fn no_sentence_says_one_of_several() {
    let mut found = Vec::new();
    for (path, source) in
        ["src", "examples/cli/src", "examples/wallet/src-tauri/src"].into_iter().flat_map(sources)
    {
        if path.to_string_lossy().replace('\\', "/").contains(DEMO) {
            continue;
        }
        let said = literals(&source).into_iter().filter(|text| plurals(text));
        let said = said.filter(|text| !NEVER_ONE.iter().any(|never| text.contains(never)));
        found.extend(said.map(|text| format!("{}: {text}", path.display())));
    }
    assert_eq!(found, [] as [String; 0]);
}

#[test]
fn a_count_in_front_of_a_plural_is_seen() {
    for text in ["… machines hold everything", "level: … (latest root on … nodes)", "only … nodes"] {
        assert!(plurals(text), "{text}");
    }
    for text in
        ["more than … blocks", "at most … states", "… nodesfile", "nodes …", "… of slot …", "one node"]
    {
        assert!(!plurals(text), "{text}");
    }
}
