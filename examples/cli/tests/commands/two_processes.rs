//! A data folder belongs to one process; others read along.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::support::Wallet;

/// A `watch` that owns the folder; ended when the test ends.
struct Watcher(Child);

impl Watcher {
    fn start(wallet: &Wallet) -> Self {
        // `watch` logs once it has the folder, which is the sign to wait for.
        let mut command = wallet.command();
        command.arg("watch").env("RUST_LOG", "debug");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("watching") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "watch ended early");
        }
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self(child)
    }

    fn signal(&self, name: &str) {
        let kill =
            std::process::Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn writers_are_refused_with_the_pid_and_readers_are_not() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let line = "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}";
    wallet.run_with_stdin(&["put", "-"], line).done();
    wallet.run(&["set", "k", "1"]).done();
    let watcher = Watcher::start(&wallet);
    for arguments in [
        &["init"][..],
        &["put", "-"],
        &["sync"],
        &["set", "k", "2"],
        &["spend", "a", "1", "--proof", "1"],
        &["watch"],
        &["cache", "--clear", "all"],
    ] {
        let told = wallet.run_with_stdin(arguments, line).refused(6, "locked");
        assert!(told.contains(&watcher.0.id().to_string()), "{told}");
    }
    for arguments in [&["status"][..], &["names"], &["get", "k"], &["metrics"], &["cache"]] {
        wallet.run(arguments).done();
    }
    assert_eq!(wallet.run(&["tokens", "--data"]).lines()[0]["data"], "x");
    assert_eq!(wallet.run(&["nodes"]).exit, Some(0));
}

#[test]
fn a_signal_ends_watch_well() {
    for signal in ["-INT", "-TERM"] {
        let wallet = Wallet::new();
        wallet.run(&["init"]).done();
        let mut watcher = Watcher::start(&wallet);
        watcher.signal(signal);
        assert_eq!(watcher.0.wait().unwrap().code(), Some(0), "{signal}");
        wallet.run(&["init"]).done();
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let lines: String = (0..3_000)
        .map(|n| format!("{{\"tokenId\":\"{n:0100}\",\"stateHash\":\"1\",\"data\":\"x\"}}\n"))
        .collect();
    wallet.run_with_stdin(&["put", "-"], &lines).done();
    let mut child =
        wallet.command().arg("tokens").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
