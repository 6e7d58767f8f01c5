//! The state of one embedded node.

mod handle;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::{Clock, SystemClock, UnixMs};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::{Code, Error};

use crate::cluster::Shared;
use crate::dag::{Pins, Stored};
use crate::dialect::Dialect;
use crate::fault::{Fault, Faults};
use crate::port::Port;
use crate::records::{Held, Records, Resolved};

pub use self::handle::{DevNode, PinLine, RequestLine, Snapshot};

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

    pub fn dialect(&self) -> Dialect {
        self.shared.settings().dialect
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
