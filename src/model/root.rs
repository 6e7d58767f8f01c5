//! The root block: what a device publishes.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

use super::block::Block;
use super::cid::Cid;
use super::identity::{DeviceId, Slot, WalletId};
use super::inventory::Counts;
use super::seal::Sealer;
use crate::Error;

/// Format major and minor; a root of a higher major is not merged.
pub const FORMAT: (u32, u32) = (1, 0);

#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    pub format: (u32, u32),
    pub wallet: WalletId,
    pub device: DeviceId,
    pub slot: Slot,
    pub sequence: u64,
    pub heads: BTreeMap<Slot, (u64, Cid)>,
    pub counts: Counts,
    pub index: Cid,
    pub keep: Cid,
    pub unknown: BTreeMap<String, Ipld>,
}

impl Root {
    pub fn seal(&self, _sealer: &Sealer) -> Result<Block, Error> {
        todo!()
    }
    /// # Errors
    /// `malformed` (not a root block at all), `decrypt_failed`, `wrong_wallet`, `read_only` (higher major).
    pub fn open(_block: &Block, _sealer: &Sealer, _wallet: &WalletId) -> Result<Self, Error> {
        todo!()
    }
}
