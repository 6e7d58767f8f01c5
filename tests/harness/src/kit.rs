//! Kubo nodes behind nginx as an operator runs them for many wallets: `examples/nodes/nodes.sh`.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::cluster::{kubo_path, output};

/// Ports of one node, from its base on: HTTPS, RPC, gateway, swarm.
const PORTS: u16 = 4;
const NODE_STEP: u16 = 20;
/// How many sets of five fit.
const BASES: u16 = 100;

/// Running nodes with their front; dropping the value stops them and removes their data.
#[derive(Debug)]
pub struct WalletNodes {
    dir: TempDir,
    ipfs: PathBuf,
    base: u16,
}

impl WalletNodes {
    /// Starts `count` nodes and returns when all answer. Blocks the calling thread for some seconds.
    ///
    /// # Errors
    /// What the script said on stderr; no free ports.
    pub fn start(count: u16) -> io::Result<Self> {
        let ipfs = kubo_path()?;
        let dir = tempfile::Builder::new().prefix("wallet-sync-nodes-").tempdir()?;
        let base = free_base(count)?;
        let nodes = Self { dir, ipfs, base };
        nodes.script(&["up"], &[&count.to_string(), &base.to_string()])?;
        Ok(nodes)
    }

    /// Gives a wallet a token; its nodes file.
    ///
    /// # Errors
    /// What the script said on stderr.
    pub fn wallet(&self, name: &str) -> io::Result<String> {
        self.script(&["wallet"], &[name])
    }

    /// Takes every token of a wallet away.
    ///
    /// # Errors
    /// What the script said on stderr.
    pub fn revoke(&self, name: &str) -> io::Result<()> {
        self.script(&["revoke"], &[name]).map(drop)
    }

    /// What was refused, counted, in Prometheus' text format.
    ///
    /// # Errors
    /// What the script said on stderr.
    pub fn refused(&self) -> io::Result<String> {
        self.script(&["refused"], &[])
    }

    /// One line of JSON for each request that came.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        std::fs::read_to_string(self.dir.path().join("nginx/logs/access.log"))
    }

    /// Address of the front of node `i`, and of the RPC behind it.
    #[must_use]
    pub fn addresses(&self, i: u16) -> (String, String) {
        let base = self.base + NODE_STEP * i;
        (format!("https://127.0.0.1:{base}"), format!("http://127.0.0.1:{}", base + 1))
    }

    /// The certificate of the authority that signed the fronts'.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("tls/ca.crt")
    }

    fn script(&self, first: &[&str], then: &[&str]) -> io::Result<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/nodes/nodes.sh");
        let mut command = Command::new(script);
        command.env("IPFS_BIN", &self.ipfs).args(first).arg(self.dir.path()).args(then);
        output(&mut command)
    }
}

impl Drop for WalletNodes {
    fn drop(&mut self) {
        if let Err(error) = self.script(&["down"], &[]) {
            eprintln!("stopping the wallet nodes: {error}");
        }
    }
}

/// Where the next caller of this process begins to look: what was found is not bound yet.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A base whose ports are all free, below those that systems give to whoever asks for any.
fn free_base(count: u16) -> io::Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let ports = |base: u16| (0..count).flat_map(move |i| (0..PORTS).map(move |n| base + NODE_STEP * i + n));
    let process = u16::try_from(std::process::id() % u32::from(BASES)).unwrap_or(0);
    let base = || 20_000 + NODE_STEP * 5 * ((process + NEXT.fetch_add(1, Ordering::Relaxed)) % BASES);
    let mut bases = std::iter::repeat_with(base).take(BASES.into());
    bases.find(|base| ports(*base).all(is_free)).ok_or_else(|| io::Error::other("no free ports"))
}
