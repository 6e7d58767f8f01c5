//! `devices`: who has a slot, what each is called, and giving one back.

use serde_json::{Value, json};

use crate::support::Wallet;
use crate::support::embedded::Nodes;
use crate::support::kubo::Devices;

fn listed(devices: &Devices, device: &str, arguments: &[&str]) -> Vec<Value> {
    let told = devices.run(device, &[&["devices"], arguments].concat());
    assert_eq!(told.exit, Some(0), "{told:?}");
    told.lines()
}

fn published(devices: &Devices, device: &str) {
    devices.put(device, device, 1, 50);
    let report = devices.sync(device, &["--fresh", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
}

#[test]
fn every_device_is_listed_with_its_label_on_each() {
    let nodes = Nodes::start();
    let devices = Devices::on(&nodes.nodes_json());
    assert_eq!(listed(&devices, "a", &[]), [] as [Value; 0], "nobody has a slot yet");
    listed(&devices, "a", &["--label", "Anna's laptop"]);
    published(&devices, "a");
    published(&devices, "b");
    devices.sync("a", &["--fresh"]);
    for (device, own) in [("a", 0), ("b", 1)] {
        let rows = listed(&devices, device, &[]);
        assert_eq!(rows.len(), 2, "{rows:?}");
        for (slot, row) in rows.iter().enumerate() {
            assert_eq!(row["slot"], slot);
            assert_eq!(row["self"], slot == own);
            assert_eq!(row["label"], if slot == 0 { json!("Anna's laptop") } else { Value::Null }, "{row}");
            assert_eq!((&row["retired"], &row["contained"]), (&false.into(), &true.into()), "{row}");
            assert!(
                row["sequence"].as_u64().unwrap() >= 1 && row["publishedAt"].as_u64().unwrap() > 0,
                "{row}"
            );
        }
    }
    // A label alone goes out with the next sync, and can be taken away again.
    for (text, label) in [("phone", json!("phone")), ("", Value::Null)] {
        assert_eq!(listed(&devices, "b", &["--label", text])[1]["label"], label);
        devices.sync("b", &["--wait", "verified"]);
        devices.sync("a", &["--fresh"]);
        assert_eq!(listed(&devices, "a", &[])[1]["label"], label);
    }
}

#[test]
fn what_cannot_be_given_back_is_named_and_says_whether_to_try_again() {
    let nodes = Nodes::start();
    let devices = Devices::on(&nodes.nodes_json());
    published(&devices, "a");
    published(&devices, "b");
    let refused = |slot: &str, exit: i32, code: &str| {
        let told = devices.run("b", &["devices", "--retire", slot]);
        let message = told.refused(exit, code);
        (message, told.lines()[0]["retryable"].clone())
    };
    assert_eq!(refused("1", 2, "bad_request").1, false, "its own");
    assert_eq!(refused("7", 2, "not_found").1, false, "nobody's");
    let (message, retryable) = refused("0", 2, "conflict");
    assert!(message.contains("less than an hour ago"), "{message}");
    assert_eq!(retryable, true, "an hour later it may be given back");
    assert_eq!(listed(&devices, "b", &[])[0]["retired"], false);
}

#[test]
fn bounds_are_said_in_one_way() {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let told = ["64", "256", "70000"].map(|slot| {
        let message = wallet.run(&["devices", "--retire", slot]).refused(2, "bad_request");
        message.replace(slot, "N")
    });
    assert!(told[0].contains("63"), "{told:?}");
    assert!(told.iter().all(|message| *message == told[0]), "{told:?}");
    for bad in ["x".repeat(65), "a\nb".to_owned()] {
        let message = wallet.run(&["devices", "--label", &bad]).refused(2, "bad_request");
        assert!(message.contains("64 bytes"), "{message}");
    }
    wallet.run(&["devices", "--label", "x", "--retire", "1"]).refused(2, "bad_request");
}
