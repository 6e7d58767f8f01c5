//! Kubo nodes for many wallets, as `examples/nodes` sets them up: a wallet works through their front as on plain nodes, and another
//! tenant of the same nodes can do it no harm.

use std::process::Command;

use serde_json::Value;
use wallet_sync_harness::WalletNodes;

use crate::support::kubo::{Daemon, Devices, daemon_at, turn};

fn log_of(nodes: &WalletNodes, wallet: &str) -> Vec<Value> {
    let lines: Vec<Value> =
        nodes.log().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().filter(|line| line["wallet"] == wallet).collect()
}

fn own(report: &Value) -> (String, String) {
    let own = &report["names"][0];
    (own["name"].as_str().unwrap().to_owned(), own["root"].as_str().unwrap().to_owned())
}

fn daemons(nodes: &WalletNodes) -> Vec<Daemon> {
    (0..5).map(|i| daemon_at(&nodes.addresses(i).1)).collect()
}

#[test]
fn a_wallet_works_through_the_front_and_nothing_that_it_sends_is_refused() {
    let _turn = turn();
    let nodes = WalletNodes::start(5).unwrap();
    let devices = Devices::on(&nodes.wallet("alice").unwrap());
    let tokens = devices.put("a", "first", 40, 20_000);
    let report = devices.sync("a", &["--wait", "verified"]);
    assert_eq!((&report["ack"], &report["verifiedNodes"]), (&"verified".into(), &5.into()), "{report}");
    let restored = devices.sync("b", &["--fresh"]);
    assert_eq!(restored["tokens"]["total"], 40, "{restored}");
    assert_eq!(devices.tokens("b"), tokens, "byte for byte");
    // A second device publishes, the first reads it, both change on.
    devices.put("b", "second", 3, 300_000);
    assert_eq!(devices.sync("b", &["--wait", "verified"])["ack"], "verified");
    devices.run("a", &["spend", "first-00000", "s0", "--proof", "{}"]).done();
    let report = devices.sync("a", &["--fresh", "--wait", "verified"]);
    assert_eq!((&report["ack"], &report["added"]), (&"verified".into(), &3.into()), "{report}");
    let warm = devices.sync("a", &["--fresh"]);
    assert_eq!(warm["warnings"], Value::Array(Vec::new()), "{warm}");
    assert_eq!(devices.sync("c", &["--fresh"])["tokens"]["total"], 42);

    let checked = devices.run("a", &["nodes", "--check"]);
    assert_eq!((checked.exit, checked.lines().len()), (Some(0), 5 * 9), "{checked:?}");
    assert_eq!(checked.stdout.matches("a message came back").count(), 5, "{checked:?}");
    assert!(checked.stdout.contains("HTTP/2.0, TLS"), "{checked:?}");

    let log = log_of(&nodes, "alice");
    assert!(log.iter().all(|line| line["protocol"] == "HTTP/2.0"), "one connection carries it all");
    let verbs =
        ["dag/import", "pin/add", "pin/update", "pin/ls", "routing/put", "name/get", "block/get", "id"];
    for verb in verbs {
        assert!(log.iter().any(|line| line["verb"] == verb), "{verb} was not asked for");
    }
    let refused = nodes.refused().unwrap();
    assert!(!refused.contains("alice"), "{refused}");
}

/// Sends a request as the holder of a token; the status.
fn send(nodes: &WalletNodes, token: &str, method: &str, path: &str, more: &[&str]) -> u16 {
    let (front, _) = nodes.addresses(0);
    let authority = nodes.authority();
    let mut curl = Command::new("curl");
    curl.args(["-s", "--path-as-is", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-X", method]);
    curl.arg("--cacert").arg(authority).args(["-H", &format!("Authorization: Bearer {token}")]).args(more);
    let output = curl.arg(format!("{front}{path}")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().parse().unwrap()
}

#[test]
fn a_hostile_tenant_harms_nobody() {
    let _turn = turn();
    let nodes = WalletNodes::start(5).unwrap();
    let alice = Devices::on(&nodes.wallet("alice").unwrap());
    let tokens = alice.put("a", "hers", 20, 5_000);
    let report = alice.sync("a", &["--wait", "verified"]);
    let (name, root) = own(&report);
    let mallory: Value = serde_json::from_str(&nodes.wallet("mallory").unwrap()).unwrap();
    let token = mallory[0]["token"].as_str().unwrap();
    let post = |path: &str| send(&nodes, token, "POST", path, &[]);

    assert_eq!(post("/api/v0/id"), 200, "he is let in as such");
    let k51 = report["names"][0]["cid"].as_str().map_or_else(|| "k51".to_owned(), str::to_owned);
    let (cid, limit) = (root.as_str(), "timeout=1000ms");
    let refused = [
        // Lists.
        "/api/v0/pin/ls".to_owned(),
        "/api/v0/pin/ls?type=recursive".to_owned(),
        "/api/v0/pin/ls?type=recursive&names=true".to_owned(),
        "/api/v0/pin/ls?arg=&type=recursive&names=true".to_owned(),
        "/api/v0/refs/local".to_owned(),
        "/api/v0/repo/ls".to_owned(),
        "/api/v0/key/list".to_owned(),
        "/api/v0/files/ls?arg=/".to_owned(),
        "/api/v0/bitswap/wantlist".to_owned(),
        "/api/v0/swarm/peers".to_owned(),
        "/api/v0/log/tail".to_owned(),
        "/debug/metrics/prometheus".to_owned(),
        // The node itself.
        "/api/v0/shutdown".to_owned(),
        "/api/v0/config/show".to_owned(),
        "/api/v0/config?arg=Addresses.API".to_owned(),
        "/api/v0/repo/gc".to_owned(),
        "/api/v0/id?arg=12D3KooWC8iQHE681FSU7by55YtJXEJ6k8cxdoo3rGRq5nGq8dFB".to_owned(),
        // Reads without a bound, or through the network.
        format!("/api/v0/block/get?arg={cid}"),
        format!("/api/v0/dag/export?arg={cid}"),
        format!("/api/v0/dag/stat?arg={cid}"),
        format!("/api/v0/block/get?arg={cid}&timeout=9999999ms"),
        format!("/api/v0/block/get?arg={cid}&timeout=10h"),
        format!("/api/v0/name/resolve?arg={k51}"),
        format!("/api/v0/routing/findprovs?arg={cid}"),
        format!("/api/v0/pin/add?arg={cid}"),
        format!("/api/v0/pin/add?arg={cid}&name=x"),
        // A second argument, in each form.
        format!("/api/v0/pin/rm?arg={cid}&arg={cid}"),
        format!("/api/v0/pin/rm?arg={cid}&recursive=true"),
        format!("/api/v0/pin/rm?arg[]={cid}"),
        format!("/api/v0/pin/update?arg={cid}&arg={cid}&unpin=true&{limit}"),
        format!("/api/v0/pin/update?arg={cid}&arg={cid}&{limit}"),
        format!("/api/v0/dag/import?stats=false&pin-roots=true&{limit}"),
        "/api/v0/dag/import".to_owned(),
        // Written another way.
        format!("/api/v0/%70in/rm?arg={cid}"),
        format!("/api/v0/pin%2Frm?arg={cid}"),
        format!("/api/v0//pin/rm?arg={cid}"),
        format!("/api/v0/pin/../pin/rm?arg={cid}"),
        format!("/api/v0/pin/rm/{cid}"),
        format!("/api/v0/pin/rm?arg=%62{}", &cid[1..]),
        format!("/API/V0/PIN/RM?arg={cid}"),
        format!("/api/v0/pin/rm?arg=/ipfs/{cid}"),
        format!("/api/v0/pin/rm;x?arg={cid}"),
        "/webui".to_owned(),
        format!("/ipfs/{cid}/"),
    ];
    for path in &refused {
        let status = post(path);
        assert!([400, 403, 404, 405].contains(&status), "{path}: {status}");
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"] {
        let more: &[&str] = if method == "HEAD" { &["-I"] } else { &[] };
        let status = send(&nodes, token, method, &format!("/api/v0/pin/rm?arg={cid}"), more);
        assert_eq!(status, 405, "{method}");
    }
    // Arguments in a body never arrive: the pin is still asked for by nobody.
    let body = ["-F", &format!("arg={cid}"), "-F", &format!("file={cid}")];
    assert_eq!(send(&nodes, token, "POST", "/api/v0/pin/rm", &body), 403);
    // More than a CAR may be.
    let big = tempfile::NamedTempFile::new().unwrap();
    big.as_file().set_len(64 << 20).unwrap();
    let file = ["-F", &format!("file=@{}", big.path().display())];
    let import = format!("/api/v0/dag/import?stats=false&pin-roots=false&{limit}");
    assert_eq!(send(&nodes, token, "POST", &import, &file), 413);
    // Tokens that are none.
    for wrong in ["", "x", &token[..63], &format!("{token}0")] {
        assert_eq!(send(&nodes, wrong, "POST", "/api/v0/id", &[]), 401, "{wrong:?}");
    }

    let counted = nodes.refused().unwrap();
    let count = |status: &str| -> usize {
        let lines = counted.lines().filter(|line| line.contains("mallory") && line.contains(status));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
    };
    assert!(count("status=\"403\"") >= refused.len() / 2 && count("status=\"405\"") >= 6, "{counted}");
    let holders = daemons(&nodes).iter().filter(|daemon| daemon.really_holds(&name, &root)).count();
    assert_eq!(holders, 5);
    assert_eq!(alice.sync("b", &["--fresh"])["missingPayloads"], 0);
    assert_eq!(alice.tokens("b"), tokens);
    nodes.revoke("mallory").unwrap();
    assert_eq!(post("/api/v0/id"), 401, "a token that was taken away is none");
}
