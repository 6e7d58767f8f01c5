//! Runs the built binary as another program would.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

pub mod embedded;
pub mod kubo;
pub mod liar;
pub mod new_secret;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The binary, without anything of this environment that steers it.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walletsync"));
    for name in
        ["WALLETSYNC_DATA", "WALLETSYNC_NODES", "WALLETSYNC_SECRET_FILE", "WALLETSYNC_NETWORK", "RUST_LOG"]
    {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Outcome {
    run_with(command().args(arguments), b"")
}

/// Runs a prepared command to its end, with this on its stdin.
pub fn run_with(command: &mut Command, stdin: &[u8]) -> Outcome {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    // A command that reads no stdin closes it early: that is no failure of the test.
    let writer = std::thread::spawn(move || to.write_all(&bytes).is_ok());
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    Outcome {
        exit: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Outcome {
    /// Each line of stdout as JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        self.stdout.lines().map(line).collect()
    }

    /// The one JSON object of a command that succeeded.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.exit, Some(0), "{self:?}");
        let value = self.one();
        assert_eq!(value["ok"], true, "{self:?}");
        value
    }

    /// The message of a command that failed with this exit code and error code.
    #[track_caller]
    pub fn refused(&self, exit: i32, code: &str) -> String {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        let value = self.one();
        assert_eq!((&value["ok"], &value["code"]), (&false.into(), &code.into()), "{self:?}");
        assert!(value["retryable"].is_boolean(), "{self:?}");
        let message = value["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("RUST_BACKTRACE"), "{self:?}");
        message.to_owned()
    }

    #[track_caller]
    fn one(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines.remove(0)
    }
}

/// A wallet on this disk, without nodes.
pub struct Wallet {
    folder: tempfile::TempDir,
}

impl Wallet {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file in the wallet's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The binary with this wallet's folder and secret.
    pub fn command(&self) -> Command {
        let mut command = command();
        command.arg("--json").env("WALLETSYNC_DATA", self.path("data"));
        command.env("WALLETSYNC_SECRET_FILE", self.path("secret"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run_with(self.command().args(arguments), b"")
    }

    pub fn run_with_stdin(&self, arguments: &[&str], stdin: &str) -> Outcome {
        run_with(self.command().args(arguments), stdin.as_bytes())
    }
}

/// Data that the plugin's own tests use.
pub fn test_data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(folder)
}

/// The file in a folder of test data whose name ends like this.
#[track_caller]
pub fn data_file(folder: &str, end: &str) -> PathBuf {
    let entries = std::fs::read_dir(test_data(folder)).unwrap();
    let found = entries.map(|entry| entry.unwrap().path()).find(|path| path.to_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} in {folder}"))
}
