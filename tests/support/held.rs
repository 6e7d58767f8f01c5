//! What an imitated node holds.

use std::collections::{BTreeMap, HashMap, HashSet};

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;

use super::fake_node::FakeNode;

#[derive(Default)]
pub struct Held {
    pub records: HashMap<Name, Record>,
    pub blocks: HashMap<Cid, Block>,
    pub pins: BTreeMap<Cid, Name>,
    /// Names of pins that were given one.
    pub labels: BTreeMap<Cid, String>,
    /// Blocks that it has and cannot read.
    pub rotten: HashSet<Cid>,
    /// How many pins were removed.
    pub unpinned: usize,
}

impl Held {
    pub fn unpin(&mut self, root: &Cid) {
        self.unpinned += usize::from(self.pins.remove(root).is_some());
    }

    /// The name of a pin.
    pub fn name_of(&self, cid: &Cid) -> Option<String> {
        self.labels.get(cid).cloned().or_else(|| self.pins.get(cid).map(Name::k51))
    }
}

impl FakeNode {
    /// Forgets everything.
    pub fn wipe(&self) {
        *self.held() = Held::default();
    }

    /// Forgets every record, as Kubo does after 48 h.
    pub fn forget_records(&self) {
        self.held().records.clear();
    }
}
