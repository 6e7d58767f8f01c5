//! One open account: wires its owners together, and does nothing itself.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::Mutex;

use super::attempts::Attempts;
use super::damage::Damage;
use super::events::Events;
use super::lanes::Lanes;
use super::local::Local;
use super::local::edition::Outgoing;
use super::measure::Measure;
use super::network::Network;
use super::network::machine::{Machine, Marks};
use super::push::Push;
use super::shares::Shares;
use super::tasks::Tasks;
use super::uplink::Uplink;
use crate::clock::{Clock, Entropy};
use crate::config::Config;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Codec;
use crate::model::pool::PoolMark;

/// The owners of one account.
pub struct Account {
    /// Its nodes are those of this wallet.
    pub config: Config,
    /// What its roots say of the pool that they are from.
    pub pool: Option<PoolMark>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Entropy,
    /// What this device knows.
    pub local: Arc<Local>,
    /// The nodes.
    pub network: Network,
    /// Who hears what.
    pub events: Arc<Events>,
    /// Work behind the answers.
    pub tasks: Tasks,
    /// What operations cost.
    pub measure: Arc<Measure>,
    /// One edition is made at a time.
    pub publishing: Mutex<()>,
    /// One slot is given back at a time.
    pub retiring: Mutex<()>,
    /// The wallet is unpinned on one node at a time.
    pub releasing: Mutex<()>,
    /// One node is checked at a time.
    pub checking: Mutex<()>,
    /// Content is fetched once at a time.
    pub fetching: Arc<Mutex<()>>,
    /// All slots are searched once at a time.
    pub searching: Arc<Mutex<()>>,
    /// How many readings have begun.
    pub readings: AtomicU64,
    /// What brings roots here.
    pub attempts: Attempts,
    /// What was found damaged on the nodes.
    pub damage: Damage,
    /// What brings editions to the nodes.
    pub lanes: Lanes<Arc<Outgoing>>,
    /// The line that they share.
    pub uplink: Uplink,
    /// What other devices are told, and whether that works.
    pub push: Push,
    /// What each window did lately.
    pub shares: Shares,
}

impl Account {
    /// Keeps what is known to be damaged for the next process.
    ///
    /// # Errors
    /// Store errors.
    pub async fn remember_damage(&self) -> Result<(), Error> {
        let named = self.damage.all().into_iter().map(|(at, cids)| (self.network.id(at), cids));
        self.local.note_damaged(named.collect()).await
    }

    /// What an earlier process found.
    pub fn recall_damage(&self) {
        let known = self.local.read().nodes().damaged().clone();
        for (id, cids) in known {
            if let Ok(at) = self.network.of_id(&id) {
                self.damage.note(at, cids);
            }
        }
    }

    /// Machines that must hold a change before it is `verified`: all where fewer are configured.
    pub fn needed(&self) -> usize {
        self.network.needed().min(self.local.read().nodes().machine_count().max(1))
    }

    /// Asks a node once which machine it is. What was proven on the node when it was another one counts no more.
    ///
    /// # Errors
    /// Store errors.
    pub async fn learn_machine(&self, at: usize) -> Result<(), Error> {
        if !self.network.is_machine_due(at) {
            return Ok(());
        }
        let marks = self.marks(at);
        match self.network.machine(at, &marks, &self.network.call(limits::MACHINE_LOOK)).await {
            Some(Machine::Named(machine)) => self.local.note_machine(&self.network.id(at), machine).await?,
            Some(Machine::As(other, mark)) => {
                let (node, other) = (self.network.id(at), self.network.id(other));
                self.local.note_same_machine(&node, &other, mark.to_string()).await?;
            }
            None => return Ok(()),
        }
        self.local.check_level(self.needed()).await
    }

    /// The marks that nodes were told apart by so far, and a new one.
    fn marks(&self, at: usize) -> Marks {
        let state = self.local.read();
        let mark = |at: usize| state.nodes().machine(&self.network.id(at)).and_then(|name| name.parse().ok());
        let others = self.network.api_nodes().into_iter().filter(|other| *other != at);
        Marks {
            own: mark(at),
            others: others.filter_map(|other| Some((other, mark(other)?))).collect(),
            fresh: Block::new(Codec::Raw, self.entropy.draw::<32>().to_vec()),
        }
    }
}
