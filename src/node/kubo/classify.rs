//! What an answer means, by the messages of Kubo.

use reqwest::StatusCode;

use super::http::HttpAnswer;
use crate::error::{Code, Error};
use crate::node::RefusedByPage;

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
                // What a node says is for logs only.
                Some(said) => Error::with_source(Code::Unreachable, words, std::io::Error::other(said)),
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

/// A message of a node, shortened and without control characters, for use in an error.
pub(super) fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect()
}
