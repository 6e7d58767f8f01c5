//! Reads files as the predecessor's nodes stored them: one raw block, or a DAG of `dag-pb` nodes with raw leaves.
//!
//! A node finds a block by its hash, whatever codec a CID names: every block is asked for, and verified, by a `raw` CID.

use bytes::Bytes;

use super::block::Block;
use super::cid::{Cid, Codec};
use super::protobuf::{Reader, Value};
use crate::error::{Code, Error};
use crate::limits;

const SHA2_256: u64 = 0x12;
const RAW: u64 = 0x55;
const DAG_PB: u64 = 0x70;
/// UnixFS types: bytes alone, and a file.
const TYPES: [u64; 2] = [0, 2];

/// A block of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its hash, as a `raw` CID.
    pub cid: Cid,
    /// Whether it is a node, else it is bytes.
    is_node: bool,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes of the file.
    Bytes(Bytes),
    /// Parts of the file, in order.
    Parts(Vec<Part>),
}

impl Part {
    /// The file that a record's value names: `/ipfs/<CIDv1>`, `raw` or `dag-pb`, without a path behind it.
    ///
    /// # Errors
    /// [`Code::Malformed`] for anything else.
    pub fn of_value(value: &str) -> Result<Self, Error> {
        let text = value.strip_prefix("/ipfs/").filter(|text| text.len() <= limits::RECORD_VALUE_CHARS);
        let (_, bytes) =
            text.and_then(|text| multibase::decode(text).ok()).ok_or_else(|| malformed("no CID"))?;
        Self::of_cid(&bytes)
    }

    fn of_cid(bytes: &[u8]) -> Result<Self, Error> {
        let cid = cid::Cid::try_from(bytes).map_err(|_| malformed("a link without a CID"))?;
        let is_node = match cid.codec() {
            RAW => false,
            DAG_PB => true,
            _ => return Err(malformed("a CID of another kind")),
        };
        if cid.hash().code() != SHA2_256 || cid.encoded_len() != bytes.len() {
            return Err(malformed("a CID of another hash"));
        }
        let raw = cid::Cid::new_v1(RAW, *cid.hash());
        Ok(Self { cid: Cid::from_ipld(&raw)?, is_node })
    }

    /// What this part's block holds.
    ///
    /// # Errors
    /// [`Code::Malformed`] where the block is another one, or no node of a file.
    pub fn open(&self, block: &Block) -> Result<Content, Error> {
        if *block.cid() != self.cid || block.cid().codec() != Codec::Raw {
            return Err(malformed("another block"));
        }
        if self.is_node { open_node(block.bytes()) } else { Ok(Content::Bytes(block.bytes().clone())) }
    }
}

/// A node has links (field 2, each with the CID in field 1) and data (field 1): a UnixFS message with type (1) and bytes (2).
fn open_node(node: &Bytes) -> Result<Content, Error> {
    let (mut parts, mut data) = (Vec::new(), None);
    for field in Reader::new(node) {
        match field? {
            (1, Value::Bytes(bytes)) => data = Some(bytes),
            (2, Value::Bytes(link)) => parts.push(linked(&link)?),
            _ => return Err(malformed("a node with another field")),
        }
    }
    let (mut kind, mut bytes) = (None, Bytes::new());
    for field in Reader::new(&data.ok_or_else(|| malformed("a node without data"))?) {
        match field? {
            (1, Value::Number(number)) => kind = Some(number),
            (2, Value::Bytes(inside)) => bytes = inside,
            _ => {}
        }
    }
    match kind {
        Some(kind) if !TYPES.contains(&kind) => Err(malformed("a folder, or another thing that is no file")),
        None => Err(malformed("a node without a type")),
        Some(_) if parts.is_empty() => Ok(Content::Bytes(bytes)),
        Some(_) if bytes.is_empty() => Ok(Content::Parts(parts)),
        Some(_) => Err(malformed("a node with bytes and links")),
    }
}

fn linked(link: &Bytes) -> Result<Part, Error> {
    for field in Reader::new(link) {
        if let (1, Value::Bytes(cid)) = field? {
            return Part::of_cid(&cid);
        }
    }
    Err(malformed("a link without a CID"))
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("file on the nodes: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protobuf::{put_bytes, put_number};

    fn node(kind: u64, inside: &[u8], links: &[Vec<u8>]) -> Block {
        let mut node = Vec::new();
        for cid in links {
            let mut link = Vec::new();
            put_bytes(&mut link, 1, cid);
            put_bytes(&mut link, 2, b"");
            put_number(&mut link, 3, 100);
            put_bytes(&mut node, 2, &link);
        }
        let mut data = Vec::new();
        put_number(&mut data, 1, kind);
        if !inside.is_empty() {
            put_bytes(&mut data, 2, inside);
        }
        put_number(&mut data, 3, 5);
        put_bytes(&mut node, 1, &data);
        Block::new(Codec::Raw, node)
    }

    fn pb(block: &Block) -> Vec<u8> {
        cid::Cid::new_v1(DAG_PB, *block.cid().to_ipld().hash()).to_bytes()
    }

    fn part(block: &Block) -> Part {
        Part::of_cid(&pb(block)).unwrap()
    }

    #[test]
    fn a_file_is_its_leaves_in_order() {
        let leaves = ["one", "two"].map(|text| Block::new(Codec::Raw, text.as_bytes().to_vec()));
        let inner = node(2, b"three", &[]);
        let root = node(2, b"", &[leaves[0].cid().to_bytes(), leaves[1].cid().to_bytes(), pb(&inner)]);
        let Content::Parts(parts) = part(&root).open(&root).unwrap() else { panic!("no parts") };
        assert_eq!(
            parts.iter().map(|part| part.cid).collect::<Vec<_>>(),
            [*leaves[0].cid(), *leaves[1].cid(), *inner.cid()]
        );
        assert_eq!(parts[0].open(&leaves[0]).unwrap(), Content::Bytes(Bytes::from_static(b"one")));
        assert_eq!(parts[2].open(&inner).unwrap(), Content::Bytes(Bytes::from_static(b"three")));
    }

    #[test]
    fn values_name_a_raw_block_or_a_node_and_nothing_else() {
        let block = Block::new(Codec::Raw, b"bytes".to_vec());
        let value = format!("/ipfs/{}", block.cid());
        assert_eq!(
            Part::of_value(&value).unwrap().open(&block).unwrap(),
            Content::Bytes(block.bytes().clone())
        );
        let as_node = cid::Cid::new_v1(DAG_PB, *block.cid().to_ipld().hash());
        assert!(Part::of_value(&format!("/ipfs/{as_node}")).unwrap().open(&block).is_err());
        let ours = Cid::of(Codec::DagCbor, b"x");
        for wrong in [format!("/ipfs/{ours}"), format!("{value}/path"), "/ipns/x".to_owned(), String::new()] {
            assert_eq!(Part::of_value(&wrong).unwrap_err().code(), Code::Malformed, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let leaf = Block::new(Codec::Raw, b"leaf".to_vec());
        let folder = node(1, b"", &[leaf.cid().to_bytes()]);
        let both = node(2, b"inside", &[leaf.cid().to_bytes()]);
        let ours = node(2, b"", &[Cid::of(Codec::DagCbor, b"x").to_bytes()]);
        for wrong in [&folder, &both, &ours, &leaf] {
            assert!(part(wrong).open(wrong).is_err());
        }
        assert!(part(&leaf).open(&folder).is_err());
    }
}
