//! What this device knows: disk first, then memory.
//!
//! The only door for writes. [`Local::turn`](turn) gives the right to change, one at a time; its `commit` writes the store and,
//! when the store has said yes, applies the same changes to the state in memory. Readers see the state between two
//! commits, never a half one. A failed commit changes nothing.

pub mod acks;
pub mod blocks;
pub mod edition;
mod fate;
mod guarded;
pub mod history;
pub mod join;
pub mod kept;
pub mod load;
pub mod lost;
pub mod moves;
pub mod proofs;
pub mod records;
pub mod room;
pub mod rows;
pub mod slots;
pub mod state;
pub mod turn;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use self::guarded::Guarded;
pub use self::guarded::Reading;
use self::room::Bounds;
use super::api::event::Event;
use super::events::Events;
use crate::clock::{Clock, UnixMs};
use crate::model::identity::WalletKeys;
use crate::store::Store;

/// Store and state of one account.
pub struct Local {
    keys: WalletKeys,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    events: Arc<Events>,
    state: Guarded,
    /// Held from the reading of the state on which a change is based until the state shows it.
    order: Arc<tokio::sync::Mutex<()>>,
    /// What was found damaged when the account was opened, until somebody asks.
    damage: Mutex<Vec<String>>,
    /// How often each node was found to lack what it was proven to hold.
    losses: Mutex<HashMap<String, u64>>,
    bounds: Bounds,
    reads_along: bool,
    /// That few slots are left is told once.
    few_slots_told: AtomicBool,
    /// Highest revision that an event named.
    told: AtomicU64,
}

impl Local {
    pub fn keys(&self) -> &WalletKeys {
        &self.keys
    }

    /// How much the wallet may hold.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The state as it is now. Not to be held across an await.
    pub fn read(&self) -> Reading<'_> {
        self.state.read()
    }

    pub fn revision(&self) -> u64 {
        self.read().revision()
    }

    /// Whether another process owns the folder and this one only looks.
    pub fn reads_along(&self) -> bool {
        self.reads_along
    }

    fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Sentences about what was found damaged when the account was opened; each is given once.
    pub fn take_damage(&self) -> Vec<String> {
        std::mem::take(&mut *self.damage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Names something that a person should look at.
    pub fn alert(&self, kind: &'static str, message: String) {
        tracing::warn!(kind, "{message}");
        self.events.emit(Event::Alert { revision: self.revision(), kind, message });
    }
}
