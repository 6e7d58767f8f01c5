//! A private loopback cluster of real Kubo daemons, driven by `tests/kubo/cluster.sh`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Running Kubo daemons; dropping the value stops all of them and removes their data.
#[derive(Debug)]
pub struct RealCluster {
    dir: TempDir,
    ipfs: PathBuf,
    count: usize,
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
        let ipfs = kubo_path()?;
        let dir = tempfile::Builder::new().prefix("wallet-sync-kubo-").tempdir()?;
        // Made before the daemons start, so that a failed start is cleaned up by the drop as well.
        let cluster = Self { dir, ipfs, count };
        cluster.script(&["start", &count.to_string()], &[("CLUSTER_CONFIG", config)])?;
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
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
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
        self.script(&["up", &i.to_string()], &[])
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
        command.env("IPFS_BIN", &self.ipfs);
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

/// The pinned Kubo, found or built.
pub fn kubo_path() -> io::Result<PathBuf> {
    Ok(PathBuf::from(output(&mut Command::new(kubo_dir().join("build.sh")))?.trim()))
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
