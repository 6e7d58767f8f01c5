//! Checks the arguments of commands before the engine gets them; an error names the argument.

use bytes::Bytes;
use multibase::Base;
use serde::Deserialize;
use tauri::ipc::{InvokeBody, Request};

use super::failure::{CommandError, CommandResult};
use super::wire::{Content, Encoding};
use crate::engine::{Engine, Id, NewToken, TokenKey};
use crate::limits;

/// A token id.
pub(super) fn token_id(text: &str) -> CommandResult<Id> {
    let wrong = |_| CommandError::bad_request("tokenId: 1–128 characters of A–Z a–z 0–9 . _ : -");
    Id::parse(text).map_err(wrong)
}

/// A state hash.
pub(super) fn state_hash(text: &str) -> CommandResult<Id> {
    let wrong = |_| CommandError::bad_request("stateHash: 1–128 characters of A–Z a–z 0–9 . _ : -");
    Id::parse(text).map_err(wrong)
}

/// Both as the key of a state.
pub(super) fn token_key(id: &str, hash: &str) -> CommandResult<TokenKey> {
    Ok(TokenKey { token_id: token_id(id)?, state_hash: state_hash(hash)? })
}

/// A key of an entry.
pub(super) fn entry_key(text: &str) -> CommandResult<()> {
    let refused = |_| CommandError::bad_request("entryKey: 1–128 characters, no control characters");
    Engine::check_entry_key(text).map_err(refused)
}

/// The beginning of a key, or the last key of the page before.
pub(super) fn part_of_key(text: Option<&str>) -> CommandResult<()> {
    match text {
        Some(text) if text.len() > limits::KEY_CHARS * 4 => {
            Err(CommandError::bad_request("page: prefix and after are at most 128 characters"))
        }
        _ => Ok(()),
    }
}

/// Rows of a page.
pub(super) fn rows(limit: Option<u32>) -> CommandResult<usize> {
    match limit.unwrap_or(limits::PAGE_ROWS_DEFAULT) {
        rows @ 1..=limits::PAGE_ROWS => Ok(usize::try_from(rows).unwrap_or(usize::MAX)),
        _ => Err(CommandError::bad_request("page.limit: 1–1000")),
    }
}

/// A duration that a window may ask for, ms.
pub(super) fn call_ms(ms: Option<u32>) -> CommandResult<Option<std::time::Duration>> {
    let (from, to) = limits::CALL_MS;
    match ms {
        Some(ms) if !(from..=to).contains(&ms) => Err(CommandError::bad_request("time: 100–600000 ms")),
        ms => Ok(ms.map(|ms| std::time::Duration::from_millis(ms.into()))),
    }
}

/// The bytes of a content of at most `max` bytes.
pub(super) fn content(content: Content, max: usize, too_large: &'static str) -> CommandResult<Bytes> {
    let is_too_large = match content.encoding {
        Encoding::Utf8 => content.value.len() > max,
        // Checked before it is decoded.
        Encoding::Base64 => content.value.len() > max.div_ceil(3) * 4,
    };
    if is_too_large {
        return Err(CommandError::too_large(too_large));
    }
    let bytes = match content.encoding {
        Encoding::Utf8 => content.value.into_bytes(),
        Encoding::Base64 => Base::Base64Pad
            .decode(content.value)
            .map_err(|_| CommandError::bad_request("value: not base64"))?,
    };
    if bytes.len() > max { Err(CommandError::too_large(too_large)) } else { Ok(Bytes::from(bytes)) }
}

/// The head of a put, in front of the payloads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutHead {
    account: String,
    tokens: Vec<PutHeadToken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutHeadToken {
    token_id: String,
    state_hash: String,
    previous: Option<String>,
    summary: Option<String>,
    size: usize,
}

/// Token states to put.
#[derive(Debug)]
pub(super) struct PutRequest {
    pub account: String,
    pub tokens: Vec<NewToken>,
}

/// The body of a put.
pub(super) fn put_body(request: &Request<'_>) -> CommandResult<Bytes> {
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

/// Parses a put: the length of the head in four bytes (big-endian), the head as JSON, then the payloads one after the other.
pub(super) fn parse_put(mut body: Bytes) -> CommandResult<PutRequest> {
    const SHORT: CommandError = CommandError::bad_request("body: shorter than it says");
    let (length, _) = body.split_first_chunk::<4>().ok_or(SHORT)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let _ = body.split_to(4);
    if length > body.len() {
        return Err(SHORT);
    }
    let head = body.split_to(length);
    let head: PutHead = serde_json::from_slice(&head)
        .map_err(|_| CommandError::bad_request("body: its head is not what is expected"))?;
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

#[cfg(test)]
mod tests;
