//! Configuration, the same for Rust, `plugins.wallet-sync` and the command line's nodes file.
//!
//! Unknown keys are refused, and [`Config::validate`] checks every value. Durations are whole milliseconds in JSON.

mod node;
mod node_rules;
mod nodes;
mod read;
mod validate;

use std::time::Duration;

use serde::Deserialize;

pub use self::node::{Basic, NodeConfig, Pem};
pub(crate) use self::node_rules::{base_url, proxy_url};
pub use self::nodes::{Nodes, Pool};
use crate::limits;

/// Settings of the engine. The defaults are in each field's documentation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The user's nodes, 0 to 32, or a pool of up to 1,024. Default: none; the wallet then stays on this device.
    pub nodes: Nodes,
    /// Network name, part of every derived key. Default: none (the main network).
    pub network: Option<String>,
    /// Cache settings.
    pub cache: CacheConfig,
    /// Timeouts.
    pub timeouts: Timeouts,
    /// What the account may take of the line.
    pub limits: LineLimits,
    /// How long to wait for other nodes after the first valid record, 0–1,000 ms. Default 150 ms.
    #[serde(with = "millis")]
    pub grace: Duration,
    /// Changes within this time are published together, 0–60,000 ms. Default 250 ms.
    #[serde(with = "millis")]
    pub coalesce: Duration,
    /// What windows may do.
    pub windows: WindowsConfig,
    /// How often the engine reads the nodes by itself.
    pub poll: PollConfig,
    /// Whether devices tell each other of changes by the nodes' pubsub, where nodes have it. Default: true.
    pub push: bool,
    /// Metrics settings.
    pub metrics: MetricsConfig,
    /// Whether a data folder on a network or shared file system is used. There locks and the order of writes may not hold, so that a crash
    /// or a second machine can damage the wallet. Default: false.
    pub allow_network_folder: bool,
    /// Public DHT peers to start from, as multiaddresses. Default: none.
    pub bootstrap_peers: Vec<String>,
}

/// Cache settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CacheConfig {
    /// A sync does not read records again that were verified less than this ago, 0–3,600,000 ms. Default 60 s.
    #[serde(with = "millis")]
    pub record_ttl: Duration,
    /// After a sync in which every node failed, further ones do not ask the nodes for this long, 0–600,000 ms. Default 30 s.
    #[serde(with = "millis")]
    pub failure_backoff: Duration,
    /// Maximum size of the blocks that are kept although they could be fetched again, at least 1 MiB. Default 256 MiB.
    pub max_bytes: u64,
}

/// Timeouts.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Timeouts {
    /// Reading the nodes in one sync, 100–60,000 ms. Default 1.8 s.
    #[serde(with = "millis")]
    pub sync: Duration,
    /// One HTTP request, within the sync's own timeout, 100–60,000 ms. Default 5 s.
    #[serde(with = "millis")]
    pub http: Duration,
    /// Pause while content is received, 100–60,000 ms. Default 3 s.
    #[serde(with = "millis")]
    pub content_idle: Duration,
    /// One publishing step on one node without progress, 100–600,000 ms. Default 5 s.
    #[serde(with = "millis")]
    pub publish: Duration,
    /// A query of the DHT, 100–60,000 ms. Default 1 s.
    #[serde(with = "millis")]
    pub dht: Duration,
}

/// Caps on what all requests of an account send and receive together. Without them it is as much as the line carries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LineLimits {
    /// To the nodes, 256–10,000,000 kbit/s. Default: none.
    pub up_kbit: Option<u32>,
    /// From the nodes, 256–10,000,000 kbit/s. Default: none.
    pub down_kbit: Option<u32>,
}

/// What windows may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WindowsConfig {
    /// Token states that all windows of an account may add in an hour, 100–50,000; four times as many in a day, at most 66,000. Rust is
    /// not bound. Default 10,000.
    pub states_per_hour: u32,
}

/// How often the engine reads the nodes by itself; each interval is chosen at random from its range.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PollConfig {
    /// While the app is in front, `[from, to]` ms, at least 60,000. Default 60–90 s.
    pub foreground: [u64; 2],
    /// While it is not, `[from, to]` ms, at least 60,000. Default 240–270 s.
    pub background: [u64; 2],
}

/// Metrics settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MetricsConfig {
    /// Operations at least this long are listed and logged as slow, 1–60,000 ms. Default 1 s.
    #[serde(with = "millis")]
    pub slow: Duration,
    /// Interval of the periodic export, at least 1,000 ms. Default: off.
    pub export: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nodes: Nodes::default(),
            network: None,
            cache: CacheConfig::default(),
            timeouts: Timeouts::default(),
            limits: LineLimits::default(),
            grace: Duration::from_millis(150),
            coalesce: Duration::from_millis(250),
            windows: WindowsConfig::default(),
            poll: PollConfig::default(),
            push: true,
            metrics: MetricsConfig::default(),
            allow_network_folder: false,
            bootstrap_peers: Vec::new(),
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            record_ttl: Duration::from_secs(60),
            failure_backoff: Duration::from_secs(30),
            max_bytes: 256 * 1024 * 1024,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            sync: Duration::from_millis(1_800),
            http: Duration::from_secs(5),
            content_idle: Duration::from_secs(3),
            publish: Duration::from_secs(5),
            dht: Duration::from_secs(1),
        }
    }
}

impl Default for WindowsConfig {
    fn default() -> Self {
        Self { states_per_hour: limits::WINDOW_STATES_HOUR }
    }
}

impl Default for PollConfig {
    fn default() -> Self {
        Self { foreground: [60_000, 90_000], background: [240_000, 270_000] }
    }
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { slow: Duration::from_secs(1), export: None }
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
