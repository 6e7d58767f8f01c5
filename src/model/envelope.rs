//! The outer form of index nodes and roots: `{"b": sealed body, "l": [links]}`.
//!
//! Links lie in clear so that a node's recursive pin finds the blocks. The body binds them by `h`, the SHA-256 over
//! their binary CIDs: nobody without the keys can put other links around a body.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};

use super::block::Block;
use super::cbor::{self, Head, Reader};
use super::cid::{Cid, Codec};
use super::fields::{Fields, link, to_link};
use super::seal::{Compression, Kind, Sealer};
use crate::error::Error;

const BODY: &str = "b";
const LINKS: &str = "l";
const LINKS_HASH: &str = "h";

/// Seals a body and puts the links next to it.
pub(super) fn wrap(
    kind: Kind,
    mut body: BTreeMap<String, Ipld>,
    links: &[Cid],
    sealer: &Sealer,
) -> Result<Block, Error> {
    if !links.is_empty() {
        body.insert(LINKS_HASH.to_owned(), Ipld::Bytes(hash(links).to_vec()));
    }
    let plain = cbor::encode(&Ipld::Map(body))?;
    let sealed = sealer.seal(kind, &plain, Compression::Never)?;
    let map = BTreeMap::from([
        (BODY.to_owned(), Ipld::Bytes(sealed)),
        (LINKS.to_owned(), Ipld::List(links.iter().map(to_link).collect())),
    ]);
    Ok(Block::new(Codec::DagCbor, cbor::encode(&Ipld::Map(map))?))
}

/// An opened block whose links were not looked at yet.
pub(super) struct Opened {
    /// Bytes of the body's plaintext.
    pub size: usize,
    pub body: Fields,
    /// What else the outer map holds: a later major may have no such links.
    outer: Fields,
}

impl Opened {
    /// Opens a block; `what` names it in errors. Unknown keys of the outer map are ignored.
    pub(super) fn new(
        block: &Block,
        kind: Kind,
        what: &'static str,
        sealer: &Sealer,
        max: usize,
    ) -> Result<Self, Error> {
        let named = |e: Error| e.within(what);
        // Whether it is ours at all is known before anything around the body is made values of: those take many times as much.
        let early = sealed_at(block.bytes()).map(|sealed| sealer.open(kind, sealed, max).map_err(named));
        let early = early.transpose()?;
        let outer = cbor::decode(block.bytes()).and_then(|outer| cbor::into_map(outer, "block"));
        let mut outer = Fields::new(what, outer.map_err(named)?);
        let sealed = outer.bytes(BODY)?;
        let sealed = outer.needed(BODY, sealed)?;
        let plain = match early {
            Some(plain) => plain,
            None => sealer.open(kind, &sealed, max).map_err(named)?,
        };
        let body = cbor::decode(&plain).and_then(|body| cbor::into_map(body, "body")).map_err(named)?;
        Ok(Self { size: plain.len(), body: Fields::new(what, body), outer })
    }

    /// The links, once they are those that the body was sealed with.
    pub(super) fn links(&mut self, max: usize) -> Result<Vec<Cid>, Error> {
        let list = self.outer.list(LINKS)?;
        let list = self.outer.needed(LINKS, list)?;
        if list.len() > max {
            return Err(self.body.wrong(&format!("{} links, at most {max}", list.len())));
        }
        let links: Option<Vec<Cid>> = list.iter().map(link).collect();
        let links = links.ok_or_else(|| self.body.wrong("something else than a link among the links"))?;
        let expected = (!links.is_empty()).then(|| hash(&links));
        if self.body.array(LINKS_HASH)? != expected {
            return Err(self.body.wrong("the links are not those that were sealed"));
        }
        Ok(links)
    }
}

/// The sealed body, found without decoding what lies around it; none where that is no map with a body.
fn sealed_at(block: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(block);
    let Head { major: 5, argument: entries, .. } = reader.head().ok()? else { return None };
    // Each turn reads at least one byte or fails, so a huge declared count ends with the input.
    for _ in 0..entries {
        if reader.text().ok()? == BODY {
            return block.get(reader.byte_string().ok()?);
        }
        reader.skip().ok()?;
    }
    None
}

fn hash(links: &[Cid]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    links.iter().for_each(|link| hasher.update(link.to_bytes()));
    hasher.finalize().into()
}
