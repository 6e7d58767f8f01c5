//! `examples/nodes/janitor.mjs` on a real daemon: what goes, what stays, and what has to come before.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wallet_sync_harness::RealCluster;

use crate::support::kubo::{Daemon, Devices, daemons, turn};

/// 2026-01-01T00:00:00Z, in days.
const FIRST_DAY: u64 = 20_454;
/// As many weekly runs as see a month go by.
const WEEKS: u64 = 5;

/// Two daemons. The second holds a wallet that lives, and the pins of one of which it has no record: as a node looks when all devices
/// of a wallet have been away for days.
struct Scene {
    cluster: RealCluster,
    nodes: String,
    folder: tempfile::TempDir,
    alive: Devices,
    gone: Devices,
    name: String,
    root: String,
}

/// What a run said, and how it ended.
struct Run {
    exit: Option<i32>,
    said: String,
    refused: String,
}

impl Scene {
    fn new() -> Self {
        let cluster = RealCluster::start(2).unwrap();
        let nodes = cluster.nodes_json().unwrap();
        let both: Vec<Value> = serde_json::from_str(&nodes).unwrap();
        let alive = Devices::on(&nodes);
        alive.put("a", "alive", 3, 1_000);
        assert_eq!(alive.sync("a", &["--wait", "verified"])["verifiedNodes"], 2);
        let gone = Devices::on(&Value::from(vec![both[0].clone()]).to_string());
        gone.put("a", "gone", 3, 1_000);
        let report = gone.sync("a", &["--wait", "verified"]);
        let root = report["names"][0]["root"].as_str().unwrap().to_owned();
        let name = gone.run("a", &["names"]).done()["names"][0]["cid"].as_str().unwrap().to_owned();
        let scene = Self { cluster, nodes, folder: tempfile::tempdir().unwrap(), alive, gone, name, root };
        scene.pin(&scene.root, &scene.name);
        scene
    }

    /// The daemon that is looked after.
    fn daemon(&self) -> Daemon {
        daemons(&self.nodes).remove(1)
    }

    fn pin(&self, cid: &str, name: &str) {
        let (status, body) = self.daemon().rpc(&format!("pin/add?arg={cid}&name={name}"));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }

    fn is_pinned(&self, cid: &str) -> bool {
        self.daemon().rpc(&format!("pin/ls?arg={cid}&type=recursive")).0 == 200
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    fn run(&self, day: u64, more: &[&str]) -> Run {
        self.run_on(1, day, more)
    }

    fn run_on(&self, node: usize, day: u64, more: &[&str]) -> Run {
        let nodes: Value = serde_json::from_str(&self.nodes).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nodes/janitor.mjs");
        let mut command = Command::new("node");
        command.arg(script).args(["--api", nodes[node]["api"].as_str().unwrap(), "--months", "1"]);
        command.arg("--now").arg(((FIRST_DAY + day) * 86_400_000).to_string());
        let output = command.arg("--state").arg(self.state()).args(more).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { exit: output.status.code(), said: text(output.stdout), refused: text(output.stderr) }
    }

    /// Weekly runs that change nothing.
    fn watch(&self, weeks: std::ops::RangeInclusive<u64>) -> Run {
        weeks.map(|week| self.run(week * 7, &[]).done()).last().unwrap()
    }
}

impl Run {
    #[track_caller]
    fn done(self) -> Self {
        assert_eq!(self.exit, Some(0), "{}{}", self.said, self.refused);
        self
    }

    #[track_caller]
    fn is_refused(&self, words: &str) {
        assert_eq!(self.exit, Some(2), "{}{}", self.said, self.refused);
        assert!(self.refused.contains(words), "{}", self.refused);
    }
}

#[test]
fn what_is_quiet_for_months_is_listed_first_then_removed_and_nothing_else_is_touched() {
    let _turn = turn();
    let scene = Scene::new();
    let k51_of_nobody = format!("k51qzi5uqu5d{}", "0".repeat(50));
    // Beside the empty folder that Kubo pins itself: an empty block, inside its own CID, under a name of ours that no wallet
    // would give it, and one byte under no name.
    let [strange, foreign] = ["bafkqaaa", "bafkqaala"];
    scene.pin(strange, &k51_of_nobody);
    assert_eq!(scene.daemon().rpc(&format!("pin/add?arg={foreign}")).0, 200);

    let first = scene.run(0, &[]).done();
    assert!(first.said.contains("2 names, 0 of them quiet"), "{}", first.said);
    assert!(first.said.contains("1 beacons and 3 others are left alone"), "{}", first.said);
    // Whoever asks for it at once gets nothing: it has to be listed by an earlier run.
    scene.watch(1..=WEEKS - 1);
    let listed = scene.run(WEEKS * 7, &["--remove", "--max-share", "100"]).done();
    assert!(listed.said.contains(&format!("quiet {} 1 pins 35 days", scene.name)), "{}", listed.said);
    assert!(listed.said.contains("0 pins of 0 names removed"), "{}", listed.said);
    let dry = scene.watch(WEEKS + 1..=WEEKS + 1);
    assert!(
        dry.said.contains(&format!("quiet {}", scene.name)) && scene.is_pinned(&scene.root),
        "{}",
        dry.said
    );

    let removed = scene.run(WEEKS * 7 + 14, &["--remove", "--max-share", "100"]).done();
    assert!(removed.said.contains(&format!("removed {} {}", scene.name, scene.root)), "{}", removed.said);
    assert!(!scene.is_pinned(&scene.root) && scene.is_pinned(strange) && scene.is_pinned(foreign));
    let audit = scene.alive.sync("b", &["--fresh"]);
    assert_eq!((&audit["tokens"]["total"], &audit["missingPayloads"]), (&3.into(), &0.into()), "{audit}");
    let names = scene.alive.sync("a", &["--fresh"])["names"][0].clone();
    let [name, root] = ["name", "root"].map(|key| names[key].as_str().unwrap().to_owned());
    assert!(scene.daemon().really_holds(&name, &root), "what lives is as it was");
    let after = scene.run(WEEKS * 7 + 21, &["--remove"]).done();
    assert!(after.said.contains("1 names, 0 of them quiet"), "{}", after.said);
}

#[test]
fn a_wallet_that_comes_back_or_was_not_watched_is_not_quiet() {
    let _turn = turn();
    let scene = Scene::new();
    scene.run(0, &[]).done();
    let years_later = scene.run(800, &[]).done();
    assert!(
        years_later.said.contains("0 of them quiet"),
        "a pause counts as eight days: {}",
        years_later.said
    );
    let listed = (1..=WEEKS).map(|week| scene.run(800 + week * 7, &[]).done()).last().unwrap();
    assert!(listed.said.contains("1 of them quiet"), "{}", listed.said);
    // A device of it returns, and the operator of the other node has it pinned here too.
    scene.gone.wallet.file("nodes.json", &scene.nodes);
    scene.gone.put("a", "back", 1, 100);
    assert_eq!(scene.gone.sync("a", &["--wait", "verified"])["verifiedNodes"], 2);
    let run = scene.run(800 + 7 * (WEEKS + 1), &["--remove", "--max-share", "100"]).done();
    assert!(run.said.contains("0 of them quiet"), "{}", run.said);
    assert!(scene.is_pinned(&scene.root));
}

#[test]
fn what_looks_wrong_is_refused_and_changes_nothing() {
    let _turn = turn();
    let scene = Scene::new();
    scene.run(0, &[]).done();
    scene.watch(1..=WEEKS + 1);
    scene.run(7 * WEEKS + 14, &["--remove", "--max-share", "49"]).is_refused("more than 49 %");
    scene.run_on(0, 7 * WEEKS + 21, &["--remove"]).is_refused("of another node");
    scene.run(3, &["--remove"]).is_refused("later than now");
    scene.run(7 * WEEKS + 21, &["--months", "0", "--remove"]).is_refused("--months");
    std::fs::write(scene.state(), "{").unwrap();
    scene.run(7 * WEEKS + 28, &["--remove"]).is_refused("no state file");
    assert!(scene.is_pinned(&scene.root));
    scene.cluster.kill(1).unwrap();
    assert_ne!(scene.run(7 * WEEKS + 35, &["--remove"]).exit, Some(0));
}
