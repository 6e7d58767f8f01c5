//! What an answer means, by the words of Kubo: one table of its dialects.

use reqwest::StatusCode;

use super::http::HttpAnswer;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::{RefusedByPage, unreadable};
use crate::shown::{for_log, is_mark};

pub(super) const RECORD: &str = "application/vnd.ipfs.ipns-record";
pub(super) const RAW: &str = "application/vnd.ipld.raw";
pub(super) const CAR: &str = "application/vnd.ipld.car";

/// What Kubo says with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It has no record of the name, or one that is over.
    NoRecord,
    /// It has a record that it prefers.
    OlderRecord,
    /// The record that it was given is not a good one.
    BadRecord,
    /// The block is not in its own store.
    NotLocal,
    /// There is no recursive pin of what was asked for.
    NotPinned,
    /// There was no pin to remove.
    NothingPinned,
    /// The pin that was to be moved to is there.
    NewPinned,
    /// The pin that was to be moved is not there.
    OldNotPinned,
    /// The daemon runs with `--offline`: no record is given, or none taken before it is told that it may.
    OfflineDaemon,
    /// Pubsub is not enabled.
    NoPubsub,
}

/// How a message reads.
pub(super) enum Words {
    /// This and nothing else.
    Are(&'static str),
    /// It begins with this.
    Begin(&'static str),
    /// It holds this.
    Hold(&'static str),
    /// It begins with the first and ends with the second.
    Enclose(&'static str, &'static str),
}

/// One line of the table.
pub(super) struct Line {
    pub meaning: Meaning,
    pub words: Words,
    /// The versions that were heard to say so.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what the tests compare with answers of these versions")
    )]
    pub heard: &'static [&'static str],
}

const EVERY: &[&str] = &["0.40.1", "0.42.0", "0.43.0"];
const BEFORE_43: &[&str] = &["0.40.1", "0.42.0"];
const SINCE_43: &[&str] = &["0.43.0"];

const fn line(meaning: Meaning, words: Words, heard: &'static [&'static str]) -> Line {
    Line { meaning, words, heard }
}

/// Every way in which a supported version says something. Words that are not here mean nothing.
pub(super) const DIALECTS: &[Line] = &[
    // `name/get` and `routing/get` with offline=true.
    line(Meaning::NoRecord, Words::Are("datastore: key not found"), BEFORE_43),
    // The same; and the gateway, of every version.
    line(Meaning::NoRecord, Words::Are("routing: not found"), EVERY),
    line(Meaning::NoRecord, Words::Are("record is expired"), EVERY),
    // `pin/ls` and `name/resolve` of a name.
    line(Meaning::NoRecord, Words::Are("could not resolve name"), EVERY),
    // `routing/put` with offline=true.
    line(Meaning::OlderRecord, Words::Are("can't replace a newer record with an older one"), BEFORE_43),
    line(Meaning::OlderRecord, Words::Are("old record"), SINCE_43),
    // `name/put`.
    line(Meaning::OlderRecord, Words::Begin("existing IPNS record has sequence "), EVERY),
    // Both, with "validating record: " or more before it.
    line(Meaning::BadRecord, Words::Hold("record is expired"), EVERY),
    line(Meaning::BadRecord, Words::Hold("record is malformed"), EVERY),
    line(Meaning::BadRecord, Words::Hold("signature verification failed"), EVERY),
    line(Meaning::BadRecord, Words::Hold("out of range of int64 type"), EVERY),
    line(Meaning::BadRecord, Words::Hold("record exceeds "), EVERY),
    // `block/*` and `dag/*` with offline=true; everything that needs a block on a daemon that runs with `--offline`.
    line(Meaning::NotLocal, Words::Hold("block was not found locally (offline)"), EVERY),
    line(Meaning::NotPinned, Words::Enclose("path '", "' is not pinned"), EVERY),
    line(Meaning::NothingPinned, Words::Begin("not pinned or pinned indirectly"), EVERY),
    // `pin/update`.
    line(Meaning::NewPinned, Words::Are("'to' cid was already recursively pinned"), EVERY),
    line(Meaning::OldNotPinned, Words::Are("'from' cid was not recursively pinned already"), EVERY),
    line(Meaning::OfflineDaemon, Words::Begin("this action must be run in online mode"), EVERY),
    line(Meaning::OfflineDaemon, Words::Begin("can't put while offline"), EVERY),
    // `pubsub/sub` and `pubsub/pub`.
    line(Meaning::NoPubsub, Words::Begin("experimental pubsub feature not enabled"), EVERY),
];

/// Go's words for what may be well the next time: no end in its time, too much to do. What else goes wrong where a block is read is
/// about its file.
const PASSING: [&str; 3] = ["context deadline exceeded", "context canceled", "too many open files"];

impl Words {
    /// Whether a message reads like this; then what is between the two parts, or nothing.
    pub(super) fn fit<'a>(&self, said: &'a str) -> Option<&'a str> {
        match self {
            Self::Are(words) => (said == *words).then_some(""),
            Self::Begin(words) => said.starts_with(words).then_some(""),
            Self::Hold(words) => said.contains(words).then_some(""),
            Self::Enclose(first, last) => said.strip_prefix(first)?.strip_suffix(last),
        }
    }
}

/// Whether a message means this; then what it names, or nothing.
pub(super) fn meant(said: &str, meaning: Meaning) -> Option<&str> {
    let lines = DIALECTS.iter().filter(|line| line.meaning == meaning);
    lines.filter_map(|line| line.words.fit(said.trim_end())).next()
}

/// The message of an RPC error: `{"Message": …, "Code": …, "Type": "error"}`.
pub(super) fn rpc_message(answer: &HttpAnswer) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let object = value.as_object()?;
    if object.get("Type")?.as_str()? != "error" {
        return None;
    }
    Some(object.get("Message")?.as_str()?.to_owned())
}

/// Whether the node says this, in words of Kubo's own.
pub(super) fn says(answer: &HttpAnswer, meaning: Meaning) -> bool {
    if answer.status != StatusCode::INTERNAL_SERVER_ERROR {
        return false;
    }
    match rpc_message(answer) {
        Some(message) => meant(&message, meaning).is_some(),
        // The gateway answers in plain text.
        None => {
            answer.content_type == "text/plain"
                && meaning == Meaning::NoRecord
                && std::str::from_utf8(&answer.body).is_ok_and(|said| meant(said, meaning).is_some())
        }
    }
}

/// The answer if its status is a success, else the error.
pub(super) fn successful(answer: HttpAnswer) -> Result<HttpAnswer, Error> {
    if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
}

/// Whether a message is about this moment alone.
pub(super) fn is_passing(said: &str) -> bool {
    PASSING.iter().any(|words| said.contains(words))
}

/// The answer about a block that the node's own store has, if its status is a success, else the error: where the node says in words
/// of its own that it failed, and not for the moment only, it cannot read the block.
pub(super) fn of_own_block(answer: HttpAnswer) -> Result<HttpAnswer, Error> {
    let said = rpc_message(&answer).filter(|_| answer.status == StatusCode::INTERNAL_SERVER_ERROR);
    if said.is_none_or(|said| is_passing(&said)) {
        return successful(answer);
    }
    // For the log.
    let refused = refusal(&answer);
    Err(unreadable(format!("{}: it cannot read the block", refused.message())))
}

/// The error where a verb is refused as such: not let through, or not there. Kubo has every verb that is sent, and says what it
/// cannot do as an RPC error.
pub(super) fn refused_verb(answer: &HttpAnswer) -> Option<Error> {
    let status = answer.status;
    let is_missing = matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    );
    match status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Some(refusal(answer)),
        _ if is_missing && rpc_message(answer).is_none() => {
            let words = format!("{} is not offered (status {})", answer.asked, status.as_u16());
            Some(Error::new(Code::Denied, words))
        }
        _ => None,
    }
}

/// The error for an answer whose status is not a success.
pub(super) fn refusal(answer: &HttpAnswer) -> Error {
    let status = answer.status.as_u16();
    let message = rpc_message(answer).map(|message| shorten(&message));
    let asked = &answer.asked;
    match answer.status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED if answer.wants_credentials || !is_page(answer) => {
            Error::new(Code::Denied, format!("{asked} was refused (status {status})"))
        }
        // A filter's page says nothing of the token.
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
            let words =
                format!("{asked} was refused by something before the node (status {status} and a page)");
            Error::with_source(Code::Unreachable, words, RefusedByPage)
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            let words =
                format!("{asked}: what stands before the node takes no body as large (status {status})");
            Error::new(Code::TooLarge, words)
        }
        StatusCode::BAD_REQUEST if message.is_none() && of_front(answer).is_some() => {
            Error::new(Code::Unreachable, of_front(answer).unwrap_or_default())
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let error = Error::new(Code::Unreachable, format!("the node is busy (status {status})"));
            answer.retry_after.map_or(error.clone(), |wait| error.and_retry_after(wait))
        }
        _ => {
            let words = format!("{asked} failed (status {status})");
            match message {
                Some(message) => in_our_words(Code::Unreachable, words, &message),
                None => Error::new(Code::Unreachable, words),
            }
        }
    }
}

/// Whether the answer is a page for people, as proxies and filters send it: Kubo answers in plain words or JSON.
fn is_page(answer: &HttpAnswer) -> bool {
    answer.content_type.eq_ignore_ascii_case("text/html")
        || answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// What nginx or a Go server mean by a status 400, in our words.
fn of_front(answer: &HttpAnswer) -> Option<&'static str> {
    let says = |words: &str| answer.body.windows(words.len()).any(|part| part == words.as_bytes());
    if says("No required SSL certificate was sent") {
        Some("it wants a client certificate: set clientCert")
    } else if says("The SSL certificate error") {
        Some("it refuses the client certificate: see clientCert")
    } else if says("plain HTTP request was sent to HTTPS port") || says("HTTP request to an HTTPS server") {
        Some("https is spoken there, not http")
    } else {
        None
    }
}

/// An error in our words; what the node says of it is for logs only.
pub(super) fn in_our_words(code: Code, words: impl Into<String>, message: &str) -> Error {
    let words = words.into();
    tracing::debug!("{words}: the node says \"{}\"", for_log(message));
    Error::with_source(code, words, std::io::Error::other(shorten(message)))
}

/// A message of a node, shortened and without characters that are not shown, for the source of an error.
pub(super) fn shorten(text: &str) -> String {
    text.chars().map(|c| if is_mark(c) { ' ' } else { c }).take(limits::LOG_CHARS).collect()
}

#[cfg(test)]
mod tests;
