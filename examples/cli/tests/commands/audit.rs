//! `audit`: a line for each node, exit 4 until enough machines hold everything, and the rehearsal of a restore.

use dev_nodes::Fault;
use serde_json::{Value, json};

use crate::support::embedded::Nodes;
use crate::support::{Outcome, Wallet, run_with};

const PAYLOAD: &str = r#"{"tokenId":"a","stateHash":"s0","data":"something"}"#;

fn run(wallet: &Wallet, arguments: &[&str]) -> Outcome {
    run_with(wallet.command().env("WALLETSYNC_NODES", wallet.path("nodes.json")).args(arguments), b"")
}

/// A wallet on five nodes that all hold it.
fn verified() -> (Nodes, Wallet) {
    let (nodes, wallet) = (Nodes::start(), Wallet::new());
    wallet.file("nodes.json", nodes.nodes_json());
    let tokens = wallet.file("tokens", PAYLOAD);
    run(&wallet, &["init"]).done();
    run(&wallet, &["put", tokens.as_str()]).done();
    run(&wallet, &["sync", "--wait", "verified"]).done();
    // Those that are behind are brought along.
    for _ in 0..20 {
        if run(&wallet, &["sync", "--fresh", "--wait", "verified"]).done()["verifiedNodes"] == 5 {
            return (nodes, wallet);
        }
    }
    panic!("not on all nodes");
}

/// The lines of the nodes, and the failure behind them.
fn refused(told: &Outcome) -> Vec<Value> {
    assert_eq!(told.exit, Some(4), "{told:?}");
    let mut lines = told.lines();
    let last = lines.pop().unwrap();
    assert_eq!((&last["ok"], &last["code"]), (&json!(false), &json!("invalid")), "{told:?}");
    lines
}

fn passed(told: &Outcome) -> Vec<Value> {
    assert_eq!(told.exit, Some(0), "{told:?}");
    told.lines()
}

#[test]
fn each_node_has_its_line_with_every_field_of_the_contract() {
    let (nodes, wallet) = verified();
    for arguments in [&["audit"][..], &["audit", "--all"]] {
        let lines = passed(&run(&wallet, arguments));
        assert_eq!(lines.len(), 5);
        for (at, line) in lines.iter().enumerate() {
            for mark in ["record", "beacon", "pin", "root"] {
                assert_eq!(line[mark], "ok", "{line}");
            }
            let id = nodes.node(at).id();
            assert_eq!(
                (&line["id"], &line["machine"], &line["kubo"]),
                (&json!(id), &json!(id), &json!("0.43.0"))
            );
            let counts = (&line["missing"], &line["damaged"], &line["repaired"], &line["whole"]);
            assert_eq!(counts, (&json!(0), &json!(0), &json!(0), &json!(true)), "{line}");
            // Payload, leaf of the index, leaf of the keep, root, two beacons.
            assert_eq!(line["checked"], 6, "{line}");
        }
    }
}

#[test]
fn damage_is_found_by_an_audit_and_told_by_status_until_it_is_repaired() {
    let (nodes, wallet) = verified();
    for at in 0..4 {
        for (cid, bytes) in nodes.node(at).blocks() {
            let mut other = bytes.to_vec();
            other[0] ^= 1;
            nodes.node(at).damage_block(&cid, other);
        }
    }
    let lines = refused(&run(&wallet, &["audit"]));
    let damaged = |line: &Value| (line["damaged"].clone(), line["root"].clone(), line["repaired"].clone());
    assert_eq!(damaged(&lines[0]), (json!(6), json!("damaged"), json!(0)));
    assert_eq!(damaged(&lines[4]), (json!(0), json!("ok"), json!(0)));
    let status = run(&wallet, &["status"]).done();
    assert_eq!((&status["ack"], &status["verifiedNodes"]), (&json!("published"), &json!(1)));
    let lines = passed(&run(&wallet, &["audit", "--repair"]));
    assert_eq!(damaged(&lines[0]), (json!(6), json!("damaged"), json!(7)), "{lines:?}");
    assert!(lines.iter().all(|line| line["whole"] == true), "{lines:?}");
    let status = run(&wallet, &["status"]).done();
    assert_eq!((&status["ack"], &status["verifiedNodes"]), (&json!("verified"), &json!(5)));
    assert!(passed(&run(&wallet, &["audit", "--all"])).iter().all(|line| line["damaged"] == 0));
}

#[test]
fn nodes_that_are_away_are_named_and_hold_nothing() {
    let (nodes, wallet) = verified();
    nodes.fault(Fault::Refuse, &[0, 1, 2, 3]);
    let lines = refused(&run(&wallet, &["audit"]));
    assert!(lines[0]["record"].is_null() && lines[0]["error"].is_string(), "{lines:?}");
    assert_eq!((&lines[0]["whole"], &lines[4]["whole"]), (&json!(false), &json!(true)));
    nodes.fault(Fault::None, &[0]);
    assert_eq!(passed(&run(&wallet, &["audit"])).len(), 5, "two machines are enough");
}

#[test]
fn what_an_audit_says_is_what_is_known_of_one_machine_and_of_several() {
    let (nodes, wallet) = verified();
    let words = |told: &Outcome| told.lines().pop().unwrap()["message"].as_str().unwrap().to_owned();
    nodes.fault(Fault::Refuse, &[0, 1, 2, 3]);
    let told = words(&run(&wallet, &["audit"]));
    assert_eq!(told, "1 machine is known to hold everything, and 2 have to; 4 nodes did not answer");
    nodes.fault(Fault::Refuse, &[4]);
    let told = words(&run(&wallet, &["audit"]));
    assert_eq!(told, "0 machines are known to hold everything, and 2 have to; 5 nodes did not answer");
}

#[test]
fn a_rehearsal_says_whether_a_restore_would_bring_everything() {
    let (_nodes, wallet) = verified();
    let told = run(&wallet, &["audit", "--rehearse"]).done();
    assert_eq!(
        (&told["whole"], &told["tokens"]["total"], &told["payloads"]),
        (&json!(true), &json!(1), &json!(1))
    );
    let more = wallet.file("more", PAYLOAD.replace(r#""a""#, r#""b""#));
    run(&wallet, &["put", more.as_str()]).done();
    let lines = refused(&run(&wallet, &["audit", "--rehearse"]));
    assert_eq!(
        (&lines[0]["whole"], &lines[0]["missing"]),
        (&json!(false), &json!([["b", "s0"]])),
        "{lines:?}"
    );
    assert_eq!(run(&wallet, &["audit", "--rehearse", "--all"]).exit, Some(2));
}

#[test]
fn where_nothing_was_published_there_is_nothing_to_audit() {
    let (nodes, wallet) = (Nodes::start(), Wallet::new());
    wallet.file("nodes.json", nodes.nodes_json());
    run(&wallet, &["init"]).done();
    let message = run(&wallet, &["audit"]).refused(4, "invalid");
    assert!(message.contains("published"), "{message}");
    let mut command = wallet.command();
    command.env_remove("WALLETSYNC_NODES").arg("audit");
    assert!(run_with(&mut command, b"").refused(2, "bad_request").contains("nodes"));
}
