//! The whole way on five real Kubo daemons: what is said to be verified is there, nothing leaks, outages are told as
//! they are.

use std::process::Command;

use serde_json::Value;

use crate::support::kubo::{Devices, TWO_SECONDS, daemons, five, found_in, timed};
use crate::support::run_with;

#[track_caller]
fn root_of(report: &Value) -> (String, String) {
    let own = &report["names"][0];
    (own["name"].as_str().unwrap().to_owned(), own["root"].as_str().unwrap().to_owned())
}

#[test]
fn what_is_verified_is_there_and_nothing_of_it_is_readable() {
    let (_turn, cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    let tokens = devices.put("a", "canary", 100, 25_000);
    let mut sync = devices.command("a");
    let traced = run_with(sync.env("RUST_LOG", "trace").args(["sync", "--wait", "verified"]), b"");
    let report = traced.done();
    assert_eq!((&report["ack"], &report["outcome"]), (&"verified".into(), &"published".into()), "{report}");

    let (name, root) = root_of(&report);
    let holders = daemons(&nodes).iter().filter(|daemon| daemon.really_holds(&name, &root)).count();
    assert!(
        holders >= 2 && holders as u64 >= report["verifiedNodes"].as_u64().unwrap(),
        "{holders}: {report}"
    );

    let restored = devices.sync("b", &["--fresh"]);
    assert_eq!(restored["tokens"]["total"], 100, "{restored}");
    assert_eq!(devices.tokens("b"), tokens, "byte for byte");
    let cached = devices.sync("b", &[]);
    assert_eq!((&cached["source"], &cached["requests"]), (&"cache".into(), &0.into()), "{cached}");
    assert_eq!((&cached["bytesIn"], &cached["bytesOut"]), (&0.into(), &0.into()));

    let secret = std::fs::read_to_string(devices.wallet.path("secret")).unwrap();
    let payload = &tokens[7].1[..64];
    for (what, text) in [
        ("payload", payload),
        ("token id", "canary-00007"),
        ("summary", "sum-canary"),
        ("secret", secret.trim()),
    ] {
        assert_eq!(found_in(cluster.dir(), text), None, "{what} on a node");
        if what != "token id" {
            assert_eq!(found_in(&devices.wallet.path("a"), text), None, "{what} in the database");
        }
        assert!(!traced.stderr.contains(text), "{what} in a log");
    }
}

#[test]
fn publishing_goes_on_with_nodes_killed_and_the_level_is_true() {
    let (_turn, cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    devices.put("a", "first", 3, 500);
    assert_eq!(devices.sync("a", &["--wait", "verified"])["ack"], "verified");
    for killed in 0..4 {
        cluster.kill(killed).unwrap();
        devices.put("a", &format!("k{killed}"), 1, 500);
        let report = devices.sync("a", &["--fresh", "--wait", "verified", "--deadline", "6000"]);
        let expected = if killed < 3 { "verified" } else { "published" };
        assert_eq!(report["ack"], expected, "{killed}: {report}");
        let (name, root) = root_of(&report);
        let alive = &daemons(&nodes)[killed + 1..];
        let holders = alive.iter().filter(|daemon| daemon.really_holds(&name, &root)).count();
        assert!(holders >= if killed < 3 { 2 } else { 1 }, "{holders} hold it");
    }
    cluster.kill(4).unwrap();
    let (failed, took) = timed(|| devices.run("a", &["sync", "--fresh"]));
    failed.refused(3, "unreachable");
    assert!(took <= TWO_SECONDS, "{took:?}");
    let (plain, took) = timed(|| devices.sync("a", &[]));
    assert_eq!(
        (&plain["outcome"], &plain["source"], &plain["ack"]),
        (&"offline".into(), &"none".into(), &"published".into())
    );
    assert!(took <= TWO_SECONDS, "{took:?}");
    assert_eq!(devices.tokens("a").len(), 7, "what is here stays readable");
    // A restore finds nobody, says so, and publishes nothing when the nodes come back before it has read.
    let (restore, took) = timed(|| devices.run("b", &["sync"]));
    restore.refused(3, "unreachable");
    assert!(took <= TWO_SECONDS, "{took:?}");
    for node in 0..5 {
        cluster.up(node).unwrap();
    }
    let healed = devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!(healed["ack"], "verified", "{healed}");
    assert_eq!(devices.sync("b", &["--fresh"])["tokens"]["total"], 7);
}

#[test]
fn hung_nodes_are_survived_and_told() {
    let (_turn, cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    devices.put("a", "first", 3, 500);
    assert_eq!(devices.sync("a", &["--wait", "verified"])["ack"], "verified");
    for hung in 0..3 {
        cluster.stop_signal(hung).unwrap();
        devices.put("a", &format!("h{hung}"), 1, 500);
        let report = devices.sync("a", &["--fresh", "--wait", "verified", "--deadline", "6000"]);
        assert_eq!(report["ack"], "verified", "{hung}: {report}");
        let (restored, took) = timed(|| devices.sync(&format!("b{hung}"), &["--fresh"]));
        assert_eq!(restored["tokens"]["total"], 4 + hung, "{restored}");
        assert!(took <= TWO_SECONDS, "{took:?}");
    }
    (3..5).for_each(|hung| cluster.stop_signal(hung).unwrap());
    let (failed, took) = timed(|| devices.run("a", &["sync", "--fresh"]));
    failed.refused(3, "unreachable");
    assert!(took <= TWO_SECONDS, "{took:?}");
    let (plain, took) = timed(|| devices.sync("a", &[]));
    assert_eq!(plain["outcome"], "offline");
    assert!(took <= TWO_SECONDS, "{took:?}");
    assert_eq!(devices.tokens("a").len(), 6);
}

#[test]
fn a_stale_node_never_wins_and_is_repaired() {
    let (_turn, cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    devices.put("a", "old", 2, 500);
    let old = devices.sync("a", &["--wait", "verified"]);
    cluster.kill(0).unwrap();
    devices.put("a", "new", 1, 500);
    let new = devices.sync("a", &["--fresh", "--wait", "verified", "--deadline", "6000"]);
    assert_eq!(new["ack"], "verified", "{new}");
    cluster.up(0).unwrap();
    let (name, _) = root_of(&old);
    let all = daemons(&nodes);
    let newest = all[4].record(&name).unwrap();
    assert_ne!(all[0].record(&name).unwrap(), newest, "the daemon that was away is stale");
    let restored = devices.sync("b", &["--fresh"]);
    assert_eq!(restored["tokens"]["total"], 3, "{restored}");
    // Whoever reads puts no record where its content is not; its device brings both.
    assert_ne!(all[0].record(&name).unwrap(), newest);
    let mended = devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!(mended["verifiedNodes"], 5, "{mended}");
    assert_eq!(all[0].record(&name).unwrap(), newest, "and is repaired by its device");
}

#[test]
fn history_does_not_pile_up_on_the_nodes() {
    let (_turn, _cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    let mut report = Value::Null;
    for n in 0..14 {
        devices.put("a", &format!("n{n}"), 1, 200);
        report = devices.sync("a", &["--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
    }
    let k51 = devices.run("a", &["names"]).done()["names"][0]["cid"].as_str().unwrap().to_owned();
    let (name, root) = root_of(&report);
    // A process ends when two nodes hold what it wrote. What it began on a slow one goes once that one is proven to hold more, which
    // may be minutes later; the engine's tests have the time for that.
    let all = daemons(&nodes);
    let pins: Vec<usize> = all.iter().map(|daemon| daemon.pins(&k51)).collect();
    assert!(pins.iter().filter(|pins| (1..=8).contains(*pins)).count() >= 2, "{pins:?} pins");
    assert!(all.iter().filter(|daemon| daemon.really_holds(&name, &root)).count() >= 2);
}

/// Highest resident memory of a run, MB, and its report.
fn peak_memory(mut command: Command) -> (u64, Value) {
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kb.unwrap_or(0));
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    (peak / 1_000, serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_thousand_tokens_come_back_and_one_more_costs_little() {
    let (_turn, _cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    let tokens = devices.put("a", "t", 1_000, 25_000);
    let report = devices.sync("a", &["--wait", "verified"]);
    assert_eq!(report["ack"], "verified", "{report}");
    let mut restore = devices.command("b");
    restore.args(["sync", "--fresh", "--deadline", "60000"]);
    let (megabytes, restored) = peak_memory(restore);
    assert_eq!(restored["tokens"]["total"], 1_000, "{restored}");
    assert!(megabytes <= 150, "{megabytes} MB");
    assert_eq!(devices.tokens("b"), tokens);

    devices.put("a", "u", 1, 25_000);
    let report = devices.sync("a", &["--wait", "verified"]);
    let written = report["verifiedNodes"].as_u64().unwrap();
    assert!(report["bytesOut"].as_u64().unwrap() <= written.max(2) * 100_000, "{report}");
    let report = devices.sync("b", &["--fresh"]);
    assert_eq!((&report["added"], &report["missingPayloads"]), (&1.into(), &0.into()));
    assert!(report["bytesIn"].as_u64().unwrap() <= 100_000, "{report}");
}
