//! What an answer means, by the messages of Kubo.

use reqwest::StatusCode;

use super::http::HttpAnswer;
use crate::error::{Code, Error};

pub(super) const RECORD: &str = "application/vnd.ipfs.ipns-record";
pub(super) const RAW: &str = "application/vnd.ipld.raw";
pub(super) const CAR: &str = "application/vnd.ipld.car";

/// The message of an RPC error: `{"Message": …, "Code": …, "Type": "error"}`.
pub(super) fn rpc_message(answer: &HttpAnswer) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let object = value.as_object()?;
    if object.get("Type")?.as_str()? != "error" {
        return None;
    }
    Some(object.get("Message")?.as_str()?.to_owned())
}

/// Whether the node says that it has no record.
pub(super) fn says_absent(answer: &HttpAnswer) -> bool {
    if answer.status != StatusCode::INTERNAL_SERVER_ERROR {
        return false;
    }
    let words = |text: &str| {
        ["routing: not found", "could not resolve name", "record is expired"]
            .iter()
            .any(|said| text.contains(said))
    };
    match rpc_message(answer) {
        Some(message) => words(&message),
        // The gateway answers in plain text.
        None => answer.content_type == "text/plain" && std::str::from_utf8(&answer.body).is_ok_and(words),
    }
}

/// Whether the node says that a block is not in its own store.
pub(super) fn says_not_local(answer: &HttpAnswer) -> bool {
    answer.status == StatusCode::INTERNAL_SERVER_ERROR
        && rpc_message(answer).is_some_and(|message| message.contains("block was not found locally"))
}

/// The answer if its status is a success, else the error.
pub(super) fn successful(answer: HttpAnswer) -> Result<HttpAnswer, Error> {
    if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
}

/// The error for an answer whose status is not a success.
pub(super) fn refusal(answer: &HttpAnswer) -> Error {
    let status = answer.status.as_u16();
    let message = rpc_message(answer).map(|message| shorten(&message));
    match answer.status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
            Error::new(Code::Denied, format!("{} was refused (status {status})", answer.asked))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let error = Error::new(Code::Unreachable, format!("the node is busy (status {status})"));
            answer.retry_after.map_or(error.clone(), |wait| error.and_retry_after(wait))
        }
        _ => {
            let words = format!("{} failed (status {status})", answer.asked);
            match message {
                // What a node says is for logs only.
                Some(said) => Error::with_source(Code::Unreachable, words, std::io::Error::other(said)),
                None => Error::new(Code::Unreachable, words),
            }
        }
    }
}

/// A message of a node, shortened and without control characters, for use in an error.
pub(super) fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect()
}
