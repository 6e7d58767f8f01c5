//! Blocks of roots that are on their way: verified, and kept on disk as cache until the root is merged or nobody wants it.

use std::collections::BTreeMap;

use crate::engine::local::rows::CID_BYTES;
use crate::model::block::Block;
use crate::model::cid::Cid;

/// The kept blocks and their sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptBlocks(BTreeMap<Cid, u32>);

impl KeptBlocks {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, cid: &Cid) -> bool {
        self.0.contains_key(cid)
    }

    pub fn cids(&self) -> impl Iterator<Item = Cid> {
        self.0.keys().copied()
    }

    pub fn bytes(&self) -> u64 {
        self.0.values().map(|size| u64::from(*size)).sum()
    }

    pub fn add(&mut self, block: &Block) {
        self.0.insert(*block.cid(), u32::try_from(block.bytes().len()).unwrap_or(u32::MAX));
    }

    /// Lets go of these; gives those that were here.
    pub fn remove(&mut self, cids: impl Iterator<Item = Cid>) -> Vec<Cid> {
        cids.filter(|cid| self.0.remove(cid).is_some()).collect()
    }

    /// A CID and four bytes each; none when there are none.
    pub fn to_row(&self) -> Option<Vec<u8>> {
        let one = |(cid, size): (&Cid, &u32)| [cid.to_bytes(), size.to_be_bytes().to_vec()].concat();
        (!self.0.is_empty()).then(|| self.0.iter().flat_map(one).collect())
    }

    pub fn of_row(row: &[u8]) -> Self {
        let one = |row: &[u8]| {
            let (cid, size) = row.split_at_checked(CID_BYTES)?;
            Some((Cid::from_bytes(cid).ok()?, u32::from_be_bytes(size.try_into().ok()?)))
        };
        Self(row.chunks(CID_BYTES + size_of::<u32>()).filter_map(one).collect())
    }
}
