//! The bounds of every setting.

use std::time::Duration;

use super::Config;
use crate::error::{Code, Error};
use crate::limits;

impl Config {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming the key, the value and the bound.
    pub fn validate(&self) -> Result<(), Error> {
        self.nodes.validate()?;
        if let Some(network) = &self.network {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if network.is_empty() || network.len() > 64 || !network.chars().all(plain) {
                return Err(bad("network: 1–64 characters of A–Z a–z 0–9 . _ -"));
            }
        }
        peer_addresses("bootstrapPeers", &self.bootstrap_peers, limits::BOOTSTRAP_PEERS)?;
        within("cache.recordTtl", self.cache.record_ttl, 0, 3_600_000)?;
        within("cache.failureBackoff", self.cache.failure_backoff, 0, 600_000)?;
        if self.cache.max_bytes < 1024 * 1024 {
            return Err(bad("cache.maxBytes: at least 1048576"));
        }
        within("timeouts.sync", self.timeouts.sync, 100, 60_000)?;
        within("timeouts.http", self.timeouts.http, 100, 60_000)?;
        within("timeouts.contentIdle", self.timeouts.content_idle, 100, 60_000)?;
        within("timeouts.publish", self.timeouts.publish, 100, 600_000)?;
        within("timeouts.dht", self.timeouts.dht, 100, 60_000)?;
        for (key, rate) in [("upKbit", self.limits.up_kbit), ("downKbit", self.limits.down_kbit)] {
            let (from, to) = limits::CAP_KBIT;
            if rate.is_some_and(|rate| !(from..=to).contains(&rate)) {
                return Err(bad(format!("limits.{key}: allowed are {from}–{to} kbit/s")));
            }
        }
        let (from, to) = limits::WINDOW_STATES_HOUR_RANGE;
        if !(from..=to).contains(&self.windows.states_per_hour) {
            return Err(bad(format!("windows.statesPerHour: allowed are {from}–{to}")));
        }
        within("grace", self.grace, 0, 1_000)?;
        within("coalesce", self.coalesce, 0, 60_000)?;
        within("metrics.slow", self.metrics.slow, 1, 60_000)?;
        if self.metrics.export.is_some_and(|every| every < 1_000) {
            return Err(bad("metrics.export: at least 1000 ms"));
        }
        for (key, [from, to]) in [("foreground", self.poll.foreground), ("background", self.poll.background)]
        {
            if from < 60_000 || to < from || to > 86_400_000 {
                return Err(bad(format!("poll.{key}: [from, to] with 60000 ≤ from ≤ to ≤ 86400000")));
            }
        }
        Ok(())
    }
}

/// Checks that multiaddresses end in a peer id; whether they can be dialled is not checked here.
pub(super) fn peer_addresses(key: &str, addresses: &[String], most: usize) -> Result<(), Error> {
    if addresses.len() > most {
        return Err(bad(format!("{key}: {} given, at most {most}", addresses.len())));
    }
    for (at, text) in addresses.iter().enumerate() {
        let id = text.rsplit_once("/p2p/").map_or("", |(_, id)| id);
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
        if text.len() > limits::SWARM_ADDRESS_CHARS || !text.starts_with('/') || !plain {
            return Err(bad(format!("{key}[{at}]: a multiaddress that ends in /p2p/<peer id>")));
        }
    }
    Ok(())
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, message)
}

fn within(key: &str, value: Duration, from: u64, to: u64) -> Result<(), Error> {
    let range = Duration::from_millis(from)..=Duration::from_millis(to);
    if range.contains(&value) {
        return Ok(());
    }
    Err(bad(format!("{key}: {} ms, allowed are {from}–{to} ms", value.as_millis())))
}
