//! `docs/troubleshooting.md` has a line for every code, alert, warning and sentence that engine and nodes can say, and says nothing
//! that they do not say. Read from the sources, so that a new one without a line is seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tauri_plugin_wallet_sync::Code;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");

/// Sentences in the sources that nobody is told, and why.
const UNTOLD: [(&str, &[&str]); 4] = [
    (
        "words of Kubo and of servers, which are compared",
        &[
            "datastore: key not found",
            "routing: not found",
            "record is expired",
            "pin check failed: ",
            "could not resolve name",
            "can't replace a newer record with an older one",
            "old record",
            "existing IPNS record has sequence ",
            "record is malformed",
            "signature verification failed",
            "out of range of int64 type",
            "record exceeds ",
            "block was not found locally (offline)",
            "block was not fo",
            "' is not pinned",
            "not pinned or pinned indirectly",
            "'to' cid was already recursively pinned",
            "'from' cid was not recursively pinned already",
            "this action must be run in online mode",
            "can't put while offline",
            "experimental pubsub feature not enabled",
            "No required SSL certificate was sent",
            "The SSL certificate error",
            "plain HTTP request was sent to HTTPS port",
            "HTTP request to an HTTPS server",
            "context deadline exceeded",
            "context canceled",
            "too many open files",
        ],
    ),
    ("steps, in the log only", &["put, pinned and named", "read back"]),
    ("parts of other sentences", &["the gateway"]),
    (
        "heard by nobody",
        &[
            "another connection serves it",
            "the node cannot read the block that it has",
            "Dht(… peers)",
            "what the tests compare with answers of these versions",
        ],
    ),
];

/// What a check finds stands beside what to change.
const TELLS_ITSELF: &str = "src/node/check.rs";

/// Files of Rust below a folder, without those that only test.
pub fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The string literals of a source, but for those of comments and of the log; `{…}` is `…`.
pub fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut rest, mut depth, mut log_since) = (source, 0_usize, None);
    while let Some(next) = rest.chars().next() {
        let step = match next {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '\'' if rest.starts_with("'\"'") => 3,
            't' if rest.starts_with("tracing::") && log_since.is_none() => {
                log_since = Some(depth);
                "tracing::".len()
            }
            '"' => {
                let (literal, len) = literal(rest);
                if log_since.is_none() {
                    found.push(literal);
                }
                len
            }
            other => {
                depth = match other {
                    '(' => depth + 1,
                    ')' => depth.saturating_sub(1),
                    _ => depth,
                };
                if matches!(other, ')' | ';' | '{') && log_since.is_some_and(|since| depth <= since) {
                    log_since = None;
                }
                other.len_utf8()
            }
        };
        rest = rest.split_at(step).1;
    }
    found
}

/// The literal at the beginning, and how many bytes of the source it takes.
fn literal(source: &str) -> (String, usize) {
    let (mut text, mut is_hole) = (String::new(), false);
    let mut chars = source.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, space)| space.is_whitespace()).is_some() {},
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            '{' => (text, is_hole) = (text + "…", true),
            '}' => is_hole = false,
            other if !is_hole => text.push(other),
            _ => {}
        }
    }
    (text, source.len())
}

/// Two words of letters at least.
fn is_sentence(text: &str) -> bool {
    let is_word = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'')
    };
    text.split_whitespace().filter(is_word).count() > 1 && !text.contains('_')
}

/// The section of the page that lists words.
fn words_of(page: &str) -> &str {
    let (_, from) = page.split_once("## Word for word").unwrap();
    from.split_once("\n## ").map_or(from, |(section, _)| section)
}

/// The part of it below a title.
fn below<'a>(page: &'a str, title: &str) -> &'a str {
    let part = words_of(page).split_once(&format!("### {title}\n")).map_or("", |(_, part)| part);
    part.split_once("\n### ").map_or(part, |(part, _)| part)
}

/// Whether a row of it begins with this word.
fn has_row(page: &str, title: &str, word: &str) -> bool {
    below(page, title).contains(&format!("\n| `{word}` |"))
}

/// What rows quote, but for what is to be done.
fn quoted(page: &str) -> BTreeSet<String> {
    let rows = words_of(page).lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let said = rows.filter_map(|row| row.rsplit_once(" | ").map(|(said, _)| said));
    said.flat_map(|said| said.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The identifiers of alerts: what stands first where one is made.
fn alerts(source: &str) -> Vec<String> {
    let made = ["alert(", "alerts.push(("].into_iter().flat_map(|call| source.split(call).skip(1));
    let first = made.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    first.map(str::to_owned).collect()
}

fn complaints(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let rows = |title: &str, words: Vec<String>| {
        let missing = words.into_iter().filter(|word| !has_row(page, title, word)).collect::<Vec<_>>();
        missing.into_iter().map(|word| format!("{title}: no line for {word}")).collect::<Vec<_>>()
    };
    found.extend(rows("Codes", Code::ALL.iter().map(|code| code.as_str().to_owned()).collect()));
    let warnings = include_str!("../../src/engine/api/warning.rs");
    let words = warnings.split_once("fn as_str").unwrap().1.split_once("\n    }\n").unwrap().0;
    found.extend(rows("Warnings of a report", literals(words)));

    let untold: BTreeSet<&str> = UNTOLD.iter().flat_map(|(_, texts)| texts.iter().copied()).collect();
    let (quoted, mut said) = (quoted(page), BTreeSet::new());
    let sources: Vec<_> = ["src/engine", "src/node"].into_iter().flat_map(sources).collect();
    let made: BTreeSet<String> = sources.iter().flat_map(|(_, source)| alerts(source)).collect();
    found.extend(rows("Alerts", made.into_iter().collect()));
    for (path, source) in sources {
        for text in literals(&source) {
            let is_told = path != Path::new(TELLS_ITSELF) && is_sentence(&text);
            if is_told && !untold.contains(text.as_str()) && !quoted.contains(&text) {
                found.push(format!("{}: no line for \"{text}\"", path.display()));
            }
            said.insert(text);
        }
    }
    found.extend(
        quoted.iter().filter(|text| !said.contains(*text)).map(|text| format!("nobody says \"{text}\"")),
    );
    found.extend(
        untold.iter().filter(|text| !said.contains(**text)).map(|text| format!("not there: \"{text}\"")),
    );
    found
}

#[test]
fn everything_that_is_said_has_its_line() {
    assert_eq!(complaints(PAGE), [] as [String; 0]);
}

#[test]
fn what_the_page_lacks_is_seen() {
    let other = |from: &str, to: &str| {
        assert!(PAGE.contains(from), "{from}");
        complaints(&PAGE.replacen(from, to, 1))
    };
    assert_eq!(other("\n| `storage_io` |", "\n| `storage` |"), ["Codes: no line for storage_io"]);
    assert_eq!(other("\n| `content_lost` |", "\n| `lost` |"), ["Alerts: no line for content_lost"]);
    assert_eq!(other("\n| `put_back` |", "\n| `back` |"), ["Warnings of a report: no line for put_back"]);
    let changed = other("\"the pin got no further\"", "\"the pin came no further\"");
    assert_eq!(changed.len(), 2, "one that is missing, one that nobody says: {changed:?}");
}

#[test]
fn sentences_are_found_in_sources() {
    let source = r#"
        // "not this one"
        tracing::warn!(id = "x", "nor this one ({})", of("or this"));
        Error::new(Code::Invalid, format!("the node {id} \"says\" {:?} twice, \
            and goes on", '"'));
    "#;
    assert_eq!(literals(source), ["the node … \"says\" … twice, and goes on"]);
    assert!(is_sentence("no connection") && is_sentence("slot …: 0 to …"));
    assert!(!is_sentence("dag/import") && !is_sentence("…: …") && !is_sentence("proxy"));
}
