//! Syncs with nodes, cut at every call of the disk: whatever the nodes have got by then, the next sync ends it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use dev_nodes::Snapshot;
use serde_json::Value;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;

use crate::inject::{Cut, Fault, every_cut};
use crate::local::{copy, is_whole};
use crate::matrix::check_each;
use crate::support::embedded::Nodes;
use crate::support::kubo::Devices;
use crate::support::{Outcome, run_with};

/// Places of each command that an ordinary run takes.
const SOME: usize = 22;
const SYNC: [&str; 4] = ["sync", "--fresh", "--wait", "verified"];

/// Records that were seen anywhere, by name and sequence.
type Seen = BTreeMap<(String, u64), Bytes>;

/// A wallet and its nodes, which are put back to where they were before each run.
struct Bench {
    nodes: Nodes,
    devices: Devices,
    names: Vec<Name>,
    kept: Vec<Snapshot>,
    after: Vec<Value>,
}

impl Bench {
    fn new(prepare: impl FnOnce(&Devices)) -> Self {
        let nodes = Nodes::start();
        let devices = Devices::on(&nodes.nodes_json());
        devices.put("a", "first", 1, 300);
        devices.sync("a", &["--wait", "verified"]);
        prepare(&devices);
        let told = devices.run("a", &["names"]).done();
        let names = told["names"].as_array().unwrap().iter();
        let names = names.map(|name| Name::parse(name["cid"].as_str().unwrap()).unwrap()).collect();
        let kept = nodes.nodes().iter().map(dev_nodes::DevNode::snapshot).collect();
        fs::rename(devices.wallet.path("a"), devices.wallet.path("before")).unwrap();
        Self { nodes, devices, names, kept, after: Vec::new() }
    }

    fn folder(&self) -> PathBuf {
        self.devices.wallet.path("a")
    }

    fn reset(&self) {
        for folder in ["a", "fresh", "later"] {
            let _ = fs::remove_dir_all(self.devices.wallet.path(folder));
        }
        copy(&self.devices.wallet.path("before"), &self.folder());
        self.nodes.nodes().iter().zip(&self.kept).for_each(|(node, kept)| node.restore(kept));
    }

    /// Every token of a device with all there is to say of it but how far it has come.
    fn tokens(&self, device: &str) -> Vec<Value> {
        let told = self.devices.run(device, &["tokens", "--all", "--data"]);
        assert_eq!(told.exit, Some(0), "{told:?}");
        let mut rows = told.lines();
        rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("ack")));
        rows
    }

    /// A device that has nothing but the secret and the nodes.
    fn restored(&self, device: &str) -> Vec<Value> {
        self.devices.sync(device, &["--fresh"]);
        self.tokens(device)
    }

    /// Looks at what each node holds now: a sequence has one record, whenever and wherever it is seen.
    fn see(&self, seen: &mut Seen) {
        for (node, name) in
            self.nodes.nodes().iter().flat_map(|node| self.names.iter().map(move |name| (node, name)))
        {
            let Some(raw) = node.record(name) else { continue };
            let sequence = Record::parse(raw.clone(), name).unwrap().sequence();
            let first = seen.entry((name.k51(), sequence)).or_insert_with(|| raw.clone());
            assert_eq!(*first, raw, "two records with sequence {sequence}");
        }
    }

    fn check(&self, cut: &Cut) {
        self.reset();
        let mut seen = Seen::new();
        self.see(&mut seen);
        let before = self.tokens("a");
        let command = {
            let mut command = self.devices.command("a");
            command.args(SYNC);
            command
        };
        let outcome = run_with(&mut cut.into(&command, &self.folder()), b"");
        self.see(&mut seen);
        self.is_as_answered(cut, &outcome);
        let there = self.tokens("a");
        let is_there = |token: &Value| there.iter().any(|now| now["tokenId"] == token["tokenId"]);
        assert!(before.iter().all(is_there), "something is gone: {there:?}");
        let again = self.devices.sync("a", &SYNC[1..]);
        assert_eq!(again["ack"], "verified", "{again}");
        self.see(&mut seen);
        assert_eq!(self.tokens("a"), self.after);
        assert_eq!(self.restored("later"), self.after);
        is_whole(&self.folder());
    }

    fn is_as_answered(&self, cut: &Cut, outcome: &Outcome) {
        assert!(!outcome.stderr.contains("internal error"), "{outcome:?}");
        match outcome.exit {
            Some(0) if outcome.done()["ack"] == "verified" => {
                assert_eq!(self.restored("fresh"), self.after, "verified, and not there: {outcome:?}");
            }
            // A level that was not reached is said, with what came in the way.
            Some(0) => assert_ne!(outcome.done()["warnings"], Value::Array(Vec::new()), "{outcome:?}"),
            Some(_) => {
                let code = outcome.lines()[0]["code"].as_str().unwrap().to_owned();
                assert!(["storage_io", "storage_full"].contains(&code.as_str()), "{outcome:?}");
            }
            None => assert_eq!(cut.fault, Fault::Killed, "{outcome:?}"),
        }
    }
}

fn matrix(what: &str, prepare: impl FnOnce(&Devices)) {
    let mut bench = Bench::new(prepare);
    bench.reset();
    let mut command = bench.devices.command("a");
    let cuts = every_cut(command.args(SYNC), &bench.folder());
    bench.after = bench.tokens("a");
    check_each(what, cuts, SOME, |cut| bench.check(cut));
}

/// Two tokens and a spend go out.
#[test]
fn p7_a_publish_is_cut_at_every_call() {
    matrix("publish", |devices| {
        devices.put("a", "second", 2, 2_000);
        devices.run("a", &["spend", "first-00000", "s0", "--proof", "1"]).done();
    });
}

/// What another device has published comes in, and is proven in the own edition.
#[test]
fn p7_a_merge_is_cut_at_every_call() {
    matrix("merge", |devices| {
        devices.sync("b", &["--fresh"]);
        devices.put("b", "second", 2, 2_000);
        devices.run("b", &["spend", "first-00000", "s0", "--proof", "1"]).done();
        devices.sync("b", &["--wait", "verified"]);
    });
}
