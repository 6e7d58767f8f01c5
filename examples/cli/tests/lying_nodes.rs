//! One node of five lies: the answer is right and nothing is harmed. All five lie: that is said, and nothing changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

mod support;

use std::time::Duration;

use dev_nodes::Fault;
use support::embedded::Nodes;
use support::kubo::{Devices, TWO_SECONDS, timed};
use support::liar::{Liar, Then, answer};
use support::run_with;
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;

const RECORD: &str = "application/vnd.ipfs.ipns-record";

/// Every answer that no honest node gives, by name.
fn lies(honest: &[u8], foreign: &[u8]) -> Vec<(&'static str, Liar)> {
    let record = |body: &[u8]| answer("200 OK", &[("Content-Type", RECORD)], body);
    let mut forged = honest.to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let zipped = answer("200 OK", &[("Content-Type", RECORD), ("Content-Encoding", "gzip")], honest);
    let not_found = answer("404 Not Found", &[("Content-Type", "text/plain")], b"404 page not found");
    let html = answer("200 OK", &[("Content-Type", "text/html")], b"<html>welcome to this network</html>");
    let text = answer("200 OK", &[("Content-Type", "text/plain")], b"all is well");
    let error = answer("500 Internal Server Error", &[("Content-Type", "text/plain")], b"disk on fire");
    let longer = answer("200 OK", &[("Content-Type", RECORD), ("Content-Length", "99999")], honest);
    vec![
        ("forged record", Liar::start(record(&forged), Then::Close)),
        ("record of another name", Liar::start(record(foreign), Then::Close)),
        ("V1-only record", Liar::start(record(&v1_only(honest)), Then::Close)),
        ("garbage", Liar::start(record(b"garbage"), Then::Close)),
        ("empty record", Liar::start(record(b""), Then::Close)),
        ("oversized record", Liar::start(record(&[7; 20_000]), Then::Close)),
        ("endless record", Liar::start(record(b""), Then::Endless)),
        ("gzip", Liar::start(zipped, Then::Close)),
        ("404", Liar::start(not_found, Then::Close)),
        ("200 html", Liar::start(html, Then::Close)),
        ("200 text", Liar::start(text, Then::Close)),
        ("500 other words", Liar::start(error, Then::Close)),
        ("short body", Liar::start(longer, Then::Close)),
        ("closed at once", Liar::start(Vec::new(), Then::Close)),
    ]
}

/// The record without its second signature and the data under it, as it was before both existed.
fn v1_only(record: &[u8]) -> Vec<u8> {
    let (mut rest, mut kept) = (record, Vec::new());
    while let [tag, after @ ..] = rest {
        let varint = after.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let value =
            after[..varint].iter().rev().fold(0_usize, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        let length = 1 + varint + if tag & 7 == 2 { value } else { 0 };
        let (field, left) = rest.split_at(length);
        if !matches!(tag >> 3, 8 | 9) {
            kept.extend_from_slice(field);
        }
        rest = left;
    }
    kept
}

/// A published wallet of three tokens and its record, with another wallet's record.
struct Stage {
    nodes: Nodes,
    devices: Devices,
    honest: Vec<u8>,
    foreign: Vec<u8>,
}

impl Stage {
    fn set() -> Self {
        let nodes = Nodes::start();
        let devices = Devices::on(&nodes.nodes_json());
        devices.put("a", "t", 3, 300);
        let report = devices.sync("a", &["--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
        let honest = Self::record(&nodes, &report);
        let other = Devices::on(&nodes.nodes_json());
        other.put("a", "o", 1, 300);
        let foreign = Self::record(&nodes, &other.sync("a", &["--wait", "verified"]));
        Self { nodes, devices, honest, foreign }
    }

    fn record(nodes: &Nodes, report: &serde_json::Value) -> Vec<u8> {
        let name = report["names"][0]["name"].as_str().unwrap();
        let name = tauri_plugin_wallet_sync::model::identity::Name::parse(name).unwrap();
        nodes.node(1).record(&name).unwrap().to_vec()
    }

    /// The nodes file with some nodes replaced.
    fn with_liars(&self, liars: &[(usize, &str)]) {
        let mut nodes: Vec<serde_json::Value> = serde_json::from_str(&self.nodes.nodes_json()).unwrap();
        for (at, url) in liars {
            nodes[*at]["api"] = (*url).into();
            nodes[*at]["gateway"] = (*url).into();
        }
        self.devices.wallet.file("nodes.json", serde_json::to_string(&nodes).unwrap());
    }
}

#[test]
fn one_liar_of_five_changes_nothing() {
    let stage = Stage::set();
    for (at, (what, liar)) in lies(&stage.honest, &stage.foreign).into_iter().enumerate() {
        stage.with_liars(&[(0, &liar.url)]);
        let (report, took) = timed(|| stage.devices.sync(&format!("restore{at}"), &["--fresh"]));
        assert_eq!(report["tokens"]["total"], 3, "{what}: {report}");
        assert_eq!(report["missingPayloads"], 0, "{what}: {report}");
        assert!(took <= TWO_SECONDS, "{what}: {took:?}");
        assert!(liar.hits() > 0, "{what} was not even asked");
        let node = report["nodes"][0]["outcome"].as_str().unwrap();
        assert!(matches!(node, "invalid" | "unreachable"), "{what}: {node}");
    }
}

#[test]
fn five_liars_are_called_liars_and_nothing_changes() {
    let stage = Stage::set();
    for (at, (what, liar)) in lies(&stage.honest, &stage.foreign).into_iter().enumerate() {
        stage.with_liars(&[0, 1, 2, 3, 4].map(|at| (at, liar.url.as_str())));
        let (failed, took) = timed(|| stage.devices.run("a", &["sync", "--fresh"]));
        let (exit, code) = if what.contains("record") || matches!(what, "garbage" | "gzip") {
            (4, "invalid")
        } else {
            (3, "unreachable")
        };
        failed.refused(exit, code);
        assert!(took <= TWO_SECONDS, "{what}: {took:?}");
        assert_eq!(stage.devices.tokens("a").len(), 3, "{what}");
        // A restore sees no wallet, and does not take that for an empty one.
        let fresh = format!("restore{at}");
        stage.devices.put(&fresh, &format!("n{at}"), 1, 10);
        let failed = stage.devices.run(&fresh, &["sync"]);
        failed.refused(exit, code);
        let status = stage.devices.run(&fresh, &["status"]).done();
        assert_eq!((&status["ack"], &status["slot"]), (&"local".into(), &serde_json::Value::Null), "{what}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let stage = Stage::set();
    let trap = Liar::start(answer("200 OK", &[("Content-Type", RECORD)], &stage.honest), Then::Close);
    let moved = answer("301 Moved Permanently", &[("Location", trap.url.as_str())], b"");
    let liar = Liar::start(moved, Then::Close);
    stage.with_liars(&[(0, &liar.url)]);
    assert_eq!(stage.devices.sync("r", &["--fresh"])["tokens"]["total"], 3);
    assert!(liar.hits() > 0);
    assert_eq!(trap.hits(), 0, "nobody went where the answer pointed");
}

#[test]
fn content_that_is_forged_cut_or_dripped_comes_from_another_node() {
    let stage = Stage::set();
    let faults = [
        Fault::Forge,
        Fault::Reset { after_bytes: 97 },
        Fault::Reset { after_bytes: 700 },
        Fault::Drip(40),
        Fault::Slow(Duration::from_millis(900)),
        Fault::Html,
        Fault::ServerError(503),
        Fault::Denied,
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        stage.nodes.fault(fault, &[0]);
        let (report, took) = timed(|| stage.devices.sync(&format!("restore{at}"), &["--fresh"]));
        assert_eq!(
            (&report["tokens"]["total"], &report["missingPayloads"]),
            (&3.into(), &0.into()),
            "{fault:?}: {report}"
        );
        assert!(took <= TWO_SECONDS, "{fault:?}: {took:?}");
        stage.nodes.fault(Fault::None, &[0]);
    }
}

#[test]
fn a_node_that_says_yes_and_keeps_nothing_never_counts() {
    let nodes = Nodes::start();
    let devices = Devices::on(&nodes.nodes_json());
    nodes.fault(Fault::Forget, &[0, 1, 2, 3]);
    devices.put("a", "t", 1, 100);
    let report = devices.sync("a", &["--wait", "verified", "--deadline", "5000"]);
    assert_ne!(report["ack"], "verified", "{report}");
    nodes.fault(Fault::None, &[0, 1, 2, 3]);
    let report = devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
}

#[test]
fn every_node_refusing_the_token_is_denied() {
    let stage = Stage::set();
    stage.nodes.fault(Fault::Denied, &[0, 1, 2, 3, 4]);
    // Read-only gateways still answer a device that has read before; a node without one cannot.
    let mut nodes: Vec<serde_json::Value> = serde_json::from_str(&stage.nodes.nodes_json()).unwrap();
    nodes.iter_mut().for_each(|node| {
        node.as_object_mut().unwrap().remove("gateway");
    });
    stage.devices.wallet.file("nodes.json", serde_json::to_string(&nodes).unwrap());
    stage.devices.run("a", &["sync", "--fresh"]).refused(4, "denied");
    assert_eq!(stage.devices.tokens("a").len(), 3);
}

#[test]
fn an_expired_record_is_no_news_and_no_harm() {
    let stage = Stage::set();
    let secret = std::fs::read_to_string(stage.devices.wallet.path("secret")).unwrap();
    let keys = WalletKeys::derive(&Secret::from_hex(&secret).unwrap(), None);
    let nowhere = Cid::of(Codec::DagCbor, b"a root that no node has");
    let expired = Record::create(&keys.slot(Slot::ZERO), 99, &nowhere, 1_000, &[]).unwrap();
    let body = answer("200 OK", &[("Content-Type", RECORD)], expired.raw());
    let liar = Liar::start(body, Then::Close);
    stage.with_liars(&[(0, &liar.url)]);
    let report = stage.devices.sync("restored", &["--fresh"]);
    assert_eq!((&report["tokens"]["total"], &report["missingPayloads"]), (&3.into(), &0.into()), "{report}");
    assert!(report["warnings"].to_string().contains("EOL"), "{report}");
}

#[test]
fn a_token_opens_guarded_nodes_and_stays_out_of_every_message() {
    let nodes = Nodes::start_guarded("canary-bearer");
    let devices = Devices::on(&nodes.nodes_json());
    devices.put("a", "t", 1, 100);
    let mut command = devices.command("a");
    let traced = run_with(command.env("RUST_LOG", "trace").args(["sync", "--wait", "verified"]), b"");
    assert_eq!(traced.done()["ack"], "verified");
    assert!(!traced.stderr.contains("canary-bearer") && !traced.stdout.contains("canary-bearer"));
    let wrong = nodes.nodes_json().replace("canary-bearer", "another-bearer");
    let mut without: Vec<serde_json::Value> = serde_json::from_str(&wrong).unwrap();
    without.iter_mut().for_each(|node| {
        node.as_object_mut().unwrap().remove("gateway");
    });
    devices.wallet.file("nodes.json", serde_json::to_string(&without).unwrap());
    let told = devices.run("a", &["sync", "--fresh"]).refused(4, "denied");
    assert!(!told.contains("another-bearer"));
}

#[test]
fn a_wallet_whose_records_are_gone_is_found_by_its_pins() {
    let stage = Stage::set();
    stage.nodes.nodes().iter().for_each(dev_nodes::DevNode::forget_records);
    let report = stage.devices.sync("restored", &["--fresh"]);
    assert_eq!((&report["tokens"]["total"], &report["missingPayloads"]), (&3.into(), &0.into()), "{report}");
    // And it is published again, above what was there before.
    let report = stage.devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    assert_eq!(stage.devices.sync("third", &["--fresh"])["tokens"]["total"], 3);
}

#[test]
fn gateways_alone_can_be_read() {
    let stage = Stage::set();
    let mut nodes: Vec<serde_json::Value> = serde_json::from_str(&stage.nodes.nodes_json()).unwrap();
    nodes.iter_mut().for_each(|node| {
        node.as_object_mut().unwrap().remove("api");
    });
    stage.devices.wallet.file("nodes.json", serde_json::to_string(&nodes).unwrap());
    let report = stage.devices.sync("a", &["--fresh"]);
    assert_eq!(
        (&report["source"], &report["tokens"]["total"]),
        (&"http-gateway".into(), &3.into()),
        "{report}"
    );
}
