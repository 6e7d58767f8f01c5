//! The third tier: when the nodes are asked for records as libp2p peers.
//!
//! HTTP goes first. The peers are asked when no node gave a usable answer, or none within [`limits::DHT_AFTER`]; at once,
//! while HTTP is asked too, where HTTP failed everywhere the last time.

use tokio::time::Instant;

use super::Network;
use crate::limits;
use crate::metrics::Operation;
use crate::model::identity::Name;
use crate::node::peers::{PeerAnswer, PeerAnswers};
use crate::node::{Call, Source};

/// The peers' part in one round of record reads.
pub struct ThirdTier<'a> {
    network: &'a Network,
    names: Vec<Name>,
    call: Call,
    warm_at: Instant,
    ask_at: Instant,
    stage: Stage,
    /// When the first usable copy came.
    usable: Option<Instant>,
}

enum Stage {
    /// There are no peers, or this reading is none of theirs.
    Off,
    Waiting,
    Connecting,
    Asked {
        answers: PeerAnswers,
        since: Instant,
        until: Instant,
    },
    Ended,
}

impl<'a> ThirdTier<'a> {
    /// `began` is when the whole sync began; `None` leaves the peers out.
    pub fn new(network: &'a Network, names: &[Name], began: Option<Instant>, call: &Call) -> Self {
        let now = network.clock.monotonic();
        let began = began.filter(|_| network.peers.is_some());
        let (warm_at, ask_at) = match began {
            Some(began) if !network.http_is_down() => (began + limits::DHT_WARM, began + limits::DHT_AFTER),
            _ => (now, now),
        };
        let stage = if began.is_some() { Stage::Waiting } else { Stage::Off };
        Self { network, names: names.to_vec(), call: call.clone(), warm_at, ask_at, stage, usable: None }
    }

    /// Does what is due; `failed` says that HTTP has ended without a usable answer.
    pub fn turn(&mut self, now: Instant, failed: bool) {
        let Some(peers) = &self.network.peers else { return };
        if matches!(self.stage, Stage::Waiting | Stage::Connecting) && (failed || now >= self.ask_at) {
            let until = self.call.deadline.min(now + self.network.dht_time);
            let call = Call { deadline: until, meter: self.call.meter.clone() };
            let answers = peers.records(&self.names, &call);
            self.stage = Stage::Asked { answers, since: now, until };
        } else if matches!(self.stage, Stage::Waiting) && now >= self.warm_at {
            peers.warm();
            self.stage = Stage::Connecting;
        }
    }

    /// When something is due next.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let next = match &self.stage {
            Stage::Off | Stage::Ended => return None,
            Stage::Waiting => self.warm_at.min(self.ask_at),
            Stage::Connecting => self.ask_at,
            Stage::Asked { until, .. } => self.window().map_or(*until, |window| window.min(*until)),
        };
        Some(next).filter(|next| *next > now)
    }

    fn window(&self) -> Option<Instant> {
        self.usable.map(|usable| usable + self.network.grace)
    }

    /// The next copy, or `None` once when the last one was given; waits without end where nothing was asked.
    pub async fn recv(&mut self) -> Option<PeerAnswer> {
        let Stage::Asked { answers, .. } = &mut self.stage else { return std::future::pending().await };
        let answer = answers.recv().await;
        if answer.is_none() {
            self.end();
        }
        answer
    }

    /// Notes a copy; `usable` when it is at or above the high-water mark.
    pub fn heard(&mut self, usable: bool, now: Instant) {
        if usable && self.usable.is_none() {
            self.usable = Some(now);
        }
    }

    /// Whether nothing more is to be had of the peers.
    pub fn is_over(&self, now: Instant) -> bool {
        match &self.stage {
            Stage::Off | Stage::Ended => true,
            Stage::Waiting | Stage::Connecting => false,
            Stage::Asked { until, .. } => now >= *until || self.window().is_some_and(|window| now >= window),
        }
    }

    /// Whether the peers gave what a sync can be answered with, and had time to give better.
    pub fn has_answered(&self, now: Instant) -> bool {
        self.usable.is_some() && self.is_over(now)
    }

    fn end(&mut self) {
        if let Stage::Asked { since, .. } = &self.stage {
            let found = self.usable.is_some();
            self.network.measure.part(Operation::Dht, Source::Dht, *since, found);
            self.stage = Stage::Ended;
        }
    }
}

impl Drop for ThirdTier<'_> {
    fn drop(&mut self) {
        self.end();
    }
}
