use std::collections::BTreeSet;

use serde_json::{Value, json};
use tauri::ipc::InvokeBody;

use crate::fixture::{ALL, Fixture, LOCAL, invoke, manifest, window};

const READ: [&str; 13] = [
    "accounts",
    "status",
    "list_tokens",
    "token_changes",
    "get_token",
    "list_entries",
    "entry_versions",
    "metrics",
    "metrics_history",
    "node_health",
    "cache_stats",
    "devices",
    "subscribe",
];
const WRITE: [&str; 6] = ["put_tokens", "record_spend", "set_entry", "delete_entry", "sync_now", "flush"];
const SPEND: [&str; 1] = ["record_spend"];
const ADMIN: [&str; 13] = [
    "invalidate_cache",
    "reset_metrics",
    "export_metrics",
    "set_node_enabled",
    "check_node",
    "set_device_label",
    "retire_device",
    "wipe",
    "export_backup",
    "audit",
    "rehearse",
    "list_proofs",
    "reject_proof",
];

/// Whether a call reaches the command; what it then says of its empty arguments does not matter.
fn is_allowed(app: &Fixture, command: &str) -> bool {
    match app.invoke(command, json!({})) {
        Ok(_) => true,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains("not found"), "{command}: {text}");
            !text.contains("not allowed") && !text.contains("explicitly denied")
        }
    }
}

fn allowed(permissions: &[&str]) -> BTreeSet<String> {
    let app = Fixture::closed(permissions, Value::Null);
    let all = READ.iter().chain(&WRITE).chain(&ADMIN);
    all.filter(|command| is_allowed(&app, command)).map(|command| (*command).to_owned()).collect()
}

fn set(commands: &[&str]) -> BTreeSet<String> {
    commands.iter().map(|command| (*command).to_owned()).collect()
}

#[test]
fn each_set_allows_its_commands_and_no_other() {
    assert_eq!(allowed(&["wallet-sync:default"]), set(&READ));
    assert_eq!(allowed(&["wallet-sync:write"]), set(&WRITE));
    assert_eq!(allowed(&["wallet-sync:spend"]), set(&SPEND));
    assert_eq!(allowed(&["wallet-sync:admin"]), set(&ADMIN));
    assert_eq!(allowed(&[]), set(&[]));
    assert_eq!(allowed(&["wallet-sync:allow-status"]), set(&["status"]));
}

#[test]
fn a_denied_command_stays_denied_in_an_allowed_set() {
    let commands = allowed(&["wallet-sync:default", "wallet-sync:deny-get-token"]);
    assert!(!commands.contains("get_token") && commands.contains("status"));
}

#[test]
fn another_window_has_nothing() {
    let app = Fixture::new(&ALL, Value::Null);
    let other = window(&app.app, "other");
    for command in READ.iter().chain(&WRITE).chain(&ADMIN) {
        let error = invoke(&other, LOCAL, command, InvokeBody::Json(json!({}))).unwrap_err();
        assert!(error.as_str().unwrap().contains("not allowed"), "{command}: {error}");
    }
}

#[test]
fn a_remote_origin_has_nothing_even_in_an_allowed_window() {
    let app = Fixture::new(&ALL, Value::Null);
    for command in READ.iter().chain(&WRITE).chain(&ADMIN) {
        let error =
            invoke(&app.window, "https://example.org/", command, InvokeBody::Json(json!({}))).unwrap_err();
        assert!(error.as_str().unwrap().contains("not allowed"), "{command}: {error}");
    }
}

#[test]
fn permissions_commands_and_bindings_name_the_same_things() {
    let known = set(&[&READ[..], &WRITE[..], &ADMIN[..]].concat());
    let manifest = manifest();
    let permitted: BTreeSet<String> = manifest
        .permissions
        .values()
        .flat_map(|permission| permission.commands.allow.iter().cloned())
        .collect();
    assert_eq!(permitted, known);
    let in_sets: BTreeSet<String> = manifest
        .permission_sets
        .values()
        .chain(&manifest.default_permission)
        .flat_map(|set| set.permissions.iter())
        .flat_map(|permission| manifest.permissions[permission.as_str()].commands.allow.iter().cloned())
        .collect();
    assert_eq!(in_sets, known);
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/guest-js");
    let files = std::fs::read_dir(package).unwrap().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "ts"));
    let sources: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let called: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| source.split("plugin:wallet-sync|").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect())
        .collect();
    assert_eq!(called, known);
}
