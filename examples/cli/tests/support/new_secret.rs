//! A change of secret as somebody does it who has two devices, one of them off, and whose processes are killed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tauri_plugin_wallet_sync::clock::monotonic;

use super::Outcome;
use super::kubo::Devices;

fn arguments(devices: &Devices, device: &str) -> Vec<String> {
    let (secret, data) = (devices.wallet.path("new-secret"), devices.wallet.path(&format!("{device}-new")));
    let words = [
        "change-secret",
        "--to-secret-file",
        &secret.to_string_lossy(),
        "--to-data",
        &data.to_string_lossy(),
    ];
    words.map(str::to_owned).to_vec()
}

fn change(devices: &Devices, device: &str) -> Value {
    let arguments = arguments(devices, device);
    devices.run(device, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).done()
}

/// The same, killed after this long.
fn killed(devices: &Devices, device: &str, after: Duration) {
    let mut command = devices.command(device);
    let mut child =
        command.args(arguments(devices, device)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = monotonic() + after;
    while monotonic() < until && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// A command of a device that has the new secret.
fn under_new(devices: &Devices, device: &str, arguments: &[&str]) -> Outcome {
    let mut command = devices.command(device);
    command.env("WALLETSYNC_SECRET_FILE", devices.wallet.path("new-secret"));
    super::run_with(command.args(arguments), b"")
}

pub fn is_changed_though_killed_and_with_a_device_that_was_off(nodes_json: &str) {
    let devices = Devices::on(nodes_json);
    let mut all = devices.put("a", "first", 30, 3_000);
    devices.sync("a", &["--wait", "verified"]);
    devices.sync("b", &["--fresh"]);
    all.extend(devices.put("b", "second", 3, 500));
    devices.sync("b", &["--wait", "verified"]);
    for round in 0..8 {
        killed(&devices, "a", Duration::from_millis(40 * round));
    }
    let told = change(&devices, "a");
    assert_eq!((&told["missing"], &told["unmarked"]), (&0.into(), &Value::Array(Vec::new())), "{told}");
    // Nobody reads or publishes under the old secret any more, nor restores from it without being told.
    all.extend(devices.put("b", "late", 2, 400));
    for device in ["a", "b", "fresh"] {
        devices.run(device, &["sync", "--fresh"]).refused(4, "moved");
    }
    let told = change(&devices, "b");
    assert_eq!((&told["begunElsewhere"], &told["added"]), (&true.into(), &2.into()), "{told}");
    let restored = under_new(&devices, "c", &["sync", "--fresh"]).done();
    assert_eq!(restored["tokens"]["total"], all.len(), "{restored}");
    let rows = under_new(&devices, "c", &["tokens", "--data"]).lines();
    let mut found: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row["tokenId"].as_str().unwrap().to_owned(), row["data"].as_str().unwrap().to_owned()))
        .collect();
    found.sort();
    all.sort();
    assert_eq!(found, all);
}
