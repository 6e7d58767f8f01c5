//! A predecessor's wallet is taken over whole: each token with its meaning, and everything else as it stands.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tauri_plugin_wallet_sync::engine::{Engine, LegacyReport, LegacySource, NewToken, Spend, TokenRow};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Code, limits};

use crate::support::filling_store::FillingStore;
use crate::support::world::{Device, World};

pub fn id(n: u8) -> String {
    format!("{n:02x}").repeat(32)
}

pub fn hash(n: u8) -> String {
    format!("0000{}", format!("{n:02x}").repeat(32))
}

/// A token as the predecessor wrote it, minted and sent on once.
pub fn token(n: u8, state: &str) -> Value {
    json!({
        "version": "2.0",
        "genesis": {
            "data": {"tokenId": id(n), "tokenType": "f8".repeat(32), "coinData": [["455ad8", "1000"]], "tokenData": "",
                "salt": "77".repeat(32), "recipient": "DIRECT://0000be36", "recipientDataHash": null, "reason": null},
            "inclusionProof": {"authenticator": {"algorithm": "secp256k1", "publicKey": "02aa", "signature": "30",
                "stateHash": hash(200)}, "merkleTreePath": {"root": "00", "steps": []}, "transactionHash": "00",
                "unicityCertificate": "d9"},
        },
        "state": {"data": "", "predicate": "8300"},
        "transactions": [{"previousStateHash": hash(200), "newStateHash": state, "predicate": "83",
            "inclusionProof": {"authenticator": {"stateHash": hash(200)}}, "data": {"memo": "thanks"}}],
        "nametags": [],
        "_integrity": {"genesisDataJSONHash": "0000aa", "currentStateHash": "of no interest"},
        "somethingNew": {"kept": [1, 2.5, null]},
    })
}

/// A wallet with every section.
pub fn wallet() -> Value {
    let mut wallet = json!({
        "_meta": {"version": 71, "address": "DIRECT://me", "ipnsName": "12D3", "formatVersion": "2.0", "lastCid": "bafk",
            "deviceId": "d1"},
        "_nametags": [{"name": "alice", "token": token(40, &hash(40)), "timestamp": 1, "format": "txf", "version": "2.0"}],
        "_tombstones": [{"tokenId": id(9), "stateHash": hash(9), "timestamp": 5},
            {"tokenId": id(1), "stateHash": hash(99), "timestamp": 6}],
        "_outbox": [{"id": "o1", "status": "SUBMITTED", "type": "SPLIT", "sourceTokenId": id(2), "salt": "ee".repeat(32),
            "commitmentJson": "{\"requestId\":\"1\"}", "amount": "5", "coinId": "455ad8"}],
        "_mintOutbox": [{"id": "m1", "salt": "dd".repeat(32), "mintDataJson": "{}"}],
        "_sent": [{"token": token(5, &hash(5)), "timestamp": 7, "recipient": "@bob"},
            {"tokenId": id(6), "recipient": "@carol", "txHash": "00"}],
        "_invalid": [{"token": token(7, &hash(7)), "reason": "SDK_VALIDATION", "details": "too strict", "invalidatedAt": 8}],
        "_history": [{"id": "h", "type": "SENT", "amount": "3"}],
        "_invalidatedNametags": [{"name": "old"}],
        "_aSectionOfLater": {"x": [true]},
    });
    let tokens = [
        (format!("_{}", id(1)), token(1, &hash(1))),
        (format!("_{}", id(2)), token(2, &hash(2))),
        (format!("_archived_{}", id(3)), token(3, &hash(3))),
        (format!("archived-{}", id(4)), token(4, &hash(4))),
        (format!("_forked_{}_{}", id(1), hash(11)), token(1, &hash(11))),
    ];
    wallet.as_object_mut().unwrap().extend(tokens);
    wallet
}

async fn import(engine: &Engine, document: &Value) -> LegacyReport {
    engine.import_legacy(LegacySource::Document(document.to_string().into())).await.unwrap()
}

/// Token id, state hash, spend and whether it is flagged, of everything listed.
pub fn rows(device: &Device) -> Vec<(String, String, Spend, bool)> {
    let rows = device.engine.tokens(None, 1_000, true);
    let row = |row: &TokenRow| {
        let key = &row.key;
        (key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned(), row.spend, row.forked)
    };
    rows.iter().map(row).collect()
}

/// What the entries of a section hold, put together again.
async fn kept(engine: &Engine, section: &str) -> Vec<Value> {
    let rows = engine.entries(&format!("legacy.{section}."), None, 1_000, usize::MAX).await.unwrap().rows;
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for row in rows {
        let whole = row.key.split('.').take(3).collect::<Vec<_>>().join(".");
        let value = engine.get(&row.key).await.unwrap();
        match parts.last_mut().filter(|(key, _)| *key == whole) {
            Some((_, bytes)) => bytes.extend_from_slice(&value),
            None => parts.push((whole, value.to_vec())),
        }
    }
    parts.iter().map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_section_comes_with_its_meaning() {
    let world = World::new(0);
    let device = world.device().await;
    let document = wallet();
    let report = import(&device.engine, &document).await;
    assert_eq!(
        (report.found, report.added, report.unchanged, report.unreadable.len()),
        (8, 8, 0, 0),
        "{report:?}"
    );
    let sections = report.sections;
    assert_eq!(
        [sections.active, sections.archived, sections.forked, sections.sent, sections.invalid],
        [2, 2, 1, 2, 1]
    );
    assert_eq!([sections.nametags, sections.outbox, sections.tombstones, sections.other], [1, 2, 2, 4]);
    let (free, doubtful) = (Spend::None, Spend::Intent);
    assert_eq!(
        rows(&device),
        [
            // The fork beside it is flagged, and so is it; the fork itself is not on offer.
            (id(1), hash(1), free, true),
            (id(1), hash(11), doubtful, true),
            // A transfer of it was under way.
            (id(2), hash(2), doubtful, false),
            (id(3), hash(3), doubtful, false),
            (id(4), hash(4), doubtful, false),
            (id(5), hash(5), doubtful, false),
            (id(7), hash(7), doubtful, false),
            (id(40), hash(40), free, false),
        ]
    );
    assert_eq!(report.suspect, 6);
    // Every byte of a token is its payload.
    let payload = device.engine.payload(&id(1), &hash(1)).await.unwrap();
    assert_eq!(payload, token(1, &hash(1)).to_string().as_bytes());
    let row = &device.engine.tokens(None, 1, true)[0];
    assert_eq!(
        (row.summary.as_deref(), row.previous.as_deref()),
        (Some("1000 455ad8"), Some(hash(200).as_str()))
    );
    // What cannot be had again, and what nobody knows, is there as it stood.
    for section in
        ["_outbox", "_mintOutbox", "_nametags", "_tombstones", "_history", "_meta", "_aSectionOfLater"]
    {
        let mut expected: Vec<Value> = match &document[section] {
            Value::Array(all) if !section.contains("history") => {
                all.iter().map(|one| json!({section: [one]})).collect()
            }
            other => vec![json!({section: other})],
        };
        let mut found = kept(&device.engine, section).await;
        found.sort_by_key(Value::to_string);
        expected.sort_by_key(Value::to_string);
        assert_eq!(found, expected, "{section}");
    }
    assert_eq!(kept(&device.engine, "_sent").await, [json!({"_sent": [document["_sent"][1]]})]);
    // A state that it took for spent is not on offer when it comes.
    let late = NewToken {
        token_id: id(9),
        state_hash: hash(9),
        previous: None,
        summary: None,
        payload: Bytes::from_static(b"late"),
    };
    device.engine.put(vec![late]).await.unwrap();
    assert!(rows(&device).contains(&(id(9), hash(9), doubtful, false)));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_or_grown_import_only_adds() {
    let world = World::new(0);
    let device = world.device().await;
    let first = import(&device.engine, &wallet()).await;
    let before = (device.engine.revision(), rows(&device));
    let again = import(&device.engine, &wallet()).await;
    assert_eq!((again.added, again.unchanged, again.kept), (0, 8, first.kept));
    assert_eq!((device.engine.revision(), rows(&device)), before);
    // Its user went on with the predecessor: another state, and one with other bytes.
    let mut later = wallet();
    later[format!("_{}", id(1))] = token(1, &hash(12));
    later[format!("_{}", id(2))]["somethingNew"] = json!("else");
    let third = import(&device.engine, &later).await;
    assert_eq!((third.added, third.unchanged, third.differing), (1, 7, 1));
    assert_eq!(rows(&device).len(), 9);
    let differing = kept(&device.engine, &format!("_differing_{}", &id(2)[..37])).await;
    assert_eq!(differing.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_ends_early_offers_nothing_doubtful_and_is_whole_the_second_time() {
    let world = World::new(0);
    let whole = world.device().await;
    import(&whole.engine, &wallet()).await;
    let mut ends = 0;
    loop {
        let store = MemoryStore::new();
        let filling = Arc::new(FillingStore::new(store.clone()));
        let engine = world.engine_on(filling.clone()).await;
        filling.full_after(ends);
        let done = engine.import_legacy(LegacySource::Document(wallet().to_string().into())).await;
        let again = world.device_on(store.crash()).await;
        for (id, hash, spend, _) in rows(&again) {
            let expected = rows(&whole).into_iter().find(|row| (&row.0, &row.1) == (&id, &hash)).unwrap();
            assert!(spend >= expected.2, "{id} after {ends} commits");
        }
        import(&again.engine, &wallet()).await;
        assert_eq!(rows(&again), rows(&whole));
        if done.is_ok() {
            break;
        }
        ends += 1;
    }
    assert!(ends > 10, "{ends}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_kept_and_named() {
    let world = World::new(0);
    let device = world.device().await;
    let mut without_hash = token(2, "undefined");
    without_hash.as_object_mut().unwrap().retain(|key, _| key != "_integrity");
    without_hash["transactions"][0]["inclusionProof"] = json!(null);
    without_hash["genesis"]["inclusionProof"] = json!({});
    let mut large = token(3, &hash(3));
    large["blob"] = json!("x".repeat(limits::PAYLOAD_BYTES));
    let bad = [
        (format!("_{}", id(1)), json!("not a token")),
        (format!("_{}", id(2)), without_hash),
        (format!("_{}", id(3)), large),
        ("_tombstones".to_owned(), json!([{"tokenId": id(8)}, 7])),
        ("_outbox".to_owned(), json!("a text")),
        ("_invalid".to_owned(), json!([{"token": {"no": "state"}, "reason": "r"}])),
    ];
    let document: Value = Value::Object(bad.iter().cloned().collect());
    let report = import(&device.engine, &document).await;
    assert_eq!((report.found, report.added), (0, 0));
    let mut names: Vec<&str> = report.unreadable.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (one, two, three) = (format!("_{}", id(1)), format!("_{}", id(2)), format!("_{}", id(3)));
    assert_eq!(names, [&*one, &*two, &*three, "_invalid[0]", "_outbox", "_tombstones[0]", "_tombstones[1]"]);
    for (key, value) in bad {
        let found = kept(&device.engine, &key[..key.len().min(48)]).await;
        match value {
            Value::Array(all) => {
                let parts: Vec<Value> = all.iter().map(|one| json!({&key: [one]})).collect();
                assert!(parts.iter().all(|part| found.contains(part)), "{key}");
            }
            value => assert_eq!(found, [json!({key: value})]),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_predecessors_wallet_is_called_so_and_changes_nothing() {
    let world = World::new(0);
    let device = world.device().await;
    for bad in ["", "[]", "null", "{", "{\"name\": \"package\"}", "{}", "\u{1}"] {
        let refused = device.engine.import_legacy(LegacySource::Document(Bytes::from(bad.to_owned()))).await;
        assert_eq!(refused.unwrap_err().code(), Code::Malformed, "{bad}");
    }
    assert_eq!(device.engine.revision(), 0);
    let folder = tempfile::tempdir().unwrap();
    let none = LegacySource::File(folder.path().join("none"));
    assert_eq!(device.engine.import_legacy(none).await.unwrap_err().code(), Code::BadRequest);
    // A byte order mark and the line ends of Windows are fine.
    let path = folder.path().join("wallet.json");
    let text = serde_json::to_string_pretty(&wallet()).unwrap().replace('\n', "\r\n");
    std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
    assert_eq!(device.engine.import_legacy(LegacySource::File(path)).await.unwrap().added, 8);
}

/// The predecessor's later releases name what was sent and refused by the token alone.
#[tokio::test(start_paused = true)]
async fn what_was_sent_or_refused_is_not_on_offer_though_only_its_id_is_named() {
    for section in ["_sent", "_invalid"] {
        let device = World::new(0).device().await;
        let document = json!({
            "_meta": {"version": 3, "formatVersion": "2.0"},
            format!("_{}", id(1)): token(1, &hash(1)),
            format!("_{}", id(2)): token(2, &hash(2)),
            section: [{"tokenId": id(1), "recipient": "bob", "txHash": "00", "sentAt": 1}],
        });
        let report = import(&device.engine, &document).await;
        assert_eq!((report.added, report.suspect), (2, 1), "{section}: {report:?}");
        let spends: Vec<Spend> = rows(&device).into_iter().map(|row| row.2).collect();
        assert_eq!(spends, [Spend::Intent, Spend::None], "{section}");
    }
}
