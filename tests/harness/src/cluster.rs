//! A private loopback cluster of real Kubo daemons, driven by `tests/kubo/cluster.sh`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// The oldest Kubo that is supported.
pub const OLDEST: &str = "0.40.1";
/// The last one whose records an update in place does not take over.
pub const BEFORE_NEWEST: &str = "0.42.0";
/// The pinned one, which tests use where nothing is said.
pub const NEWEST: &str = "0.43.0";

/// Running Kubo daemons; dropping the value stops all of them and removes their data.
#[derive(Debug)]
pub struct RealCluster {
    dir: TempDir,
    /// The binary of each daemon.
    binaries: Mutex<Vec<PathBuf>>,
    args: String,
}

/// How the daemons of a cluster are started.
#[derive(Clone, Debug, Default)]
pub struct Daemons<'a> {
    /// Extra settings: `key=JSON` pairs separated by blanks, for example `Gateway.NoFetch=true`.
    pub config: &'a str,
    /// Arguments of each daemon, for example `--offline`.
    pub args: &'a str,
}

impl RealCluster {
    /// Starts `count` meshed daemons and returns when all answer. Blocks the calling thread for some seconds,
    /// and for minutes where Kubo has to be built first.
    ///
    /// # Errors
    /// What `build.sh` or `cluster.sh` said on stderr.
    pub fn start(count: usize) -> io::Result<Self> {
        Self::start_with(count, "")
    }

    /// The same with extra daemon settings: `key=JSON` pairs separated by blanks, for example
    /// `Gateway.NoFetch=true`.
    ///
    /// # Errors
    /// What `build.sh` or `cluster.sh` said on stderr.
    pub fn start_with(count: usize, config: &str) -> io::Result<Self> {
        Self::start_of(&vec![NEWEST; count], &Daemons { config, args: "" })
    }

    /// The same with one daemon of each of these versions.
    ///
    /// # Errors
    /// What `build.sh` or `cluster.sh` said on stderr.
    pub fn start_of(versions: &[&str], daemons: &Daemons<'_>) -> io::Result<Self> {
        let binaries = versions.iter().map(|version| binary(version)).collect::<io::Result<Vec<_>>>()?;
        let list: Vec<String> = binaries.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let dir = tempfile::Builder::new().prefix("wallet-sync-kubo-").tempdir()?;
        // Made before the daemons start, so that a failed start is cleaned up by the drop as well.
        let cluster = Self { dir, binaries: Mutex::new(binaries), args: daemons.args.to_owned() };
        let environment = [("CLUSTER_CONFIG", daemons.config), ("CLUSTER_BINS", &list.join(" "))];
        cluster.script(&["start", &versions.len().to_string()], &environment)?;
        Ok(cluster)
    }

    /// The nodes file of the cluster.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn nodes_json(&self) -> io::Result<String> {
        std::fs::read_to_string(self.dir.path().join("nodes.json"))
    }

    /// The folder with the daemons' data and logs: `n0/log` and so on.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// How many daemons there are, running or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.binaries().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends daemon `i` without warning (SIGKILL).
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self, i: usize) -> io::Result<()> {
        self.script(&["kill", &i.to_string()], &[])
    }

    /// Freezes daemon `i` (SIGSTOP): its ports accept and nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_signal(&self, i: usize) -> io::Result<()> {
        self.signal(i, "STOP")
    }

    /// Lets a frozen daemon go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run.
    pub fn cont(&self, i: usize) -> io::Result<()> {
        self.signal(i, "CONT")
    }

    /// Starts daemon `i` again after a kill, with the same identity, data and ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn up(&self, i: usize) -> io::Result<()> {
        let binary = self.binaries().get(i).cloned().unwrap_or_default();
        self.script(&["up", &i.to_string()], &[("CLUSTER_BINS", &binary.to_string_lossy())])
    }

    /// Ends daemon `i` and starts it again on the same data as this version: an update in place.
    ///
    /// # Errors
    /// When it does not run, or does not come up.
    pub fn update(&self, i: usize, version: &str) -> io::Result<()> {
        let binary = binary(version)?;
        self.kill(i)?;
        if let Some(old) = self.binaries().get_mut(i) {
            *old = binary;
        }
        self.up(i)
    }

    fn binaries(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.binaries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, i: usize, signal: &str) -> io::Result<()> {
        // The folder comes before the signal's name on the script's command line.
        let dir = self.dir.path().to_string_lossy().into_owned();
        run(self.command().args(["kill", &i.to_string(), &dir, signal]))
    }

    fn script(&self, arguments: &[&str], environment: &[(&str, &str)]) -> io::Result<()> {
        run(self.command().args(arguments).arg(self.dir.path()).envs(environment.iter().copied()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(kubo_dir().join("cluster.sh"));
        command.env("CLUSTER_ARGS", &self.args);
        // Which one is said by CLUSTER_BINS; the script wants one in any case.
        if let Some(any) = self.binaries().first() {
            command.env("IPFS_BIN", any);
        }
        command
    }
}

impl Drop for RealCluster {
    fn drop(&mut self) {
        // Frozen daemons are continued by the script, stubborn ones killed, by pid.
        if let Err(error) = self.script(&["stop"], &[]) {
            eprintln!("stopping the Kubo cluster: {error}");
        }
    }
}

/// The newest Kubo, found or built.
pub fn kubo_path() -> io::Result<PathBuf> {
    binary(NEWEST)
}

/// The `ipfs` of a version, found or built.
fn binary(version: &str) -> io::Result<PathBuf> {
    let found = output(Command::new(kubo_dir().join("build.sh")).arg(version))?;
    Ok(PathBuf::from(found.trim()))
}

fn kubo_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../kubo")
}

fn run(command: &mut Command) -> io::Result<()> {
    output(command).map(drop)
}

pub fn output(command: &mut Command) -> io::Result<String> {
    // Files instead of pipes: the daemons inherit the streams, and a pipe would be waited for until they end.
    let (out, err) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(out.reopen()?))
        .stderr(Stdio::from(err.reopen()?))
        .status()?;
    if status.success() {
        return std::fs::read_to_string(out.path());
    }
    let said = std::fs::read_to_string(err.path()).unwrap_or_default();
    Err(io::Error::other(format!("{status}: {}", said.trim())))
}
