//! What an imitated node holds.

use std::collections::{BTreeMap, HashMap};

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;

#[derive(Default)]
pub struct Held {
    pub records: HashMap<Name, Record>,
    pub blocks: HashMap<Cid, Block>,
    pub pins: BTreeMap<Cid, Name>,
    /// Names of pins that were given one.
    pub labels: BTreeMap<Cid, String>,
}

impl Held {
    /// The name of a pin.
    pub fn name_of(&self, cid: &Cid) -> Option<String> {
        self.labels.get(cid).cloned().or_else(|| self.pins.get(cid).map(Name::k51))
    }
}
