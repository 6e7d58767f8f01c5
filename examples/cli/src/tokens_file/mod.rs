//! Token files: NDJSON, read line by line, each line checked before the next is read.
//!
//! Blank lines, CRLF, a byte order mark and a last line without its newline are fine. Anything else that is not a
//! token state is refused with its line and field; nothing of the file is used then.

mod field;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use data_encoding::{BASE64, DecodeKind};
use serde::Deserialize;
use tauri_plugin_wallet_sync::engine::NewToken;
use tauri_plugin_wallet_sync::limits::{KEY_CHARS, PAYLOAD_BYTES, STATES, SUMMARY_BYTES};
use tauri_plugin_wallet_sync::model::inventory::Id;
use tauri_plugin_wallet_sync::{Code, Error};

use self::field::Field;
use crate::failure::Failure;
use crate::json_text;
use crate::limits::{CHUNK_BYTES, FILE_PAYLOAD_BYTES, LINE_BYTES};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Tokens {
    /// Each state once.
    pub states: Vec<NewToken>,
    /// Lines that repeat a state of the same file.
    pub repeated: usize,
}

/// One line as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    #[serde(default)]
    token_id: Field,
    #[serde(default)]
    state_hash: Field,
    #[serde(default)]
    previous: Field,
    #[serde(default)]
    summary: Field,
    #[serde(default)]
    data: Field,
    #[serde(default)]
    data_base64: Field,
}

/// Reads a file, or stdin for `-`.
pub fn read(path: &Path) -> Result<Tokens, Failure> {
    if path == Path::new("-") {
        return parse(io::stdin().lock()).map_err(|e| e.within("stdin").into());
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| bad(format!("{name}: {e}")))?;
    parse(BufReader::with_capacity(CHUNK_BYTES, file)).map_err(|e| e.within(&name).into())
}

/// Reads lines to the end.
fn parse(mut from: impl BufRead) -> Result<Tokens, Error> {
    let mut tokens = Tokens::default();
    let mut seen: HashMap<(String, String), (usize, usize)> = HashMap::new();
    let (mut line, mut payload_bytes) = (Vec::new(), 0_usize);
    for number in 1_usize.. {
        line.clear();
        let place = format!("line {number}");
        let longest = LINE_BYTES as u64 + 1;
        let read = from.by_ref().take(longest).read_until(b'\n', &mut line);
        if read.map_err(|e| bad(format!("{place}: {e}")))? == 0 {
            break;
        }
        if line.len() > LINE_BYTES {
            return Err(bad(format!("{place}: longer than {LINE_BYTES} bytes")));
        }
        if number == 1 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let state = parse_line(&line).map_err(|e| e.within(&place))?;
        let key = (state.token_id.clone(), state.state_hash.clone());
        if let Some((first, at)) = seen.get(&key) {
            if !tokens.states.get(*at).is_some_and(|other| is_same(other, &state)) {
                let message = format!("{place}: the state of line {first} with other content");
                return Err(Error::new(Code::Conflict, message));
            }
            tokens.repeated = tokens.repeated.saturating_add(1);
            continue;
        }
        payload_bytes = payload_bytes.saturating_add(state.payload.len());
        if payload_bytes > FILE_PAYLOAD_BYTES {
            let message =
                format!("{place}: more than {FILE_PAYLOAD_BYTES} bytes of data in one file; split it");
            return Err(bad(message));
        }
        if tokens.states.len() >= STATES {
            return Err(Error::new(
                Code::InventoryTooLarge,
                format!("{place}: more than {STATES} token states"),
            ));
        }
        seen.insert(key, (number, tokens.states.len()));
        tokens.states.push(state);
    }
    Ok(tokens)
}

fn parse_line(line: &[u8]) -> Result<NewToken, Error> {
    let text = std::str::from_utf8(line)
        .map_err(|e| bad(format!("not valid UTF-8 at byte {}", e.valid_up_to().saturating_add(1))))?;
    // Serde would take an array for the fields in order.
    if !text.trim_start().starts_with('{') {
        return Err(bad("a JSON object is needed"));
    }
    let line: Line = serde_json::from_str(text)
        .map_err(|e| bad(format!("{} (column {})", json_text::message(&e), e.column())))?;
    let token_id = id("tokenId", line.token_id.required("tokenId")?)?;
    let state_hash = id("stateHash", line.state_hash.required("stateHash")?)?;
    let previous = line.previous.optional("previous")?.map(|text| id("previous", text)).transpose()?;
    let summary = line.summary.optional("summary")?;
    if let Some(summary) = &summary {
        check_length("summary", summary.len(), SUMMARY_BYTES)?;
    }
    let payload = match (line.data.optional("data")?, line.data_base64.optional("dataBase64")?) {
        (Some(_), Some(_)) => return Err(bad("data and dataBase64: only one of them is allowed")),
        (None, None) => return Err(bad("data or dataBase64: missing")),
        (Some(text), None) => {
            check_length("data", text.len(), PAYLOAD_BYTES)?;
            Bytes::from(text)
        }
        (None, Some(text)) => {
            let bytes = decode(&text).map_err(|e| e.within("dataBase64"))?;
            check_length("dataBase64", bytes.len(), PAYLOAD_BYTES)?;
            Bytes::from(bytes)
        }
    };
    Ok(NewToken { token_id, state_hash, previous, summary, payload })
}

fn id(field: &str, text: String) -> Result<String, Error> {
    let rule = || bad(format!("{field}: 1–{KEY_CHARS} characters of A–Z a–z 0–9 . _ : - are needed"));
    Id::parse(&text).map_err(|_| rule())?;
    Ok(text)
}

fn check_length(field: &str, bytes: usize, most: usize) -> Result<(), Error> {
    if bytes > most {
        return Err(bad(format!("{field}: {bytes} bytes, at most {most}")));
    }
    Ok(())
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    BASE64.decode(text.as_bytes()).map_err(|e| {
        let place = e.position.saturating_add(1);
        bad(match e.kind {
            DecodeKind::Length => {
                format!("{} characters, base64 has a multiple of 4 (with = at the end)", text.len())
            }
            DecodeKind::Symbol => format!("character {place} is not base64 (A–Z a–z 0–9 + /)"),
            DecodeKind::Padding => format!("wrong padding at character {place}"),
            DecodeKind::Trailing => format!("character {place} has bits that stand for nothing"),
        })
    })
}

fn is_same(one: &NewToken, other: &NewToken) -> bool {
    one.previous == other.previous && one.summary == other.summary && one.payload == other.payload
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, message)
}
