//! A device of the demo: an engine in a folder of its own.

use std::time::Duration;

use bytes::Bytes;
use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::config::Config;
use tauri_plugin_wallet_sync::engine::{Mode, NewToken, OpenOptions, SyncReport, SyncRequest, TokenRow};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::{Code, Engine, Error, Secret};
use tempfile::TempDir;

use super::wrong;

/// How long a publish of the demo may take; a claim alone settles for two seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Syncs after which every node that works has been brought along.
const SYNCS: usize = 10;
/// More rows than the demo has.
const ROWS: usize = 100;

/// An engine and its folder, which goes with the value.
pub struct Device {
    pub engine: Engine,
    _folder: TempDir,
}

impl Device {
    /// Starts with an empty folder.
    pub async fn start(secret: &Secret, cluster: &Cluster) -> Result<Self, Error> {
        let folder = tempfile::tempdir()
            .map_err(|e| Error::with_source(Code::StorageIo, "cannot make a temporary folder", e))?;
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(&cluster.nodes_json())?;
        let options = OpenOptions { dir: folder.path().join("data"), config, mode: Mode::Own };
        let engine = Engine::open(secret, options).await?;
        Ok(Self { engine, _folder: folder })
    }

    /// Asks every node.
    pub async fn read(&self) -> Result<SyncReport, Error> {
        let request = SyncRequest { fresh: true, ..SyncRequest::default() };
        self.engine.sync(request, |_| ()).await.map_err(|failure| failure.error)
    }

    /// Syncs until everything made here was read back from so many nodes. A sync does not wait for a node that is much slower
    /// than the others, as it may be on a busy machine: the next one brings it along.
    pub async fn sync_verified(&self, nodes: usize) -> Result<SyncReport, Error> {
        let mut syncs = 1;
        loop {
            let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: Some(Level::Verified) };
            let report = self.engine.sync(request, |_| ()).await.map_err(|failure| failure.error)?;
            if report.verified_nodes >= nodes || syncs == SYNCS {
                return Ok(report);
            }
            syncs += 1;
        }
    }

    /// Everything that can be offered, with its payload.
    pub async fn wallet(&self) -> Result<Vec<(TokenRow, Bytes)>, Error> {
        let mut wallet = Vec::new();
        for row in self.engine.tokens(None, ROWS, false) {
            let payload = self.engine.payload(row.key.token_id.as_str(), row.key.state_hash.as_str()).await?;
            wallet.push((row, payload));
        }
        Ok(wallet)
    }

    /// Name and root of this device's latest record.
    pub fn published(&self, report: &SyncReport) -> Result<(Name, String), Error> {
        let slot = self.engine.status().slot.ok_or_else(|| wrong("this device has no slot"))?;
        let own = report.names.iter().find(|name| name.slot == slot);
        let own = own.ok_or_else(|| wrong("the report does not name this device's slot"))?;
        let root = own.root.clone().ok_or_else(|| wrong("the report does not name the root"))?;
        Ok((Name::parse(&own.name)?, root))
    }
}

/// A token of the demo; its payload is not even text.
pub fn token(number: u8) -> NewToken {
    let payload: Vec<u8> =
        (0_u32..3_000).map(|at| u8::try_from(at.wrapping_mul(31) % 251).unwrap_or(0) ^ number).collect();
    NewToken {
        token_id: format!("demo-token-{number}"),
        state_hash: format!("state-{number}"),
        previous: None,
        summary: Some(format!("{number} coins")),
        payload: payload.into(),
    }
}
