//! The body of a put: the length of the head in four bytes (big-endian), the head as JSON, then the payloads one after the other.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tauri::ipc::{InvokeBody, Request};

use super::token_key;
use crate::engine::{Id, NewToken};
use crate::limits;
use crate::plugin::failure::{CommandError, CommandResult};

/// The head, in front of the payloads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutHead {
    #[serde(deserialize_with = "account")]
    account: String,
    tokens: Vec<PutHeadToken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutHeadToken {
    #[serde(deserialize_with = "token_id")]
    token_id: String,
    #[serde(deserialize_with = "state_hash")]
    state_hash: String,
    #[serde(default, deserialize_with = "previous")]
    previous: Option<String>,
    #[serde(default, deserialize_with = "summary")]
    summary: Option<String>,
    #[serde(deserialize_with = "size")]
    size: usize,
}

/// What is said of a field that does not parse. In JSON half a surrogate pair is a string that does not.
macro_rules! fields {
    ($($field:ident: $kind:ty, $wrong:literal;)*) => {
        $(fn $field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
            Deserialize::deserialize(deserializer).map_err(|_| D::Error::custom($wrong))
        })*

        const WRONG_FIELDS: &[&str] = &[$($wrong,)*];
    };
}

fields! {
    account: String, "account: not text, or text with half a surrogate pair";
    token_id: String, "tokenId: not text, or text with half a surrogate pair";
    state_hash: String, "stateHash: not text, or text with half a surrogate pair";
    previous: Option<String>, "previous: not text, or text with half a surrogate pair";
    summary: Option<String>, "summary: not text, or text with half a surrogate pair";
    size: usize, "size: not a number of bytes";
}

fn parse_head(text: &[u8]) -> CommandResult<PutHead> {
    serde_json::from_slice(text).map_err(|error| {
        let error = error.to_string();
        // The place in the head follows.
        let field = WRONG_FIELDS.iter().find(|wrong| error.starts_with(**wrong));
        CommandError::bad_request(field.unwrap_or(&"body: its head is not what is expected"))
    })
}

/// Token states to put.
#[derive(Debug)]
pub(in crate::plugin) struct PutRequest {
    pub account: String,
    pub tokens: Vec<NewToken>,
}

/// The body of a put.
pub(in crate::plugin) fn put_body(request: &Request<'_>) -> CommandResult<Bytes> {
    let too_large = CommandError::too_large("a put is at most 16 MiB");
    match request.body() {
        InvokeBody::Raw(bytes) if bytes.len() <= limits::PUT_BODY_BYTES => Ok(Bytes::copy_from_slice(bytes)),
        InvokeBody::Raw(_) => Err(too_large),
        // Without Tauri's custom protocol bytes arrive as a list of numbers.
        InvokeBody::Json(serde_json::Value::Array(numbers)) if numbers.len() <= limits::PUT_BODY_BYTES => {
            let bytes = numbers.iter().map(|n| n.as_u64().and_then(|n| u8::try_from(n).ok()));
            let bytes: Option<Vec<u8>> = bytes.collect();
            bytes.map(Bytes::from).ok_or(CommandError::bad_request("body: not bytes"))
        }
        InvokeBody::Json(serde_json::Value::Array(_)) => Err(too_large),
        InvokeBody::Json(_) => Err(CommandError::bad_request("body: not bytes")),
    }
}

/// Takes a put apart.
pub(in crate::plugin) fn parse_put(mut body: Bytes) -> CommandResult<PutRequest> {
    const SHORT: CommandError = CommandError::bad_request("body: shorter than it says");
    let (length, _) = body.split_first_chunk::<4>().ok_or(SHORT)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let _ = body.split_to(4);
    if length > body.len() {
        return Err(SHORT);
    }
    let head = parse_head(&body.split_to(length))?;
    if head.tokens.len() > limits::PUT_TOKENS {
        return Err(CommandError::too_large("tokens: at most 1000 in one call"));
    }
    let mut tokens = Vec::with_capacity(head.tokens.len());
    for token in head.tokens {
        token_key(&token.token_id, &token.state_hash)?;
        if token.previous.as_ref().is_some_and(|previous| Id::parse(previous).is_err()) {
            return Err(CommandError::bad_request("previous: 1–128 characters of A–Z a–z 0–9 . _ : -"));
        }
        if token.summary.as_ref().is_some_and(|summary| summary.len() > limits::SUMMARY_BYTES) {
            return Err(CommandError::too_large("summary: at most 256 bytes"));
        }
        if token.size > limits::PAYLOAD_BYTES {
            return Err(CommandError::too_large("payload: at most 1 MiB"));
        }
        if token.size > body.len() {
            return Err(SHORT);
        }
        tokens.push(NewToken {
            token_id: token.token_id,
            state_hash: token.state_hash,
            previous: token.previous,
            summary: token.summary,
            payload: body.split_to(token.size),
        });
    }
    if !body.is_empty() {
        return Err(CommandError::bad_request("body: longer than it says"));
    }
    Ok(PutRequest { account: head.account, tokens })
}
