//! Five real Kubo behind the thin line of one home: content goes over it once, in runs that are killed and in runs that end.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tauri_plugin_wallet_sync::clock::monotonic;
use tokio::runtime::Runtime;
use wallet_sync_harness::DelayProxy;

use crate::support::kubo::{Devices, five};

const RTT: Duration = Duration::from_millis(40);

/// The line, and the nodes file behind it, without another way round it.
fn at_home(runtime: &Runtime, nodes: &str, up: u64, down: u64) -> (DelayProxy, String) {
    let home = runtime.block_on(DelayProxy::start_home(nodes, RTT, up, down)).unwrap();
    let mut nodes: Vec<Value> = serde_json::from_str(&home.nodes_json()).unwrap();
    nodes.iter_mut().for_each(|node| node["swarm"] = Value::Array(Vec::new()));
    (home, Value::from(nodes).to_string())
}

/// Syncs, and is killed after so long; whether it ended before.
fn killed_after(devices: &Devices, time: Duration, arguments: &[&str]) -> bool {
    let mut command = devices.command("a");
    let mut child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = monotonic() + time;
    while monotonic() < until {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

#[test]
fn killed_runs_send_a_first_backup_once() {
    let (_turn, _cluster, nodes) = five();
    let runtime = Runtime::new().unwrap();
    let (home, behind) = at_home(&runtime, &nodes, 2_000_000, 8_000_000);
    let devices = Devices::on(&behind);
    devices.put("a", "t", 120, 25_000);
    let mut runs = 1;
    while !killed_after(&devices, Duration::from_secs(4), &["sync", "--wait", "verified"]) {
        runs += 1;
        assert!(runs < 12, "{:?}", home.bytes());
    }
    let report = devices.sync("a", &["--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    let (to_nodes, _) = home.bytes();
    // The text of the payloads is sent in four fifths of its bytes; who is killed loses a CAR of half a second, and asks anew what is there.
    let content = 120 * 20_000;
    let lost = (runs - 1) * (2_000_000 / 8 / 2 + 64 * 1024);
    assert!(to_nodes < content * 11 / 10 + lost, "{to_nodes} bytes in {runs} runs");
    eprintln!("{to_nodes} bytes in {runs} runs");
}

#[test]
fn large_payloads_come_once_in_as_many_syncs_as_the_line_needs() {
    let (_turn, _cluster, nodes) = five();
    let runtime = Runtime::new().unwrap();
    let devices = Devices::on(&nodes);
    devices.put("a", "t", 3, 600_000);
    for _ in 0..20 {
        if devices.sync("a", &["--wait", "verified"])["verifiedNodes"] == 5 {
            break;
        }
    }
    let (home, behind) = at_home(&runtime, &nodes, 4_000_000, 4_000_000);
    devices.wallet.file("nodes.json", &behind);
    let mut report = Value::Null;
    for _ in 0..12 {
        report = devices.sync("b", &[]);
        if report["missingPayloads"] == 0 {
            break;
        }
    }
    assert_eq!((&report["missingPayloads"], &report["tokens"]["total"]), (&0.into(), &3.into()), "{report}");
    let (_, from_nodes) = home.bytes();
    // Four fifths of these bytes, and what each process reads of names and slots.
    assert!(from_nodes < 3 * 700_000, "{from_nodes} bytes");
}
