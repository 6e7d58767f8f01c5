//! Whatever JSON a predecessor's document is, nothing of it is dropped, and nothing in it stops the rest.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::legacy::{Legacy, PartKey, joined, read};

/// Any JSON, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z\"\\\\ é]{0,12}".prop_map(Value::from),
        Just(json!("ab".repeat(32))),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(member_name(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Names that mean something somewhere, and any others.
fn member_name() -> impl Strategy<Value = String> {
    let known = [
        "genesis",
        "data",
        "tokenId",
        "stateHash",
        "inclusionProof",
        "authenticator",
        "transactions",
        "newStateHash",
        "_integrity",
        "currentStateHash",
        "token",
        "sourceTokenId",
        "coinData",
        "reason",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "[a-zA-Z_\"]{0,8}"]
}

/// Something like a token, whole or broken anywhere.
fn tokenish() -> impl Strategy<Value = Value> {
    let whole = (0_u8..4, 0_u8..4, any_json()).prop_map(|(id, state, extra)| {
        json!({"genesis": {"data": {"tokenId": format!("{id:02x}").repeat(32), "coinData": [["c", "1"]]}},
            "transactions": [{"newStateHash": format!("s{state}"), "inclusionProof": extra.get("reason")}], "extra": extra})
    });
    let whole = whole.boxed();
    let sent = (whole.clone(), any_json()).prop_map(|(token, other)| json!({"token": token, "why": other}));
    let entry = (0_u8..4, any_json()).prop_map(
        |(id, other)| json!({"tokenId": format!("{id:02x}").repeat(32), "stateHash": "s1", "salt": other}),
    );
    prop_oneof![3 => whole, 2 => sent, 2 => entry, 3 => any_json()]
}

fn key() -> impl Strategy<Value = String> {
    let lists = [
        "_sent",
        "_invalid",
        "_nametag",
        "_nametags",
        "_outbox",
        "_mintOutbox",
        "_tombstones",
        "_meta",
        "_history",
    ];
    let id = (0_u8..4).prop_map(|n| format!("{n:02x}").repeat(32));
    let token = (id, 0_u8..5).prop_map(|(id, kind)| match kind {
        0 => format!("_archived_{id}"),
        1 => format!("archived-{id}"),
        2 => format!("_forked_{id}_s1"),
        _ => format!("_{id}"),
    });
    prop_oneof![3 => prop::sample::select(lists.to_vec()).prop_map(str::to_owned), 4 => token, 1 => "[a-z_.é\"]{0,9}"]
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    let value =
        prop_oneof![2 => tokenish(), 2 => prop::collection::vec(tokenish(), 0..5).prop_map(Value::from)];
    prop::collection::btree_map(key(), value, 0..8).prop_map(|map| map.into_iter().collect())
}

/// The parts that are kept in entries, put together again.
fn kept(legacy: &Legacy) -> Vec<Value> {
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for kept in &legacy.kept {
        assert!(kept.key.len() <= limits::KEY_CHARS && kept.value.len() <= limits::VALUE_BYTES);
        let whole = kept.key.split('.').take(3).collect::<Vec<_>>().join(".");
        parts.entry(whole).or_default().extend_from_slice(&kept.value);
    }
    parts.values().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect()
}

/// All that the result holds, as JSON.
struct Held {
    payloads: Vec<Value>,
    evidence: Vec<Value>,
    kept: Vec<Value>,
}

impl Held {
    /// Whether a value is there: as a token, as token and evidence of what was around it, or kept.
    fn has(&self, key: &str, value: &Value) -> bool {
        let around = |value: &Value| {
            let mut rest = value.as_object().cloned().unwrap_or_default();
            let token = rest.remove("token");
            let is_evidence = |evidence: &Value| {
                let mut evidence = evidence.as_object().cloned().unwrap_or_default();
                evidence.remove("legacy");
                evidence == rest
            };
            token.is_some_and(|token| self.payloads.contains(&token)) && self.evidence.iter().any(is_evidence)
        };
        self.payloads.contains(value) || self.kept.contains(&json!({key: value})) || around(value)
    }
}

/// Where the predecessor has a list, none and an empty one say nothing.
fn is_no_list(key: &str, value: &Value) -> bool {
    let lists = ["_sent", "_invalid", "_nametag", "_nametags", "_outbox", "_mintOutbox", "_tombstones"];
    let notes = ["_meta", "_history", "_invalidatedNametags"];
    let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    is_empty && (lists.contains(&key) || notes.contains(&key))
}

/// The keys of the parts that are kept whole.
fn kept_keys(legacy: &Legacy) -> Vec<&str> {
    legacy.kept.iter().filter_map(|kept| PartKey::parse(&kept.key)).map(|key| key.part).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_of_any_document_is_dropped(mut document in document()) {
        document.insert("_meta".to_owned(), json!({"version": 1}));
        let text = Value::Object(document.clone()).to_string();
        let legacy = read(text.as_bytes()).unwrap();
        let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let held = Held {
            payloads: legacy.tokens.iter().map(|token| parse(&token.payload)).collect(),
            evidence: legacy.spends.iter().map(|spend| parse(&spend.evidence)).collect(),
            kept: kept(&legacy),
        };
        for (key, value) in &document {
            let whole = held.has(key, value);
            let in_parts = value.as_array().is_some_and(|all| {
                all.iter().all(|one| {
                    held.kept.contains(&json!({key: [one]})) || held.has(key, one)
                })
            });
            prop_assert!(is_no_list(key, value) || whole || in_parts, "{key}: {value}");
        }
        // What could not be read is kept under the key that is told.
        let keys = kept_keys(&legacy);
        prop_assert!(legacy.unreadable.iter().all(|one| keys.contains(&one.key.as_str())));
        // A state stands once, and what is sent, archived, forked or refused is never on offer.
        let states: std::collections::BTreeSet<_> =
            legacy.tokens.iter().map(|token| (&token.token_id, &token.state_hash)).collect();
        prop_assert_eq!(states.len(), legacy.tokens.len());
        prop_assert_eq!(read(text.as_bytes()).unwrap(), legacy);
    }

    #[test]
    fn any_bytes_are_a_wallet_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err_and(|e| e.code() == Code::Malformed));
    }

    #[test]
    fn a_cut_document_is_an_error(document in document(), at in 0.0..1.0_f64) {
        let mut document = document;
        document.insert("_meta".to_owned(), json!(1));
        let text = Value::Object(document).to_string();
        let cut = (text.len() as f64 * at) as usize;
        prop_assert!(read(&text.as_bytes()[..cut.min(text.len() - 1)]).is_err());
    }
}

#[test]
fn state_hashes_are_looked_for_in_the_predecessors_order() {
    let hash = |token: Value| {
        let key = format!("_{}", "ab".repeat(32));
        let legacy = read(json!({key: token}).to_string().as_bytes()).unwrap();
        legacy.tokens.first().map(|token| token.state_hash.clone())
    };
    let proof = |hash: &str| json!({"authenticator": {"stateHash": hash}});
    let genesis = json!({"data": {}, "inclusionProof": proof("d")});
    let mut token = json!({
        "genesis": genesis,
        "transactions": [{"newStateHash": "x"}, {"newStateHash": "a", "inclusionProof": proof("b")}],
        "_integrity": {"currentStateHash": "c"},
    });
    assert_eq!(hash(token.clone()).as_deref(), Some("a"));
    token["transactions"][1]["newStateHash"] = json!("undefined");
    assert_eq!(hash(token.clone()).as_deref(), Some("b"));
    token["transactions"][1]["inclusionProof"] = json!({});
    assert_eq!(hash(token.clone()).as_deref(), Some("c"));
    token["_integrity"] = Value::Null;
    assert_eq!(hash(token.clone()).as_deref(), Some("d"));
    token["genesis"]["inclusionProof"] = Value::Null;
    assert_eq!(hash(token), None);
}

#[test]
fn repeated_keys_and_deep_parts_are_kept_too() {
    let id = "cd".repeat(32);
    let state = |state: &str| format!("{{\"_integrity\":{{\"currentStateHash\":\"{state}\"}}}}");
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let text = format!("{{\"_{id}\": {}, \"_{id}\": {}, \"odd\": {deep}}}", state("one"), state("two"));
    let legacy = read(text.as_bytes()).unwrap();
    let states: Vec<&str> = legacy.tokens.iter().map(|token| token.state_hash.as_str()).collect();
    assert_eq!(states, ["one", "two"]);
    // The deep part is larger than an entry: its pieces are the part.
    let pieces: Vec<u8> = legacy.kept.iter().flat_map(|kept| kept.value.to_vec()).collect();
    assert_eq!(legacy.kept.len(), 2);
    assert_eq!(pieces, format!("{{\"odd\":{deep}}}").as_bytes());
    let large = vec![b' '; limits::LEGACY_BYTES + 1];
    assert_eq!(read(&large).unwrap_err().code(), Code::TooLarge);
}

/// The predecessor wrote lower digits; whoever wrote upper ones means the same bytes.
#[test]
fn hexadecimal_ids_and_hashes_are_one_whatever_their_case() {
    let (id, state) = ("ab".repeat(32), format!("0000{}", "cd".repeat(32)));
    let token = json!({"genesis": {"data": {"tokenId": id.to_uppercase()}},
        "transactions": [{"newStateHash": state, "previousStateHash": "EF01", "inclusionProof": {}}]});
    for (section, entry) in [
        ("_tombstones", json!({"tokenId": id.to_uppercase(), "stateHash": state.to_uppercase()})),
        ("_outbox", json!({"sourceTokenId": id.to_uppercase(), "salt": "5a"})),
        ("_sent", json!({"tokenId": id.to_uppercase()})),
    ] {
        let document = json!({format!("_{}", id.to_uppercase()): token, section: [entry]});
        let legacy = read(document.to_string().as_bytes()).unwrap();
        let [token] = &legacy.tokens[..] else { panic!("{legacy:?}") };
        assert_eq!((&token.token_id, &token.state_hash), (&id, &state));
        assert_eq!(token.previous.as_deref(), Some("ef01"));
        let spends: Vec<_> =
            legacy.spends.iter().map(|spend| (spend.token_id.as_str(), spend.state_hash.as_str())).collect();
        assert_eq!(spends, [(id.as_str(), state.as_str())], "{section}");
        assert_eq!(legacy.unreadable, []);
    }
}

#[test]
fn tokens_of_which_nothing_is_left_are_kept_and_named() {
    let id = "ab".repeat(32);
    let [active, archived, forked] =
        [format!("_{id}"), format!("_archived_{id}"), format!("_forked_{id}_00ff")];
    for empty in ["{}", "null", "[]", " { } ", "\"\"", "false"] {
        let text = format!(
            "{{\"{active}\": {empty}, \"{archived}\": {empty}, \"{forked}\": {empty}, \"_sent\": [{empty}], \"_nametags\": [{empty}],
                \"_outbox\": [{empty}], \"_tombstones\": [{empty}], \"_invalid\": [{{\"token\": {empty}}}, {{\"reason\": \"r\"}}], \"later\": {empty}}}"
        );
        let legacy = read(text.as_bytes()).unwrap();
        let mut names: Vec<&str> = legacy.unreadable.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        let lists =
            ["_invalid[0]", "_invalid[1]", "_nametags[0]", "_outbox[0]", "_sent[0]", "_tombstones[0]"];
        let mut expected: Vec<&str> = [&*active, &*archived, &*forked].into_iter().chain(lists).collect();
        expected.sort_unstable();
        assert_eq!(names, expected, "{empty}");
        assert!(legacy.tokens.is_empty());
        // Those, and what nobody knows.
        assert_eq!(kept_keys(&legacy).len(), 10, "{empty}");
    }
}

#[test]
fn a_part_is_known_by_its_key_and_only_its_own_bytes_make_it() {
    let large = "x".repeat(limits::VALUE_BYTES * 2);
    let text = json!({"_meta": {"version": 1}, "odd.": large}).to_string();
    let legacy = read(text.as_bytes()).unwrap();
    let of = |section: &str| -> Vec<_> {
        legacy.kept.iter().filter(|kept| PartKey::parse(&kept.key).unwrap().section == section).collect()
    };
    let (meta, odd) = (of("_meta"), of("odd"));
    assert_eq!((meta.len(), odd.len()), (1, 3));
    let pieces: Vec<_> = odd.iter().map(|kept| kept.value.clone()).collect();
    let part = PartKey::parse(&odd[0].key).unwrap();
    assert_eq!(part.piece, Some(0));
    assert_eq!(joined(part.part, &pieces).unwrap(), json!({"odd.": large}).to_string().as_bytes());
    for wrong in [&pieces[..2], &pieces[1..], &[]] {
        assert_eq!(joined(part.part, wrong).unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(joined(&odd[0].key, &pieces).unwrap_err().code(), Code::NotFound, "a piece is no part");
    for key in
        ["", "legacy.", "legacy.a", "legacy.a.b", "label", &meta[0].key[1..], &format!("{}.x", part.part)]
    {
        assert_eq!(PartKey::parse(key), None, "{key}");
    }
}

/// What JavaScript writes and strict readers refuse, and bytes that a disk left: in one token, beside another.
#[test]
fn one_bad_spot_stops_nothing_and_its_token_is_one_all_the_same() {
    let token = |id: &str, memo: &[u8]| {
        let start = format!(
            r#""_{id}":{{"genesis":{{"data":{{"tokenId":"{id}"}}}},"transactions":[{{"newStateHash":"s1","inclusionProof":{{}}}}],"memo":"#
        );
        [start.as_bytes(), memo, b"}"].concat()
    };
    let ids = ["01".repeat(32), "02".repeat(32)];
    let spots: [&[u8]; 7] = [
        b"\"\xff\"",
        b"\"a\x01b\"",
        b"NaN",
        b"-Infinity",
        b"1E400",
        br#""\ud800""#,
        br#""\ude00\q \ud83d\ude00""#,
    ];
    for spot in spots {
        let document =
            [b"{", &*token(&ids[0], b"1"), b",", &*token(&ids[1], spot), br#","_x\ud800":1}"#].concat();
        let legacy = read(&document).unwrap();
        let found: Vec<&str> = legacy.tokens.iter().map(|token| token.token_id.as_str()).collect();
        assert_eq!(found, ids, "{}", String::from_utf8_lossy(spot));
        let payload = &legacy.tokens[1].payload;
        assert!(payload.windows(spot.len()).any(|part| part == spot), "its bytes are kept as they are");
        assert_eq!((legacy.found.active, legacy.found.other, legacy.spends.len()), (2, 1, 0));
    }
}

/// A list holds its parts together; what is in them is each one's own affair.
#[test]
fn one_bad_spot_in_a_list_stops_no_other_part_of_it() {
    let (good, bad) = ("03".repeat(32), "04".repeat(32));
    let entry = |id: &str, note: &[u8]| {
        [format!(r#"{{"tokenId":"{id}","stateHash":"s9","note":"#).as_bytes(), note, b"}"].concat()
    };
    let list =
        [b"{\"_tombstones\":[", &*entry(&good, b"1"), b",", &*entry(&bad, b"\"\xff\""), b"]}"].concat();
    let legacy = read(&list).unwrap();
    let about: Vec<&str> = legacy.spends.iter().map(|spend| spend.token_id.as_str()).collect();
    assert_eq!(about, [&*good, &*bad]);
    assert!(legacy.spends.iter().all(|spend| serde_json::from_slice::<Value>(&spend.evidence).is_ok()));
    assert_eq!((legacy.kept.len(), legacy.found.tombstones), (2, 2));
}
