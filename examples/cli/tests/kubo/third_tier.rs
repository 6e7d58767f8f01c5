//! With every HTTP port closed or silent, five real Kubo answer as libp2p peers, inside the two seconds.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;
use wallet_sync_harness::RealCluster;

use crate::support::kubo::{Devices, TWO_SECONDS, daemons, five_alone, timed};
use crate::support::{Outcome, run_with};

/// A port that is closed for good: nobody but root may listen there.
const CLOSED: &str = "127.0.0.1:1";

/// The nodes file with other HTTP ports, and with other swarm addresses if asked.
fn without_http(nodes: &str, http: &str, swarm: impl Fn(usize, &str) -> String) -> String {
    let mut nodes: Vec<Value> = serde_json::from_str(nodes).unwrap();
    for (at, node) in nodes.iter_mut().enumerate() {
        node["api"] = format!("http://{http}").into();
        node["gateway"] = format!("http://{http}").into();
        for address in node["swarm"].as_array_mut().unwrap() {
            *address = swarm(at, address.as_str().unwrap()).into();
        }
    }
    Value::from(nodes).to_string()
}

fn same(_: usize, address: &str) -> String {
    address.to_owned()
}

/// A place where nobody listens, with the same peer id.
fn nowhere(_: usize, address: &str) -> String {
    format!("/ip4/127.0.0.1/tcp/1/p2p/{}", address.rsplit('/').next().unwrap())
}

/// Accepts and never answers, as long as the value lives.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn run_on(devices: &Devices, nodes: &str, device: &str, arguments: &[&str]) -> Outcome {
    let nodes = devices.wallet.file(&format!("nodes-{device}.json"), nodes);
    run_with(devices.command(device).env("WALLETSYNC_NODES", nodes).args(arguments), b"")
}

/// A device that has seen nothing yet: everything comes from the network.
#[track_caller]
fn restored(devices: &Devices, nodes: &str, device: &str) -> (Value, Duration) {
    let (outcome, took) = timed(|| run_on(devices, nodes, device, &["sync", "--fresh"]));
    let report = outcome.done();
    println!("{device}: {took:?}, listMs {}, elapsedMs {}", report["listMs"], report["elapsedMs"]);
    assert_eq!(report["source"], "dht", "{report}");
    assert!(took <= TWO_SECONDS, "{took:?}");
    (report, took)
}

#[test]
fn five_real_kubo_answer_without_http() {
    let (_turn, cluster, nodes) = five_alone();
    wallets_are_restored(&nodes);
    fewer_peers_are_enough_and_none_is_said(&cluster, &nodes);
}

fn wallets_are_restored(nodes: &str) {
    let (_listener, silence) = silent();
    for (count, bytes) in [(1, 1_000), (12, 3_000), (100, 3_000), (1_000, 3_000)] {
        let devices = Devices::on(nodes);
        let tokens = devices.put("a", &format!("t{count}"), count, bytes);
        let report = devices.sync("a", &["--wait", "verified"]);
        assert_eq!(report["ack"], "verified", "{report}");
        for (kind, http) in [("closed", CLOSED), ("silent", silence.as_str())] {
            let cut = without_http(nodes, http, same);
            let device = format!("{kind}-{count}");
            let (report, _) = restored(&devices, &cut, &device);
            assert_eq!(report["tokens"]["total"], count, "{report}");
            if count <= 100 {
                assert_eq!(report["missingPayloads"], 0, "{report}");
            }
            println!("{device}: {} payloads missing", report["missingPayloads"]);
            // What did not come in time comes with the next one.
            for _ in 0..3 {
                if run_on(&devices, &cut, &device, &["sync", "--fresh"]).done()["missingPayloads"] == 0 {
                    break;
                }
            }
            assert_eq!(devices.tokens(&device), tokens, "byte for byte");
        }
        // HTTP is back: the peers are left alone.
        let mut traced = devices.command("back");
        let quiet = run_with(traced.env("RUST_LOG", "libp2p=trace").args(["sync", "--fresh"]), b"");
        let report = quiet.done();
        assert!(report["source"].as_str().unwrap().starts_with("http"), "{report}");
        assert!(!quiet.stderr.contains("libp2p"), "{}", quiet.stderr);
    }
}

fn fewer_peers_are_enough_and_none_is_said(cluster: &RealCluster, nodes: &str) {
    let devices = Devices::on(nodes);
    let tokens = devices.put("a", "few", 12, 3_000);
    assert_eq!(devices.sync("a", &["--wait", "verified"])["ack"], "verified");
    let (_listener, silence) = silent();
    let closed = without_http(nodes, CLOSED, same);
    let ids = |device: &str| devices.tokens(device).len();

    // A swarm address that belongs to another peer, and only one peer that can be reached.
    let all: Vec<Value> = serde_json::from_str(nodes).unwrap();
    let id = |at: usize| all[at]["swarm"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let swapped = without_http(nodes, CLOSED, |at, address| match at {
        0 => address.replace(&id(0), &id(1)),
        1 => address.replace(&id(1), &id(0)),
        _ => address.to_owned(),
    });
    restored(&devices, &swapped, "swapped");
    let one = without_http(
        nodes,
        CLOSED,
        |at, address| if at == 4 { same(at, address) } else { nowhere(at, address) },
    );
    let (report, _) = restored(&devices, &one, "one");
    assert_eq!((ids("one"), &report["missingPayloads"]), (12, &0.into()));
    let found = |report: &Value| {
        report["nodes"].as_array().unwrap().iter().filter(|n| n["outcome"] == "found").count()
    };
    assert_eq!(found(&report), 1, "{report}");

    // An owned slot goes on publishing what fits into its record.
    run_on(&devices, &closed, "a", &["set", "label", "\"mine\""]).done();
    let (outcome, took) = timed(|| run_on(&devices, &closed, "a", &["sync", "--fresh"]));
    let report = outcome.done();
    println!("published over the DHT in {took:?}");
    assert_eq!((&report["source"], &report["ack"]), (&"dht".into(), &"published".into()), "{report}");
    let name = report["names"][0]["name"].as_str().unwrap();
    let records: Vec<_> = daemons(nodes).iter().filter_map(|daemon| daemon.record(name)).collect();
    assert!(records.len() == 5 && records.iter().all(|record| record == &records[0]));

    // Frozen one after the other.
    for frozen in 0..4 {
        cluster.stop_signal(frozen).unwrap();
        for (kind, http) in [("closed", CLOSED), ("silent", silence.as_str())] {
            let device = format!("frozen-{frozen}-{kind}");
            let (report, _) = restored(&devices, &without_http(nodes, http, same), &device);
            assert_eq!((ids(&device), &report["missingPayloads"]), (12, &0.into()), "{report}");
        }
    }

    // The DHT is gone as well.
    cluster.stop_signal(4).unwrap();
    for (kind, nodes) in
        [("closed", without_http(nodes, CLOSED, nowhere)), ("silent", without_http(nodes, &silence, same))]
    {
        let (outcome, took) = timed(|| run_on(&devices, &nodes, "one", &["sync", "--fresh"]));
        println!("nobody, {kind}: {took:?}");
        outcome.refused(3, "unreachable");
        assert!(took <= TWO_SECONDS, "{kind}: {took:?}");
        assert_eq!(devices.tokens("one"), tokens);
        let fresh = run_on(&devices, &nodes, &format!("never-{kind}"), &["sync", "--fresh"]);
        assert_eq!(fresh.exit, Some(3), "{fresh:?}");
    }
}
