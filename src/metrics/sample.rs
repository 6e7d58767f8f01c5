//! One measured operation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A whole sync, as the user waits for it.
    Sync,
    /// Finding the newest records.
    Resolve,
    /// Fetching content by CID.
    Fetch,
    /// Publishing changes to the nodes.
    Publish,
    /// Looking into the cache.
    Cache,
    /// A query through the DHT.
    Dht,
    /// A change of another device, from its publishing there to its merging here.
    Push,
}

impl Operation {
    /// Its stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Publish => "publish",
            Self::Cache => "cache",
            Self::Dht => "dht",
            Self::Push => "push",
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Answered from memory or disk.
    Cache,
    /// A gateway's HTTP surface.
    HttpGateway,
    /// The RPC or routing HTTP surface.
    HttpRouting,
    /// The DHT.
    Dht,
    /// A message of another device.
    Push,
    /// Nothing answered.
    None,
}

impl Source {
    /// Its stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::HttpGateway => "http-gateway",
            Self::HttpRouting => "http-routing",
            Self::Dht => "dht",
            Self::Push => "push",
            Self::None => "none",
        }
    }
}

/// One operation, after its end.
///
/// Count every request, byte and look-up in one sample only: a sync whose requests are counted by its resolve and fetch
/// has none itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which operation.
    pub operation: Operation,
    /// What answered it.
    pub source: Source,
    /// From its start to its end; above [`limits::LATENCY_MAX_US`](crate::limits::LATENCY_MAX_US) it counts as that.
    pub latency: Duration,
    /// Whether it succeeded. If not, its latency is not counted.
    pub ok: bool,
    /// Whether the cache answered; `None` if it was not asked.
    pub cache_hit: Option<bool>,
    /// Requests sent.
    pub requests: u64,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
    /// Error code or outcome, for the list of slow operations and the log. Never a secret.
    pub detail: Option<String>,
}

impl Sample {
    /// A sample without look-up, traffic and detail.
    #[must_use]
    pub const fn new(operation: Operation, source: Source, latency: Duration, ok: bool) -> Self {
        let (cache_hit, detail) = (None, None);
        Self { operation, source, latency, ok, cache_hit, requests: 0, bytes_in: 0, bytes_out: 0, detail }
    }
}
