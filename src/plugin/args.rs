//! Checks the arguments of commands before the engine gets them; an error names the argument.

use bytes::Bytes;
use multibase::Base;

mod put;

pub(super) use self::put::{parse_put, put_body};
use super::failure::{CommandError, CommandResult};
use super::folder;
use super::wire::{Content, Encoding};
use crate::engine::{Engine, Id, ProofHash, TokenKey};
use crate::limits;

/// The name of an account.
pub(super) fn account_id(id: &str) -> CommandResult<()> {
    folder::check_id(id)
        .map_err(|_| CommandError::bad_request("account: 1–64 characters of A–Z a–z 0–9 . _ -"))
}

/// The name of a listener; empty where the page gives none.
pub(super) fn listener(name: Option<String>) -> CommandResult<String> {
    match name {
        Some(name) if name.len() > limits::PAGE_ID_CHARS => {
            Err(CommandError::bad_request("listener: at most 64 characters"))
        }
        name => Ok(name.unwrap_or_default()),
    }
}

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

/// What a proof is called by.
pub(super) fn proof(text: &str) -> CommandResult<ProofHash> {
    const WRONG: CommandError = CommandError::bad_request("proof: not the 64 hex digits of a proof's hash");
    // Checked before it is decoded.
    if text.len() != 64 {
        return Err(WRONG);
    }
    let bytes = Base::Base16Lower.decode(text).map_err(|_| WRONG)?;
    bytes.try_into().map_err(|_| WRONG)
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

/// A field that holds bytes.
pub(super) struct Field {
    max: usize,
    too_large: CommandError,
    not_base64: CommandError,
}

/// Evidence of a spend.
pub(super) const EVIDENCE: Field = Field {
    max: limits::EVIDENCE_BYTES,
    too_large: CommandError::too_large("evidence: at most 256 KiB"),
    not_base64: CommandError::bad_request("evidence: not base64"),
};

/// The value of an entry.
pub(super) const VALUE: Field = Field {
    max: limits::VALUE_BYTES,
    too_large: CommandError::too_large("value: at most 64 KiB"),
    not_base64: CommandError::bad_request("value: not base64"),
};

/// The bytes of a content.
pub(super) fn content(content: Content, field: &Field) -> CommandResult<Bytes> {
    let is_too_large = match content.encoding {
        Encoding::Utf8 => content.value.len() > field.max,
        // Checked before it is decoded.
        Encoding::Base64 => content.value.len() > field.max.div_ceil(3) * 4,
    };
    if is_too_large {
        return Err(field.too_large);
    }
    let bytes = match content.encoding {
        Encoding::Utf8 => content.value.into_bytes(),
        Encoding::Base64 => Base::Base64Pad.decode(content.value).map_err(|_| field.not_base64)?,
    };
    if bytes.len() > field.max { Err(field.too_large) } else { Ok(Bytes::from(bytes)) }
}

#[cfg(test)]
mod tests;
