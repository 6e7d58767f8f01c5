//! The bounded, verifying push reader.

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use super::framing::{Frame, Framing, check_header, split_section};
use super::{malformed, too_large};
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cbor;
use crate::model::cid::{Cid, Codec};

/// Bounds of one reading; whatever arrives is counted, wanted or not.
#[derive(Clone, Copy, Debug)]
pub struct CarBounds {
    /// Most sections.
    pub blocks: usize,
    /// Most bytes of the whole stream.
    pub bytes: u64,
}

/// What a finished CAR held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarSummary {
    /// Blocks yielded.
    pub blocks: usize,
    /// Sections that were not wanted: foreign, repeated, or of a kind that is not used.
    pub skipped: usize,
    /// Bytes of the whole stream.
    pub bytes: u64,
    /// Wanted (reachable from the root) and not there, sorted; empty = complete.
    pub missing: Vec<Cid>,
}

/// Push parser: feed chunks as they arrive, take verified blocks out at once.
///
/// A block is yielded when it hashes to its CID and a path from the wanted root leads to it; each once, parents first. One
/// that comes before its parent is kept aside up to [`limits::CAR_EARLY_BYTES`] and reported as missing beyond that. Sections
/// of other codecs or hashes are stepped over, because they cannot be wanted.
pub struct CarReader {
    bounds: CarBounds,
    framing: Framing,
    bytes: u64,
    sections: usize,
    yielded: usize,
    held: HashSet<Cid>,
    wanted: BTreeSet<Cid>,
    found: HashSet<Cid>,
    early: HashMap<Cid, Block>,
    early_bytes: usize,
    failed: Option<Error>,
}

impl CarReader {
    /// Reads the DAG under `root`, whatever root the header names.
    #[must_use]
    pub fn new(root: Cid, bounds: CarBounds) -> Self {
        Self {
            bounds,
            framing: Framing::default(),
            bytes: 0,
            sections: 0,
            yielded: 0,
            held: HashSet::new(),
            wanted: BTreeSet::from([root]),
            found: HashSet::new(),
            early: HashMap::new(),
            early_bytes: 0,
            failed: None,
        }
    }

    /// CIDs that the caller already holds with everything below them; links to them are not wanted.
    #[must_use]
    pub fn with_held(mut self, have: HashSet<Cid>) -> Self {
        self.wanted.retain(|cid| !have.contains(cid));
        self.held = have;
        self
    }

    /// Takes the next bytes; returns the blocks completed by them.
    ///
    /// Blocks verified before a failure are returned first, and the failure by the next call.
    ///
    /// # Errors
    /// [`Code::HashMismatch`](crate::Code::HashMismatch) when a block has other bytes than its CID says,
    /// [`Code::TooLarge`](crate::Code::TooLarge) beyond the bounds of this reading or of `limits`,
    /// [`Code::Malformed`](crate::Code::Malformed) when the bytes are no CAR of version 1, or a wanted block is not our
    /// DAG-CBOR. After an error every call fails with the same one.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::new();
        if self.failed.is_none() {
            self.failed = self.read(chunk, &mut blocks).err();
        }
        match &self.failed {
            Some(error) if blocks.is_empty() => Err(error.clone()),
            _ => Ok(blocks),
        }
    }

    /// Ends the reading at the end of the stream.
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed) when the stream ended inside a part, else the error that
    /// [`CarReader::push`] met. Missing blocks are no error, they are listed in the summary.
    pub fn finish(self) -> Result<CarSummary, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.framing.is_between_sections() {
            return Err(malformed("cut short"));
        }
        Ok(CarSummary {
            blocks: self.yielded,
            skipped: self.sections - self.yielded,
            bytes: self.bytes,
            missing: self.wanted.into_iter().collect(),
        })
    }

    fn read(&mut self, chunk: &[u8], blocks: &mut Vec<Block>) -> Result<(), Error> {
        let room = self.bounds.bytes.saturating_sub(self.bytes);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let mut input = chunk.get(..room).unwrap_or(chunk);
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        while let Some(frame) = self.framing.next(&mut input)? {
            match frame {
                Frame::Header(header) => check_header(&header)?,
                Frame::Section(section) => self.take_section(&section, blocks)?,
            }
        }
        if self.bytes > self.bounds.bytes {
            return Err(too_large(&format!("more than {} bytes", self.bounds.bytes)));
        }
        Ok(())
    }

    fn take_section(&mut self, section: &[u8], blocks: &mut Vec<Block>) -> Result<(), Error> {
        self.sections += 1;
        if self.sections > self.bounds.blocks {
            return Err(too_large(&format!("more than {} blocks", self.bounds.blocks)));
        }
        let Some((cid, bytes)) = split_section(section)? else { return Ok(()) };
        if self.found.contains(&cid) || self.held.contains(&cid) || self.early.contains_key(&cid) {
            return Ok(());
        }
        let block = Block::verified(&cid, Bytes::copy_from_slice(bytes))?;
        if self.wanted.remove(&cid) {
            return self.take_wanted(block, blocks);
        }
        let held_bytes = self.early_bytes + section.len();
        if held_bytes <= limits::CAR_EARLY_BYTES {
            self.early_bytes = held_bytes;
            self.early.insert(cid, block);
        }
        Ok(())
    }

    /// Yields a wanted block and every early one that its links lead to.
    fn take_wanted(&mut self, block: Block, blocks: &mut Vec<Block>) -> Result<(), Error> {
        self.found.insert(*block.cid());
        let mut ready = vec![block];
        while let Some(block) = ready.pop() {
            let links = links_of(&block)?;
            self.yielded += 1;
            blocks.push(block);
            for link in links {
                if self.found.contains(&link) || self.held.contains(&link) {
                    continue;
                }
                if let Some(early) = self.early.remove(&link) {
                    self.found.insert(link);
                    ready.push(early);
                } else {
                    self.wanted.insert(link);
                }
            }
            if self.wanted.len() + self.found.len() > limits::CAR_BLOCKS {
                return Err(too_large(&format!("links to more than {} blocks", limits::CAR_BLOCKS)));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for CarReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { yielded, bytes, wanted, .. } = self;
        write!(f, "CarReader({yielded} blocks, {bytes} bytes, {} wanted)", wanted.len())
    }
}

fn links_of(block: &Block) -> Result<Vec<Cid>, Error> {
    match block.cid().codec() {
        Codec::Raw => Ok(Vec::new()),
        Codec::DagCbor if block.bytes().len() > limits::NODE_BYTES => {
            Err(too_large(&format!("a node of {} bytes", block.bytes().len())))
        }
        Codec::DagCbor => cbor::links(&cbor::decode(block.bytes())?),
    }
}

#[cfg(test)]
mod tests {
    use ipld_core::ipld::Ipld;

    use super::{Block, CarBounds, CarReader, Cid, Codec, cbor, limits};
    use crate::error::Code;
    use crate::model::car::CarWriter;

    /// Whatever has this digest.
    fn fake(n: usize) -> Cid {
        let digest = [0, 0, 0, n].map(usize::to_be_bytes).concat();
        Cid::from_bytes(&[&[0x01, 0x55, 0x12, 0x20], digest.as_slice()].concat()).unwrap()
    }

    fn parent(links: &[Cid]) -> Block {
        let links = links.iter().map(|link| Ipld::Link(link.to_ipld())).collect();
        Block::new(Codec::DagCbor, cbor::encode(&Ipld::List(links)).unwrap())
    }

    #[test]
    fn b14_blocks_wanted_and_found_are_counted_up_to_their_bound() {
        let node = parent(&[fake(1)]);
        let root = parent(&[*node.cid(), fake(0)]);
        let mut reader = CarReader::new(*root.cid(), CarBounds { blocks: 10, bytes: 1_000 });
        reader.found = (10..limits::CAR_BLOCKS + 7).map(fake).collect();
        assert_eq!(reader.found.len(), limits::CAR_BLOCKS - 3);
        let mut writer = CarWriter::new(root.cid());
        writer.push(&root);
        let exact = writer.finish();
        assert_eq!(reader.push(&exact).unwrap(), std::slice::from_ref(&root));
        assert_eq!(reader.push(&[]).unwrap(), []);
        let mut writer = CarWriter::new(root.cid());
        [&root, &node].into_iter().for_each(|block| writer.push(block));
        assert_eq!(reader.push(&writer.finish()[exact.len()..]).unwrap(), [node]);
        assert_eq!(reader.push(&[]).unwrap_err().code(), Code::TooLarge);
    }
}
