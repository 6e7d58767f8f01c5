//! Checks what a wallet gives and seals it, before anything is stored.

use crate::engine::api::tokens::NewToken;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::chunks;
use crate::model::identity::WalletKeys;
use crate::model::inventory::{BlockRef, Id, TokenKey, TokenState};
use crate::model::seal::{Compression, Kind};
use crate::secret::Plain;

/// The value of an entry that was deleted. Nothing is taken out of what devices join, so a deletion is a version like any other.
pub const DELETED: &[u8] = b"\0wallet-sync:deleted";

/// A checked token with its sealed payload.
pub struct SealedToken {
    pub key: TokenKey,
    pub state: TokenState,
    pub payload: Plain,
    pub reference: BlockRef,
    pub blocks: Vec<Block>,
}

pub fn seal_all(keys: &WalletKeys, tokens: Vec<NewToken>) -> Result<Vec<SealedToken>, Error> {
    tokens
        .into_iter()
        .enumerate()
        .map(|(at, token)| seal_one(keys, token).map_err(|e| e.within(&format!("token {}", at + 1))))
        .collect()
}

fn seal_one(keys: &WalletKeys, token: NewToken) -> Result<SealedToken, Error> {
    let payload = Plain::new(token.payload);
    let key = token_key(&token.token_id, &token.state_hash)?;
    let previous = token.previous.as_deref().map(Id::parse).transpose().map_err(|e| e.within("previous"))?;
    if let Some(summary) = &token.summary
        && summary.len() > limits::SUMMARY_BYTES
    {
        return Err(bad(format!("summary: {} bytes, at most {}", summary.len(), limits::SUMMARY_BYTES)));
    }
    let (blocks, reference) =
        seal_block(keys, Kind::State, &payload, limits::PAYLOAD_BYTES).map_err(|e| e.within("data"))?;
    let state = TokenState {
        previous,
        summary: token.summary,
        payloads: [reference.clone()].into(),
        ..TokenState::default()
    };
    Ok(SealedToken { key, state, payload, reference, blocks })
}

/// Seals bytes; gives the blocks they are cut into.
pub fn seal_block(
    keys: &WalletKeys,
    kind: Kind,
    plain: &[u8],
    max: usize,
) -> Result<(Vec<Block>, BlockRef), Error> {
    let too_large = || bad(format!("{} bytes, at most {max}", plain.len()));
    if plain.len() > max {
        return Err(too_large());
    }
    let size = u32::try_from(plain.len()).map_err(|_| too_large())?;
    let sealed = keys.sealer().seal(kind, plain, Compression::IfSmaller)?;
    let blocks = chunks::cut(sealed);
    let reference = BlockRef::new(blocks.iter().map(|block| *block.cid()), size).ok_or_else(too_large)?;
    Ok((blocks, reference))
}

pub fn token_key(token_id: &str, state_hash: &str) -> Result<TokenKey, Error> {
    Ok(TokenKey {
        token_id: Id::parse(token_id).map_err(|e| e.within("tokenId"))?,
        state_hash: Id::parse(state_hash).map_err(|e| e.within("stateHash"))?,
    })
}

pub fn bad(message: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, message)
}
