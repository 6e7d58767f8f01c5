//! One open account: wires its owners together, and does nothing itself.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::events::Events;
use super::lanes::Lanes;
use super::local::Local;
use super::local::edition::Outgoing;
use super::measure::Measure;
use super::network::Network;
use super::tasks::Tasks;
use crate::clock::{Clock, Entropy};
use crate::config::Config;

/// The owners of one account.
pub struct Account {
    pub config: Config,
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
    /// What brings editions to the nodes.
    pub lanes: Lanes<Arc<Outgoing>>,
}
