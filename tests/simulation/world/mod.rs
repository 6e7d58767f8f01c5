//! The world: nodes, devices, the ledger that knows what was promised, and the steps that happen to them.

mod acts;
mod care;
mod checker;
mod device;
mod end;
mod expect;
pub mod findings;
mod ledger;
mod probe;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::clock::{Entropy, monotonic};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::WalletKeys;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind as SealKind};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tokio::time::Instant;

use self::device::{Device, SimClock};
use self::findings::{Finding, Kind};
use self::ledger::{Harm, Ledger, payload};
use self::shown::Tokens;
use crate::kubo::{Fault, Kubo, Manners, Reach, Verb};
use crate::script::{Deed, Step};

/// Time that a step may take at most, whatever happens: beyond it the engine hangs.
const STEP_LIMIT: Duration = Duration::from_secs(3_600);

pub struct World {
    pub nodes: Vec<Arc<Kubo>>,
    pub devices: BTreeMap<String, Device>,
    pub ledger: Ledger,
    pub findings: Vec<Finding>,
    pub started: Instant,
    pub secret: Secret,
    pub keys: WalletKeys,
    pub luck: Arc<Entropy>,
    /// Disks that ever were a device's: more names than these are too many.
    pub disks: usize,
    /// When a node or the line to it last began or ceased to be ill.
    pub mended: BTreeMap<usize, Instant>,
    /// Number of the step that is being done.
    pub step: usize,
    /// What happened, one line a step: equal for equal seeds.
    pub trace: Vec<String>,
    /// Roots that were read from nodes.
    read: BTreeMap<Cid, Tokens>,
}

impl World {
    /// The block of a token's payload.
    pub fn payload_cid(&self, id: &str) -> Cid {
        let size = self.ledger.tokens.get(id).map_or(0, |fate| fate.payload.len());
        let sealed = self.keys.sealer().seal(SealKind::State, &payload(id, size), Compression::IfSmaller);
        *Block::new(Codec::Raw, sealed.expect("a payload can be sealed")).cid()
    }

    pub fn new(nodes: usize, seed: u64) -> Self {
        let secret = Secret::new([7; 32]);
        Self {
            nodes: Kubo::cluster(nodes),
            devices: BTreeMap::new(),
            ledger: Ledger::default(),
            findings: Vec::new(),
            started: monotonic(),
            keys: WalletKeys::derive(&secret, None),
            secret,
            luck: Arc::new(Entropy::seeded(seed)),
            disks: 0,
            mended: BTreeMap::new(),
            step: 0,
            trace: Vec::new(),
            read: BTreeMap::new(),
        }
    }

    pub fn find(&mut self, kind: Kind, words: impl Into<String>) {
        let finding = Finding { kind, step: self.step, at: self.started.elapsed(), words: words.into() };
        self.findings.push(finding);
    }

    /// Does one step and looks at what came of it.
    pub async fn take(&mut self, step: &Step) {
        let result = match step {
            Step::Nodes(_) => String::new(),
            Step::Wait(time) => {
                self.wait(*time).await;
                String::new()
            }
            Step::Loses(which, id) => {
                let cid = self.payload_cid(id);
                for at in which.of(self.nodes.len()) {
                    self.nodes[at].lose(&cid);
                    self.ledger.harm(at, Harm::Unseen);
                }
                String::new()
            }
            Step::Has(which, id) => {
                which.of(self.nodes.len()).into_iter().for_each(|at| self.expect_at_node(at, id));
                String::new()
            }
            Step::Node(which, deed) => {
                // What was verified meanwhile was true before the harm.
                self.look().await;
                which.of(self.nodes.len()).into_iter().for_each(|at| self.treat(at, *deed));
                String::new()
            }
            Step::Cut(device, which) | Step::Join(device, which) => {
                let cut = matches!(step, Step::Cut(..));
                let some = which.of(self.nodes.len());
                self.mended.extend(some.iter().map(|at| (*at, monotonic())));
                let device = self.device(device);
                some.iter().for_each(|at| device.cut[at].store(cut, Ordering::Relaxed));
                String::new()
            }
            Step::Loss(device, percent) => {
                self.mended.extend((0..self.nodes.len()).map(|at| (at, monotonic())));
                self.device(device).loss.store(*percent, Ordering::Relaxed);
                String::new()
            }
            Step::Device(name, act) => match tokio::time::timeout(STEP_LIMIT, self.act(name, act)).await {
                Ok(result) => result,
                Err(_) => {
                    self.find(Kind::Hangs, format!("{name} {act} does not end"));
                    "hangs".to_owned()
                }
            },
        };
        self.reopen_killed();
        self.look().await;
        let line = format!("{:>12} {step}  {result}", self.started.elapsed().as_millis());
        self.trace.push(line);
        self.step += 1;
    }

    /// A device; it exists from its first mention.
    pub fn device(&mut self, name: &str) -> &mut Device {
        if !self.devices.contains_key(name) {
            self.disks += 1;
            let device = Device::new(MemoryStore::new(), SimClock::new(self.started), self.nodes.len());
            self.devices.insert(name.to_owned(), device);
        }
        self.devices.get_mut(name).expect("it was made")
    }

    fn treat(&mut self, at: usize, deed: Deed) {
        let node = &self.nodes[at];
        if matches!(deed, Deed::Up | Deed::Dead | Deed::Frozen | Deed::Verb(..)) {
            self.mended.insert(at, monotonic());
        }
        match deed {
            Deed::Up => *node.manners() = Manners::default(),
            Deed::Dead => node.manners().reach = Reach::Dead,
            Deed::Frozen => node.manners().reach = Reach::Frozen,
            Deed::Rtt(time) => node.manners().rtt = Some(time),
            Deed::Verb(verb, fault) => {
                node.manners().verbs.insert(verb, fault);
                if (verb, fault) == (Verb::Pin, Fault::Lies) {
                    node.feign_pins();
                }
            }
            Deed::Wiped => node.wipe(),
            Deed::Forgets => node.forget_records(),
            Deed::Saves => node.save(),
            Deed::Returns => node.roll_back(),
            Deed::Collects => node.collect_garbage(),
            Deed::LosesPower => node.lose_power(),
            Deed::LosesLeaves => node.lose_leaves(),
            Deed::LosesRoots => node.lose_roots(),
        }
        if matches!(deed, Deed::Wiped | Deed::Returns | Deed::Forgets) {
            self.devices.values_mut().for_each(|device| device.cared_at = None);
        }
        match deed {
            Deed::Wiped | Deed::Returns => self.ledger.harm(at, Harm::Seen),
            Deed::Collects | Deed::LosesPower | Deed::LosesLeaves | Deed::LosesRoots => {
                self.ledger.harm(at, Harm::Unseen)
            }
            _ => {}
        }
    }

    /// A process that its disk has ended is started again when it is next needed.
    fn reopen_killed(&mut self) {
        for device in self.devices.values_mut() {
            if device.was_killed() {
                device.crash();
            }
        }
    }
}
