//! `kill -9` at any moment: what was acknowledged is there, and the next run goes on.

use std::io::Read;
use std::process::Stdio;

use crate::support::embedded::Nodes;
use crate::support::kubo::Devices;

/// Ends a command after it has written this many bytes into its folder, or lets it end by itself.
fn killed_after(devices: &Devices, arguments: &[&str], growth: u64) -> Option<String> {
    let folder = devices.wallet.path("a");
    let size = || -> u64 {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
    };
    let before = size();
    let mut child =
        devices.command("a").args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        if size().saturating_sub(before) >= growth {
            let _ = child.kill();
            break;
        }
        std::thread::yield_now();
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap().success().then_some(said)
}

#[test]
fn kill_at_any_moment_keeps_acknowledged_changes() {
    let nodes = Nodes::start();
    let devices = Devices::on(&nodes.nodes_json());
    let mut acknowledged = 0;
    for round in 0..12_u64 {
        let line =
            format!("{{\"tokenId\":\"k{round}\",\"stateHash\":\"s\",\"data\":\"{}\"}}\n", "x".repeat(3_000));
        let file = devices.wallet.file("k.ndjson", line);
        if killed_after(&devices, &["put", &file], 1 + round * 1_500).is_some() {
            acknowledged += 1;
        }
        // The publish is cut somewhere else each time.
        killed_after(&devices, &["sync", "--wait", "verified"], 1 + round * 4_096);
        let there = devices.tokens("a").len();
        assert!(there >= acknowledged, "round {round}: {there} of {acknowledged}");
        // What was begun is ended in the same slot.
        let slot = devices.run("a", &["status"]).done()["slot"].clone();
        assert!(slot.is_null() || slot == 0, "round {round}: {slot}");
    }
    let report = devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    assert_eq!(report["names"].as_array().map(Vec::len), Some(1), "no other name was used: {report}");
    let here = devices.tokens("a");
    assert!(here.len() >= acknowledged && acknowledged > 0);
    assert_eq!(devices.sync("b", &["--fresh"])["tokens"]["total"], here.len());
    assert_eq!(devices.tokens("b"), here);
}
