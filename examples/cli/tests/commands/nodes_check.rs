//! `nodes --check`: needs a nodes file and nothing else, and says what to change.

use serde_json::Value;

use crate::support::embedded::Nodes;
use crate::support::{Wallet, run_with};

fn check(wallet: &Wallet, nodes: &Value) -> crate::support::Outcome {
    let file = wallet.file("nodes.json", nodes.to_string());
    let mut command = crate::support::command();
    run_with(command.args(["--json", "--nodes", &file, "nodes", "--check"]), b"")
}

fn rows(nodes: &Nodes) -> Vec<Value> {
    serde_json::from_str(&nodes.nodes_json()).unwrap()
}

#[test]
fn good_nodes_pass_each_check_without_wallet_or_secret() {
    let nodes = Nodes::start_guarded("a-token-of-the-test");
    let wallet = Wallet::new();
    let told = check(&wallet, &Value::Array(rows(&nodes)));
    assert_eq!(told.exit, Some(0), "{told:?}");
    let lines = told.lines();
    assert_eq!(lines.len(), 5 * 9, "{told:?}");
    assert!(lines.iter().all(|line| line["ok"] == true), "{told:?}");
    // These nodes carry no messages, and need not.
    let could_be_better = |line: &&Value| !line["change"].is_null();
    assert!(lines.iter().filter(could_be_better).all(|line| line["ability"] == "push"), "{told:?}");
    assert!(!wallet.path("data").exists(), "no wallet was made");
}

#[test]
fn a_wrong_token_and_a_dead_node_are_named_with_what_to_change() {
    let nodes = Nodes::start_guarded("a-token-of-the-test");
    let wallet = Wallet::new();
    let mut rows = rows(&nodes);
    let (second, third) = (rows[1]["id"].clone(), rows[2]["id"].clone());
    rows[1]["token"] = "another-token-of-the-test".into();
    rows[2]["api"] = "http://127.0.0.1:1".into();
    let told = check(&wallet, &Value::Array(rows));
    assert_eq!(told.exit, Some(4), "{told:?}");
    let lines = told.lines();
    let failed: Vec<&Value> =
        lines.iter().filter(|line| line["id"].is_string() && line["ok"] == false).collect();
    assert_eq!(failed.len(), 2, "{told:?}");
    assert_eq!((&failed[0]["id"], &failed[0]["ability"]), (&second, &"connection".into()));
    assert!(failed[0]["change"].as_str().unwrap().contains("token"), "{told:?}");
    assert_eq!((&failed[1]["id"], &failed[1]["ability"]), (&third, &"connection".into()));
    assert!(!told.stdout.contains("token-of-the-test"), "no secret is repeated");
}
