//! One token of the predecessor: which it is, and in which state.

use serde_json::Value;

use super::document::{self, one_case};
use crate::limits;
use crate::model::inventory::Id;

/// What is read of a token's JSON; its bytes are kept as they are.
#[derive(Debug)]
pub(super) struct Token {
    pub id: String,
    pub state_hash: String,
    pub previous: Option<String>,
    pub summary: Option<String>,
    /// Its last transaction has no proof: a transfer was under way.
    pub is_pending: bool,
}

/// Where the current state hash stands: the first of these that is there counts, as in the predecessor.
const STATE_HASHES: [&str; 4] = [
    "/newStateHash",
    "/inclusionProof/authenticator/stateHash",
    "/_integrity/currentStateHash",
    "/genesis/inclusionProof/authenticator/stateHash",
];

/// Reads a token. `key_id` and `key_hash` stand in its key and count where it says nothing itself.
pub(super) fn read(text: &[u8], key_id: Option<&str>, key_hash: Option<&str>) -> Result<Token, &'static str> {
    let token = document::value(text).ok_or("not JSON that can be read")?;
    match token.as_object() {
        None => return Err("not a JSON object"),
        Some(fields) if fields.is_empty() => return Err("there is nothing in it"),
        Some(_) => {}
    }
    let last = token.get("transactions").and_then(Value::as_array).and_then(|all| all.last());
    let [new, proof, integrity, genesis] = STATE_HASHES;
    let state_hash = last
        .and_then(|last| text_at(last, new).or_else(|| text_at(last, proof)))
        .or_else(|| text_at(&token, integrity))
        .or_else(|| text_at(&token, genesis))
        .or_else(|| text_at(&token, "/genesis/inclusionProof/stateHash"))
        .or(key_hash)
        .ok_or("its state hash is nowhere")?;
    let id = text_at(&token, "/genesis/data/tokenId").or(key_id).ok_or("its token id is nowhere")?;
    if Id::parse(id).is_err() || Id::parse(state_hash).is_err() {
        return Err("its token id or state hash is none that is used");
    }
    let previous = last.and_then(|last| text_at(last, "/previousStateHash"));
    Ok(Token {
        id: one_case(id),
        state_hash: one_case(state_hash),
        previous: previous.filter(|hash| Id::parse(hash).is_ok()).map(one_case),
        summary: summary(&token),
        is_pending: last.is_some_and(|last| last.get("inclusionProof").is_none_or(Value::is_null)),
    })
}

/// A text that says something: the predecessor wrote `undefined` where it knew nothing.
pub(super) fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    let text = value.pointer(pointer)?.as_str()?;
    (!matches!(text, "" | "undefined" | "null")).then_some(text)
}

/// Amounts and coins, as far as they fit.
fn summary(token: &Value) -> Option<String> {
    let coins = token.pointer("/genesis/data/coinData")?.as_array()?;
    let words: Vec<String> = coins
        .iter()
        .filter_map(|coin| {
            let amount = coin.get(1)?;
            let amount = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
            Some(format!("{amount} {}", coin.get(0)?.as_str()?))
        })
        .collect();
    let mut text = words.join(", ");
    while text.len() > limits::SUMMARY_BYTES {
        text.pop();
    }
    (!text.is_empty()).then_some(text)
}
