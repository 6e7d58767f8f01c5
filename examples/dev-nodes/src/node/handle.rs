//! What a test may do to a node, and see of it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::{Code, Error};

use super::{Node, Store};
use crate::dag::{PinMode, Stored};
use crate::fault::Fault;

/// How long a port is waited for that is still held elsewhere.
const REOPEN: Duration = Duration::from_secs(2);

/// A node of the cluster. Clones are the same node.
#[derive(Clone, Debug)]
pub struct DevNode(pub(crate) Arc<Node>);

/// One line of a node's request log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLine {
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query as it came, without `?`.
    pub query: String,
    /// Status answered; 0 while the request is under way or when it was given up.
    pub status: u16,
    /// Body bytes received so far.
    pub bytes_in: u64,
    /// Body bytes sent so far.
    pub bytes_out: u64,
}

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinLine {
    /// The pinned CID as text.
    pub cid: String,
    /// How much of its graph is kept.
    pub mode: PinMode,
    /// The pin's name, empty if it has none.
    pub name: String,
}

/// A copy of everything a node keeps, to roll it back to.
#[derive(Clone, Debug)]
pub struct Snapshot(Store);

impl DevNode {
    /// The peer id, as in the nodes file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Base URL of the RPC.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.0.api.address())
    }

    /// Base URL of the gateway.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.0.gateway.address())
    }

    /// Replaces all faults by this one; [`Fault::None`] makes the node healthy, a killed one too.
    pub fn set_fault(&self, fault: Fault) {
        self.0.apply_faults(|faults| faults.set(fault));
    }

    /// Adds a fault to those the node has.
    pub fn add_fault(&self, fault: Fault) {
        self.0.apply_faults(|faults| faults.add(fault));
    }

    /// The faults the node has now, in the order they were set.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).list().to_vec()
    }

    /// Closes all ports and every connection. What the node keeps stays.
    pub fn kill(&self) {
        self.0.api.close();
        self.0.gateway.close();
        self.0.swarm.close();
    }

    /// Listens again on the same ports after [`kill`](Self::kill).
    ///
    /// # Errors
    /// [`Code::StorageIo`] when a port cannot be opened.
    ///
    /// # Cancel safety
    /// Ports that are open stay so.
    pub async fn revive(&self) -> Result<(), Error> {
        for port in [&self.0.api, &self.0.gateway] {
            let failed = |e| Error::with_source(Code::StorageIo, "cannot listen again", e);
            port.reopen_in_time(REOPEN).await.map_err(failed)?;
        }
        self.0.open_swarm();
        self.0.shared.blocks_moved();
        Ok(())
    }

    /// Forgets everything: records, blocks and pins.
    pub fn wipe(&self) {
        *self.0.store() = Store::default();
    }

    /// Forgets every record, as 48 hours without a put do; blocks and pins stay.
    pub fn forget_records(&self) {
        let mut store = self.0.store();
        store.records.clear();
        store.oldest.clear();
        store.planted.clear();
        store.resolved.clear();
    }

    /// A copy of everything the node keeps.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.store().clone())
    }

    /// Makes the node keep exactly what a snapshot holds, as a restored backup does.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.0.store() = snapshot.0.clone();
        self.0.shared.blocks_moved();
    }

    /// Moves the node's wall clock ahead: records expire and are forgotten.
    pub fn advance_clock(&self, by: Duration) {
        self.0.clock_ahead_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Makes each request wait this long before it is handled, to imitate a round trip.
    pub fn set_delay(&self, delay: Duration) {
        *self.0.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    /// The record the node holds, expired or not, whatever it shows.
    #[must_use]
    pub fn record(&self, name: &Name) -> Option<Bytes> {
        self.0.store().records.get(name).map(|held| held.record.raw.clone())
    }

    /// Makes the node answer with these bytes for a name, whatever they are; an empty value ends that.
    pub fn plant_record(&self, name: &Name, raw: impl Into<Bytes>) {
        let raw = raw.into();
        let planted = &mut self.0.store().planted;
        if raw.is_empty() {
            planted.remove(name);
        } else {
            planted.insert(*name, raw);
        }
    }

    /// The blocks the node holds, those of codecs the engine does not use left out.
    #[must_use]
    pub fn blocks(&self) -> BTreeMap<Cid, Bytes> {
        let store = self.0.store();
        let ours = |stored: &Stored| Some((Cid::from_ipld(&stored.cid).ok()?, stored.bytes.clone()));
        store.blocks.values().filter_map(ours).collect()
    }

    /// Loses one block, as a full or failing disk does; tells whether it was there.
    pub fn lose_block(&self, cid: &Cid) -> bool {
        self.0.store().blocks.remove(&cid.to_ipld().hash().to_bytes()).is_some()
    }

    /// Has other bytes for one block from now on, as after a power cut or on a failing disk; tells whether it was there.
    pub fn damage_block(&self, cid: &Cid, bytes: impl Into<Bytes>) -> bool {
        let mut store = self.0.store();
        let stored = store.blocks.get_mut(&cid.to_ipld().hash().to_bytes());
        stored.map(|stored| stored.bytes = bytes.into()).is_some()
    }

    /// Loses one pin; tells whether it was there.
    pub fn lose_pin(&self, cid: &Cid) -> bool {
        self.0.store().pins.remove(&cid.to_ipld()).is_some()
    }

    /// Every pin, in order of CID.
    #[must_use]
    pub fn pins(&self) -> Vec<PinLine> {
        let line = |(cid, pin): (&cid::Cid, &crate::dag::Pin)| PinLine {
            cid: cid.to_string(),
            mode: pin.mode,
            name: pin.name.clone(),
        };
        self.0.store().pins.iter().map(line).collect()
    }

    /// Every request since the start or [`clear_log`](Self::clear_log), both ports, in order of arrival; the
    /// last 100,000.
    #[must_use]
    pub fn request_log(&self) -> Vec<RequestLine> {
        let log = self.0.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter()
            .map(|line| RequestLine {
                method: line.method.clone(),
                path: line.path.clone(),
                query: line.query.clone(),
                status: line.status.load(Ordering::SeqCst),
                bytes_in: line.bytes_in.load(Ordering::SeqCst),
                bytes_out: line.bytes_out.load(Ordering::SeqCst),
            })
            .collect()
    }

    /// Empties the request log.
    pub fn clear_log(&self) {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
