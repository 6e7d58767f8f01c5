//! Which nodes are listened to: those that all devices prefer, as far as they have pubsub and their streams hold.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::engine::account::Account;
use crate::limits;
use crate::model::push::Topic;

/// Why a node is no longer listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The stream had lasted as long as any, or the node was taken out of use.
    Over,
    /// It has no pubsub, or none for us.
    Refused,
    /// It brought more than devices send.
    Flooded,
    /// It broke, fell silent or was never there.
    Broken,
}

/// How a stream was.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How long it lasted.
    pub lasted: Duration,
    /// For how long it had brought nothing in the end.
    pub silent: Duration,
}

/// What is known of one node.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// It is left alone until then.
    until: Option<Instant>,
    /// Streams that broke in a row.
    failures: u32,
    /// Floods in a row.
    floods: u32,
}

/// One of the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ear {
    node: usize,
    is_open: bool,
}

/// What broken streams mean for what this device has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Nothing.
    #[default]
    Nothing,
    /// Another stream stayed open.
    Spare,
    /// For a while there was none.
    All,
}

/// The nodes of one account, as push sees them.
pub struct Nodes {
    /// Nodes with an API, in the order that all devices have.
    ranked: Vec<usize>,
    known: Vec<Known>,
    ears: [Option<Ear>; limits::PUSH_NODES],
    /// What was lost since a stream last began.
    lost: Lost,
    /// Streams that broke in silence, in a row.
    cuts: u32,
    /// How often this device says that it is there.
    beat: Duration,
    /// That some nodes have no pubsub was said.
    is_told: bool,
}

impl Nodes {
    pub fn new(account: &Account, topic: &Topic) -> Self {
        let mut ranked = account.network.api_nodes();
        ranked.sort_by_cached_key(|at| rank(topic, &account.network.id(*at)));
        let known = vec![Known::default(); account.network.len()];
        Self {
            ranked,
            known,
            ears: [None; limits::PUSH_NODES],
            lost: Lost::Nothing,
            cuts: 0,
            beat: limits::PUSH_HEARTBEAT,
            is_told: false,
        }
    }

    /// The node that a stream is opened on, or until when there is none.
    pub fn choose(&mut self, account: &Account, place: usize, now: Instant) -> Result<usize, Instant> {
        let writable = account.network.writable();
        let mut until = now + limits::PUSH_REFUSED_AGAIN;
        for at in self.ranked.iter().copied().filter(|at| writable.contains(at)) {
            if self.is_listened_to(account, at) {
                continue;
            }
            match self.free_at(at, now) {
                None => {
                    if let Some(ear) = self.ears.get_mut(place) {
                        *ear = Some(Ear { node: at, is_open: false });
                    }
                    return Ok(at);
                }
                Some(free_at) => until = until.min(free_at),
            }
        }
        // What another stream gives up is looked for now and then; that asks no node.
        Err(until.min(now + limits::PUSH_STREAM))
    }

    /// When a node is no longer left alone; none when it is not now.
    fn free_at(&self, at: usize, now: Instant) -> Option<Instant> {
        self.known.get(at).and_then(|known| known.until).filter(|until| *until > now)
    }

    /// The machine of a node is listened to, by that node or another.
    fn is_listened_to(&self, account: &Account, at: usize) -> bool {
        let state = account.local.read();
        let machine = |at: usize| state.nodes().machine(&account.network.id(at)).map(str::to_owned);
        let own = machine(at);
        let is_same = |ear: &Ear| ear.node == at || own.is_some() && machine(ear.node) == own;
        self.ears.iter().flatten().any(is_same)
    }

    /// A stream has begun; what was lost before.
    pub fn note_begun(&mut self, place: usize) -> Lost {
        if let Some(Some(ear)) = self.ears.get_mut(place) {
            ear.is_open = true;
        }
        std::mem::take(&mut self.lost)
    }

    /// A stream has ended; `luck` (0–1) spreads the next attempt.
    pub fn note_ended(&mut self, place: usize, ended: Ended, times: Times, now: Instant, luck: f64) {
        let Some(ear) = self.ears.get_mut(place).and_then(Option::take) else { return };
        if ear.is_open && ended != Ended::Over {
            let lost = if self.open().is_empty() { Lost::All } else { Lost::Spare };
            self.lost = self.lost.max(lost);
        }
        if ear.is_open && ended == Ended::Broken {
            self.note_cut(times);
        }
        let Some(known) = self.known.get_mut(ear.node) else { return };
        // A node that takes the stream and brings nothing by it is as bad as one that takes none.
        if times.lasted >= limits::PUSH_STEADY && times.silent < times.lasted {
            (known.failures, known.floods) = (0, 0);
        }
        let pause = match ended {
            Ended::Over => return,
            Ended::Refused => limits::PUSH_REFUSED_AGAIN,
            Ended::Flooded => {
                known.floods = known.floods.saturating_add(1);
                doubled(limits::PUSH_FLOOD_FIRST, known.floods, limits::PUSH_FLOOD_MAX)
            }
            Ended::Broken => {
                known.failures = known.failures.saturating_add(1);
                doubled(limits::PUSH_RETRY_FIRST, known.failures, limits::PUSH_RETRY_MAX)
            }
        };
        known.until = Some(now + pause.mul_f64(1.0 + luck.clamp(0.0, 1.0) / 5.0));
    }

    /// A stream broke that had been silent for so long.
    fn note_cut(&mut self, times: Times) {
        if times.silent < limits::PUSH_STEADY || times.silent >= limits::PUSH_SILENCE {
            self.cuts = 0;
            return;
        }
        self.cuts = self.cuts.saturating_add(1);
        if self.cuts >= limits::PUSH_CUTS {
            let beat = times.silent.mul_f64(0.7).max(limits::PUSH_HEARTBEAT_MIN);
            self.beat = self.beat.min(beat);
        }
    }

    /// How often this device says that it is there.
    pub fn beat(&self) -> Duration {
        self.beat
    }

    /// A node does not take messages.
    pub fn note_refused(&mut self, at: usize, now: Instant) {
        if let Some(known) = self.known.get_mut(at) {
            known.until = Some(now + limits::PUSH_REFUSED_AGAIN);
        }
    }

    /// Nodes whose streams are open.
    pub fn open(&self) -> Vec<usize> {
        self.ears.iter().flatten().filter(|ear| ear.is_open).map(|ear| ear.node).collect()
    }

    /// Nodes that a record is sent on: those that are listened to, and the next ones where there are fewer.
    pub fn targets(&self, account: &Account, now: Instant) -> Vec<usize> {
        let mut targets = self.open();
        for at in self.free(account, now) {
            if targets.len() < limits::PUSH_NODES && !targets.contains(&at) {
                targets.push(at);
            }
        }
        targets
    }

    /// Nodes that may be asked, in the order that all devices have.
    pub fn free(&self, account: &Account, now: Instant) -> Vec<usize> {
        let writable = account.network.writable();
        let is_free = |at: &usize| writable.contains(at) && self.free_at(*at, now).is_none();
        self.ranked.iter().copied().filter(is_free).collect()
    }

    /// Whether to say now that some nodes have no pubsub while others do: once.
    pub fn is_to_be_told(&mut self) -> bool {
        let is_refused = |known: &Known| known.until.is_some() && known.failures == 0 && known.floods == 0;
        let is_mixed = !self.open().is_empty() && self.known.iter().any(is_refused);
        is_mixed && !std::mem::replace(&mut self.is_told, true)
    }
}

/// The place of a node in the order that all devices of a wallet have.
fn rank(topic: &Topic, id: &str) -> [u8; 32] {
    Sha256::new().chain_update(topic.bytes()).chain_update(id).finalize().into()
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(10)).min(most)
}
