//! One embedded node, and what a test may do to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::{Clock, SystemClock, UnixMs};
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::{Code, Error};

use crate::cluster::Shared;
use crate::dag::{PinMode, Pins, Stored};
use crate::fault::{Fault, Faults};
use crate::port::Port;
use crate::records::{Held, Records, Resolved};

/// Lines of the request log that are kept: enough for a long test, bounded for a long demo.
const LOG_LINES: usize = 100_000;

/// Everything a node keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub records: Records,
    /// The first record ever held of each name.
    pub oldest: Records,
    /// Bytes shown for a name whatever they are.
    pub planted: HashMap<Name, Bytes>,
    pub resolved: HashMap<Name, Resolved>,
    /// By multihash, as Kubo's block store.
    pub blocks: BTreeMap<Vec<u8>, Stored>,
    pub pins: Pins,
}

/// A node's state and ports.
#[derive(Debug)]
pub(crate) struct Node {
    pub id: String,
    pub api: Arc<Port>,
    pub gateway: Arc<Port>,
    /// In front of the swarm; closed where the node is no peer.
    pub swarm: Arc<Port>,
    /// Of the peer id.
    #[cfg_attr(not(feature = "swarm"), allow(dead_code))]
    pub seed: [u8; 32],
    pub is_peer: AtomicBool,
    pub token: Option<String>,
    pub shared: Arc<Shared>,
    pub peers: OnceLock<Vec<Weak<Node>>>,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    frozen: Mutex<Records>,
    delay: Mutex<Duration>,
    clock_ahead_ms: AtomicI64,
    log: Mutex<VecDeque<Arc<Logged>>>,
}

/// A request under way or done.
#[derive(Debug)]
pub(crate) struct Logged {
    pub method: String,
    pub path: String,
    pub query: String,
    pub status: AtomicU16,
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
}

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

impl Node {
    pub fn new(number: u8, token: Option<String>, shared: Arc<Shared>) -> Result<Self, Error> {
        let open = || {
            Port::open().map_err(|e| Error::with_source(Code::StorageIo, "cannot open a loopback port", e))
        };
        // Any distinct keys do.
        let seed = [number; 32];
        let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let swarm = open()?;
        swarm.close();
        Ok(Self {
            id: Name::from_key(key.as_bytes())?.peer_id(),
            api: open()?,
            gateway: open()?,
            swarm,
            seed,
            is_peer: AtomicBool::new(false),
            token,
            shared,
            peers: OnceLock::new(),
            store: Mutex::default(),
            faults: Mutex::default(),
            frozen: Mutex::default(),
            delay: Mutex::default(),
            clock_ahead_ms: AtomicI64::new(0),
            log: Mutex::default(),
        })
    }

    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> UnixMs {
        SystemClock.now().saturating_add(self.clock_ahead_ms.load(Ordering::SeqCst))
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).has(fault)
    }

    pub fn find_fault<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).find(pick)
    }

    pub fn frozen_records(&self) -> MutexGuard<'_, Records> {
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same bytes, or one bit of the last one flipped if the node forges: the last byte of a record is
    /// signed, and any byte of a block is hashed.
    pub fn forged(&self, bytes: &Bytes) -> Bytes {
        if !self.has(Fault::Forge) {
            return bytes.clone();
        }
        let mut forged = bytes.to_vec();
        if let Some(last) = forged.last_mut() {
            *last ^= 1;
        }
        forged.into()
    }

    /// The other nodes that another Kubo could talk to now.
    pub fn reachable_peers(&self) -> impl Iterator<Item = Arc<Self>> {
        let peers = self.peers.get().into_iter().flatten().filter_map(Weak::upgrade);
        peers.filter(|peer| peer.api.is_open() && !peer.has(Fault::Hang))
    }

    /// Whether another node accepts connections and never answers.
    pub fn has_hung_peer(&self) -> bool {
        let mut peers = self.peers.get().into_iter().flatten().filter_map(Weak::upgrade);
        peers.any(|peer| peer.api.is_open() && peer.has(Fault::Hang))
    }

    /// How long each request waits before it is handled.
    pub fn wait(&self) -> Duration {
        let slow = self.find_fault(|fault| if let Fault::Slow(by) = fault { Some(*by) } else { None });
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) + slow.unwrap_or_default()
    }

    pub fn log(&self, line: Arc<Logged>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() >= LOG_LINES {
            log.pop_front();
        }
        log.push_back(line);
    }

    /// Opens the port in front of the swarm, if the node is a peer.
    pub fn open_swarm(&self) {
        if self.is_peer.load(Ordering::SeqCst)
            && let Err(error) = self.swarm.reopen()
        {
            tracing::error!(%error, address = %self.swarm.address(), "cannot listen again");
        }
    }

    /// Where the node is reached as a peer.
    pub fn swarm_address(&self) -> Option<String> {
        let port = self.swarm.address().port();
        let address = || format!("/ip4/127.0.0.1/tcp/{port}/p2p/{}", self.id);
        self.is_peer.load(Ordering::SeqCst).then(address)
    }

    fn apply_faults(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let [was_stale, was_refusing] = [Fault::Stale, Fault::Refuse].map(|fault| faults.has(fault));
        change(&mut faults);
        let faults = faults.clone();
        if faults.has(Fault::Stale) && !was_stale {
            let records: HashMap<Name, Held> = self.store().records.clone();
            *self.frozen_records() = records;
        }
        let drip = faults.find(|fault| if let Fault::Drip(rate) = fault { Some(*rate) } else { None });
        for port in [&self.api, &self.gateway] {
            port.freeze(faults.has(Fault::Hang));
            port.drip(drip);
            if faults.has(Fault::Refuse) {
                port.close();
            } else if (was_refusing || faults.list().is_empty())
                && let Err(error) = port.reopen()
            {
                tracing::error!(%error, address = %port.address(), "cannot listen again");
            }
        }
        // The swarm goes on when only HTTP refuses.
        self.swarm.freeze(faults.has(Fault::Hang));
        self.swarm.drip(drip);
        if faults.list().is_empty() {
            self.open_swarm();
        }
        // A node that came back may have what others wait for.
        self.shared.blocks_moved();
    }
}

/// A node of the cluster. Clones are the same node.
#[derive(Clone, Debug)]
pub struct DevNode(pub(crate) Arc<Node>);

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
    /// Nothing is awaited.
    #[allow(clippy::unused_async)]
    pub async fn revive(&self) -> Result<(), Error> {
        for port in [&self.0.api, &self.0.gateway] {
            port.reopen().map_err(|e| Error::with_source(Code::StorageIo, "cannot listen again", e))?;
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
