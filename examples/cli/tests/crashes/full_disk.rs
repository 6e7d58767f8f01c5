//! A disk that takes nothing does not stop the way out: what is there is shown, exported and compared with the nodes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::inject::{Cut, Fault};
use crate::support::embedded::Nodes;
use crate::support::{Outcome, Wallet, run_with};

/// A wallet that nodes hold, whose folder is on a small disk of its own.
struct Small {
    nodes: Nodes,
    wallet: Wallet,
}

impl Small {
    fn new() -> Self {
        let (nodes, wallet) = (Nodes::start(), Wallet::new());
        fs::create_dir(wallet.path("disk")).unwrap();
        let small = Self { nodes, wallet };
        small.mount(&["-t", "tmpfs", "-o", "size=4m", "tmpfs"]);
        small.wallet.file("nodes.json", small.nodes.nodes_json());
        small.run(&["init"]).done();
        let tokens = "{\"tokenId\":\"a\",\"stateHash\":\"s\",\"data\":\"pay\"}\n{\"tokenId\":\"b\",\"stateHash\":\"s\",\"data\":\"more\"}\n";
        let file = small.wallet.file("t.ndjson", tokens);
        small.run(&["put", &file]).done();
        assert_eq!(small.run(&["sync", "--wait", "verified"]).done()["ack"], "verified");
        small
    }

    fn mount(&self, arguments: &[&str]) {
        let mounted = Command::new("mount").args(arguments).arg(self.disk()).status();
        assert!(
            mounted.is_ok_and(|done| done.success()),
            "a small disk is needed: mount takes the rights of root"
        );
    }

    fn disk(&self) -> PathBuf {
        self.wallet.path("disk")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.wallet.command();
        command
            .env("WALLETSYNC_DATA", self.disk().join("data"))
            .env("WALLETSYNC_NODES", self.wallet.path("nodes.json"));
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        run_with(&mut self.command(arguments), b"")
    }

    /// Writes until nothing more goes in.
    fn fill(&self) {
        let fill = self.disk().join("fill");
        let full = fs::write(&fill, vec![0; 8 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }

    /// Ends a process in the middle of a write, so that the next one finds a log.
    fn kill_a_put(&self) {
        let file = self.wallet.file("k.ndjson", "{\"tokenId\":\"k\",\"stateHash\":\"s\",\"data\":\"x\"}\n");
        let cut = &Cut::new("wallet.sqlite3", "pwrite64", Fault::Killed, 1);
        let killed = run_with(&mut cut.into(&self.command(&["put", &file]), &self.disk().join("data")), b"");
        assert_eq!(killed.exit, None, "{killed:?}");
        assert!(fs::metadata(self.disk().join("data/wallet.sqlite3-wal")).unwrap().len() > 0);
    }

    /// Everything that only reads works, whoever holds the disk; gives how many tokens that brought, and whether it was told that
    /// nothing is written there.
    fn way_out(&self) -> (usize, bool) {
        let status = self.run(&["status"]).done();
        let tokens = self.run(&["tokens", "--all", "--data"]);
        assert_eq!(tokens.exit, Some(0), "{tokens:?}");
        assert_eq!(status["tokens"]["total"], tokens.lines().len());
        let rehearsed = self.run(&["audit", "--rehearse"]);
        assert!(rehearsed.lines()[0]["tokensThere"]["total"] == 2, "{rehearsed:?}");
        let file = self.wallet.path("out.backup");
        let written = self.run(&["backup", "export", file.to_str().unwrap()]).done();
        let warnings = written["warnings"].as_array().unwrap().iter();
        let is_told = warnings.filter(|line| line.as_str().unwrap().starts_with("storage: ")).count() > 0;
        // It is whole, and another machine takes it.
        let other = Wallet::new();
        fs::copy(self.wallet.path("secret"), other.path("secret")).unwrap();
        other.run(&["backup", "import", file.to_str().unwrap()]).done();
        let theirs: Vec<Value> = other.run(&["tokens", "--all", "--data"]).lines();
        let shown = |rows: &[Value]| -> Vec<(Value, Value)> {
            rows.iter().map(|row| (row["tokenId"].clone(), row["data"].clone())).collect()
        };
        assert_eq!(shown(&theirs), shown(&tokens.lines()));
        (theirs.len(), is_told)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.disk()).status();
    }
}

/// The database and its log, with their bytes.
fn files(folder: &Path) -> Vec<Option<Vec<u8>>> {
    ["wallet.sqlite3", "wallet.sqlite3-wal"].map(|name| fs::read(folder.join(name)).ok()).to_vec()
}

#[test]
fn d02_a_full_disk_does_not_stop_the_way_out() {
    let small = Small::new();
    small.fill();
    small.run(&["set", "k", "1"]).refused(5, "storage_full");
    let before = files(&small.disk().join("data"));
    assert_eq!(small.way_out(), (2, true));
    assert_eq!(files(&small.disk().join("data")), before, "nothing there was changed");
    // There is room again, and everything goes on.
    fs::remove_file(small.disk().join("fill")).unwrap();
    small.run(&["set", "k", "1"]).done();
}

#[test]
fn d02_what_a_killed_process_left_on_a_full_disk_is_read_too() {
    let small = Small::new();
    small.kill_a_put();
    small.fill();
    assert_eq!(small.way_out().0, 3);
}

/// After a power cut, or in a copy of the folder, the index of the log is not there, and cannot be made.
#[test]
fn d02_a_log_without_its_index_is_read_on_a_full_disk() {
    let small = Small::new();
    small.kill_a_put();
    fs::remove_file(small.disk().join("data/wallet.sqlite3-shm")).unwrap();
    small.fill();
    let before = files(&small.disk().join("data"));
    assert_eq!(small.way_out(), (3, true));
    assert_eq!(files(&small.disk().join("data")), before, "nothing there was changed");
}

#[test]
fn d08_a_read_only_disk_does_not_stop_the_way_out() {
    let small = Small::new();
    small.mount(&["-o", "remount,ro"]);
    small.run(&["set", "k", "1"]).refused(5, "storage_io");
    assert_eq!(small.way_out(), (2, true));
}
