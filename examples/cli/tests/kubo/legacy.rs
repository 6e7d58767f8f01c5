//! A predecessor's wallet on real Kubo: fetched, taken over, verified, and only then replaced; what it was stays pinned.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;

use crate::support::kubo::{Devices, daemons, five, noise};

/// 2100-01-01T00:00:00Z.
const EOL_MS: i64 = 4_102_444_800_000;

/// Sends a file to a daemon's RPC, which has to take it.
fn send(api: &str, call: &str, bytes: &[u8]) {
    let host = api.strip_prefix("http://").unwrap();
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (kind, length) = ("multipart/form-data; boundary=b", body.len());
    write!(
        stream,
        "POST /api/v0/{call} HTTP/1.0\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(&answer[9..12], b"200", "{call}: {}", String::from_utf8_lossy(&answer));
}

fn document() -> Value {
    let token = |state: String, n: usize| json!({"_integrity": {"currentStateHash": state}, "blob": noise("old", n, 20_000)});
    let mut document =
        json!({"_meta": {"version": 71}, "_outbox": [{"sourceTokenId": "01".repeat(32), "salt": "5a"}]});
    for n in 1..9_usize {
        let id = format!("{n:02x}").repeat(32);
        document.as_object_mut().unwrap().insert(format!("_{id}"), token(format!("s{n}"), n));
    }
    document
}

#[test]
fn a_wallet_on_the_nodes_is_taken_over_and_replaced_once_verified() {
    let (_turn, _cluster, nodes) = five();
    let devices = Devices::on(&nodes);
    let secret = std::fs::read_to_string(devices.wallet.path("secret")).unwrap();
    let hex = secret.trim().as_bytes().chunks(2);
    let bytes: Vec<u8> =
        hex.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect();
    let keys = WalletKeys::derive(&Secret::new(bytes.try_into().unwrap()), None);
    let old = document().to_string().into_bytes();
    // As the predecessor did: below 256 KiB a file is one raw block.
    let cid = Cid::of(Codec::Raw, &old);
    let record = Record::create(&keys.slot(Slot::ZERO), 71, &cid, EOL_MS, &[]).unwrap();
    let name = record.name().k51();
    for node in serde_json::from_str::<Vec<Value>>(&nodes).unwrap() {
        let api = node["api"].as_str().unwrap();
        send(api, "add?pin=true&cid-version=1", &old);
        send(api, &format!("routing/put?arg=/ipns/{name}&allow-offline=true&offline=true"), record.raw());
    }
    let report = devices.run("a", &["import-legacy"]).done();
    assert_eq!(
        (&report["found"], &report["added"], &report["suspect"]),
        (&json!(8), &json!(8), &json!(1)),
        "{report}"
    );
    assert_eq!((&report["ack"], &report["replaced"]), (&json!("verified"), &json!(true)), "{report}");
    let mut replaced = 0;
    for daemon in daemons(&nodes) {
        let (pinned, _) = daemon.rpc(&format!("pin/ls?arg={cid}&type=recursive"));
        assert_eq!(pinned, 200, "the predecessor's content is pinned");
        let shown = daemon.record(&name).unwrap();
        let shown = Record::parse(shown, record.name()).unwrap();
        replaced += usize::from(shown.root().is_some() && shown.sequence() == 72);
    }
    assert!(replaced >= 2, "{replaced}");
    devices.sync("b", &["--fresh"]);
    assert_eq!(devices.tokens("b"), devices.tokens("a"));
    assert_eq!(devices.tokens("b").len(), 8);
    let again = devices.run("a", &["import-legacy"]);
    again.refused(2, "not_found");
}
