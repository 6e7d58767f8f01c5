//! What the DHT sees of a node: its records, with the same checks and faults as over HTTP.

use std::borrow::Cow;
use std::iter::Empty;
use std::sync::Arc;

use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};
use tauri_plugin_wallet_sync::model::identity::Name;

use crate::node::Node;
use crate::records::Own;

const PREFIX: &[u8] = b"/ipns/";
/// What comes before the 32 bytes of an Ed25519 key in a name.
const KEY_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// The records of one node.
pub(super) struct NodeStore(Arc<Node>);

impl NodeStore {
    pub const fn new(node: Arc<Node>) -> Self {
        Self(node)
    }
}

fn name(key: &RecordKey) -> Option<Name> {
    let key = key.as_ref().strip_prefix(PREFIX)?.strip_prefix(&KEY_PREFIX)?;
    Name::from_key(key).ok()
}

impl RecordStore for NodeStore {
    type RecordsIter<'a> = Empty<Cow<'a, Record>>;
    type ProvidedIter<'a> = Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        match self.0.shared_record(&name(key)?) {
            Own::Found(raw, _) => Some(Cow::Owned(Record::new(key.clone(), raw.to_vec()))),
            Own::Absent | Own::Expired => None,
        }
    }

    /// A refusal makes the stream end without an answer, as Kubo's does.
    fn put(&mut self, record: Record) -> Result<()> {
        let name = name(&record.key).ok_or(Error::ValueTooLarge)?;
        let checked = self.0.check_record(&name, &record.value.into()).map_err(|_| Error::ValueTooLarge)?;
        if self.0.drops_records() || self.0.accept_record(checked) { Ok(()) } else { Err(Error::MaxRecords) }
    }

    fn remove(&mut self, _: &RecordKey) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        std::iter::empty()
    }

    fn add_provider(&mut self, _: ProviderRecord) -> Result<()> {
        Ok(())
    }

    fn providers(&self, _: &RecordKey) -> Vec<ProviderRecord> {
        Vec::new()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, _: &RecordKey, _: &PeerId) {}
}
