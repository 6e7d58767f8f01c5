//! A hostile script in a window: what it can do with each permission set, and that what it tries is told.

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::engine::{NewToken, SpendKind};
use tauri_plugin_wallet_sync::{Builder, ProofClaim, Verdict, limits};

use crate::fixture::{ALL, Answer, Fixture, wait, window};

const NO_SPEND: [&str; 2] = ["wallet-sync:default", "wallet-sync:write"];

fn spend(app: &Fixture, token: &str, kind: &str, evidence: &str) -> Answer {
    let evidence = json!({"encoding": "utf8", "value": evidence});
    app.invoke(
        "record_spend",
        json!({"account": "a", "tokenId": token, "stateHash": "s", "kind": kind, "evidence": evidence}),
    )
}

/// A coin that the app itself put.
fn coin(app: &Fixture, id: &str) {
    let token = NewToken {
        token_id: id.to_owned(),
        state_hash: "s".to_owned(),
        previous: None,
        summary: Some("5 \u{202e}EUR\u{1b}[2J".to_owned()),
        payload: b"money".as_slice().into(),
    };
    wait(app.wallets().engine("a").unwrap().put(vec![token])).unwrap();
}

fn shown(app: &Fixture) -> u64 {
    app.ok("status", json!({"account": "a"}))["tokens"]["total"].as_u64().unwrap()
}

fn not_allowed() -> Value {
    json!({"code": "not_allowed", "message": "the window has no permission for this", "retryable": false})
}

#[test]
fn a_window_that_writes_hides_no_coin_and_what_it_tried_is_in_the_alerts() {
    let app = Fixture::new(&NO_SPEND, Value::Null);
    coin(&app, "t1");
    app.subscribe("a", 5);
    for n in 0..20 {
        assert_eq!(spend(&app, "t1", "proof", &n.to_string()).unwrap_err(), not_allowed());
    }
    assert_eq!(shown(&app), 1);
    let alert = app.event(5, "alert");
    assert_eq!(alert["kind"], "window");
    assert_eq!(alert["message"], "window main: recording a spend that it has no permission for was refused");
    spend(&app, "t1", "intent", "begun").unwrap();
    assert_eq!(shown(&app), 1, "suspect, and shown");
}

#[test]
fn the_command_alone_without_a_scope_is_no_right_to_hide_a_coin() {
    let app = Fixture::new(&["wallet-sync:default", "wallet-sync:allow-record-spend"], Value::Null);
    coin(&app, "t1");
    assert_eq!(spend(&app, "t1", "proof", "p").unwrap_err(), not_allowed());
    spend(&app, "t1", "intent", "i").unwrap();
}

#[test]
fn the_set_spend_hides_coins_and_begins_no_spend() {
    let app = Fixture::new(&["wallet-sync:default", "wallet-sync:spend"], Value::Null);
    coin(&app, "t1");
    assert_eq!(spend(&app, "t1", "intent", "i").unwrap_err(), not_allowed());
    spend(&app, "t1", "proof", "p").unwrap();
    assert_eq!(shown(&app), 0);
}

#[test]
fn what_the_app_takes_for_no_proof_hides_nothing() {
    let check = |claim: ProofClaim| async move {
        let payload = claim.engine.payload(&claim.token_id, &claim.state_hash).await.unwrap();
        match claim.evidence.as_ref() {
            b"good" => Verdict::Proven,
            b"asked later" => Verdict::Unknown,
            b"falls over" => panic!("as a defect of the app would"),
            evidence if evidence == payload.as_ref() => Verdict::Proven,
            _ => Verdict::Void,
        }
    };
    let app = Fixture::with(&ALL, Value::Null, Builder::new().verify_proof(check));
    app.open("a", 1);
    coin(&app, "t1");
    coin(&app, "t2");
    app.subscribe("a", 5);
    let refused = |evidence: &str| spend(&app, "t1", "proof", evidence).unwrap_err();
    assert_eq!(refused("garbage")["code"], "proof_void");
    assert_eq!(app.event(5, "alert")["message"], "window main: a proof of spending that is none was refused");
    for evidence in ["asked later", "falls over"] {
        let error = refused(evidence);
        assert_eq!((&error["code"], &error["retryable"]), (&json!("unreachable"), &json!(true)));
    }
    assert_eq!(shown(&app), 2);
    spend(&app, "t1", "intent", "an intent is not asked about").unwrap();
    spend(&app, "t1", "proof", "good").unwrap();
    spend(&app, "t2", "proof", "money").unwrap();
    assert_eq!(shown(&app), 0);
}

#[test]
fn a_proof_that_was_declared_void_brings_the_coin_back() {
    let app = Fixture::new(&ALL, Value::Null);
    coin(&app, "t1");
    spend(&app, "t1", "proof", "false").unwrap();
    let state = json!({"account": "a", "tokenId": "t1", "stateHash": "s"});
    let proofs = app.ok("list_proofs", state.clone());
    let hash = proofs[0]["proof"].as_str().unwrap();
    assert_eq!(proofs[0]["evidence"], json!({"encoding": "utf8", "value": "false"}));
    assert_eq!((&proofs[0]["rejected"], &proofs[0]["size"]), (&json!(false), &json!(5)));
    let reject = |proof: &str| {
        app.invoke("reject_proof", json!({"account": "a", "tokenId": "t1", "stateHash": "s", "proof": proof}))
    };
    for wrong in ["", "zz", hash.split_at(1).1, &"é".repeat(32), &hash.to_uppercase().repeat(2)] {
        assert_eq!(reject(wrong).unwrap_err()["code"], "bad_request", "{wrong}");
    }
    assert_eq!(reject(&"0".repeat(64)).unwrap_err()["code"], "not_found");
    reject(hash).unwrap();
    assert_eq!(shown(&app), 1);
    assert_eq!(app.ok("list_proofs", state)[0]["confirmed"], true);
}

#[test]
fn windows_that_write_all_they_can_leave_the_app_and_other_windows_receiving() {
    let app = Fixture::new(&NO_SPEND, json!({"windows": {"statesPerHour": 100}}));
    app.subscribe("a", 5);
    let names: Vec<String> = (0..100).map(|n| format!("junk{n}")).collect();
    let junk: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    app.put("a", &junk).unwrap();
    let more: Vec<String> = (0..201).map(|n| format!("more{n}")).collect();
    let more: Vec<(&str, &[u8])> = more.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let error = app.put("a", &more).unwrap_err();
    let words = "windows have added as much as they may for now";
    assert_eq!(error, json!({"code": "rate_limited", "message": words, "retryable": true}));
    coin(&app, "received by the app".replace(' ', "-").as_str());
    let other = window(&app.app, "second");
    let body = crate::fixture::put_body("a", &[("received", b"y")]);
    let put = tauri::ipc::InvokeBody::Raw(body);
    assert_eq!(crate::fixture::invoke(&other, crate::fixture::LOCAL, "put_tokens", put).unwrap()["added"], 1);
    let told: Vec<Value> = (0..2).map(|_| app.event(5, "alert")["message"].clone()).collect();
    assert!(told[0].as_str().unwrap().contains("half of the token states"), "{told:?}");
    assert!(told[1].as_str().unwrap().contains("more token states"), "{told:?}");
    // A restart of the account begins no new hour.
    wait(app.wallets().close_account("a")).unwrap();
    app.open("a", 1);
    assert_eq!(app.put("a", &more).unwrap_err()["code"], "rate_limited");
}

#[test]
fn a_script_leaves_the_app_room_for_its_own_intents() {
    let app = Fixture::new(&NO_SPEND, Value::Null);
    coin(&app, "t1");
    for n in 0..limits::WINDOW_INTENTS {
        spend(&app, "t1", "intent", &n.to_string()).unwrap();
    }
    assert_eq!(spend(&app, "t1", "intent", "more").unwrap_err()["code"], "bad_request");
    let engine = app.wallets().engine("a").unwrap();
    wait(engine.spend("t1", "s", SpendKind::Intent, b"of the app".as_slice().into())).unwrap();
}

#[test]
fn a_summary_is_shown_without_what_turns_or_steers() {
    let app = Fixture::new(&ALL, Value::Null);
    coin(&app, "t1");
    let page = app.ok("list_tokens", json!({"account": "a", "page": {}}));
    assert_eq!(page["tokens"][0]["summary"], "5 EUR[2J");
}

#[test]
fn long_pages_are_worth_many_calls_and_short_lists_one() {
    let app = Fixture::new(&ALL, Value::Null);
    coin(&app, "t1");
    let ask = |page: Value| app.invoke("list_tokens", json!({"account": "a", "page": page}));
    // A list of one row is one call, whatever is asked for: none of these is refused.
    for _ in 0..500 {
        ask(json!({"limit": 1_000})).unwrap();
    }
    // With those that are spent a page may be as long as it says.
    let worth = 1 + limits::PAGE_ROWS / limits::ROWS_PER_CALL;
    let (burst, _) = limits::READ_CALLS;
    let refused = (0..=burst * 4 / worth).find_map(|_| ask(json!({"limit": 1_000, "all": true})).err());
    assert_eq!(refused.unwrap()["code"], "rate_limited");
}
