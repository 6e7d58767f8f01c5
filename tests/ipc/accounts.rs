use serde_json::{Value, json};
use tauri_plugin_wallet_sync::{Builder, Code, Config};

use crate::fixture::{ALL, Fixture, build, secret, wait};

#[test]
fn accounts_are_apart_and_named_by_every_call() {
    let app = Fixture::new(&ALL, Value::Null);
    app.open("b", 2);
    app.put("a", &[("t1", b"one")]).unwrap();
    let names: Vec<_> =
        app.ok("accounts", json!({})).as_array().unwrap().iter().map(|one| one["account"].clone()).collect();
    assert_eq!(names, ["a", "b"]);
    let total = |account: &str| app.ok("status", json!({"account": account}))["tokens"]["total"].clone();
    assert_eq!((total("a"), total("b")), (json!(1), json!(0)));
    assert_eq!(app.code("status", json!({"account": "c"})), "closed");
}

#[test]
fn an_account_is_opened_once_closed_and_opened_again() {
    let app = Fixture::new(&ALL, Value::Null);
    let open = |id: &str, number: u8| wait(app.wallets().open_account(id, secret(number))).map(|_| ());
    assert_eq!(open("a", 1).unwrap_err().code(), Code::Conflict);
    assert_eq!(open("../a", 1).unwrap_err().code(), Code::BadRequest);
    app.put("a", &[("t1", b"one")]).unwrap();
    wait(app.wallets().close_account("a")).unwrap();
    assert_eq!(app.code("status", json!({"account": "a"})), "closed");
    assert_eq!(wait(app.wallets().close_account("a")).unwrap_err().code(), Code::Closed);
    assert!(app.wallets().engine("a").is_none());
    assert_eq!(open("a", 2).unwrap_err().code(), Code::WrongWallet);
    open("a", 1).unwrap();
    assert_eq!(app.ok("status", json!({"account": "a"}))["tokens"]["total"], 1);
}

#[test]
fn a_wipe_needs_the_name_again_and_refuses_while_something_is_not_verified() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one")]).unwrap();
    let wipe = |confirm: &str, force: bool| json!({"account": "a", "confirm": confirm, "force": force});
    assert_eq!(app.code("wipe", wipe("b", true)), "bad_request");
    assert_eq!(app.code("wipe", wipe("a", false)), "pending_changes");
    assert_eq!(app.ok("status", json!({"account": "a"}))["tokens"]["total"], 1, "nothing was changed");
    assert_eq!(app.ok("wipe", wipe("a", true)), json!({"account": "a", "removed": false}));
    assert_eq!(app.code("status", json!({"account": "a"})), "closed");
    let aside = app.dir.path().join("dev.example.test");
    let kept: Vec<_> = walk(app.dir.path()).into_iter().filter(|path| path.contains("set-aside")).collect();
    assert!(!kept.is_empty(), "{aside:?}");
    app.open("a", 1);
    assert_eq!(app.ok("status", json!({"account": "a"}))["tokens"]["total"], 0);
}

#[test]
fn an_account_in_which_nothing_was_written_is_wiped_at_once() {
    let app = Fixture::new(&ALL, Value::Null);
    let body = json!({"account": "a", "confirm": "a", "force": false});
    assert_eq!(app.ok("wipe", body)["removed"], true);
    assert!(!walk(app.dir.path()).iter().any(|path| path.contains("account-a")));
}

#[test]
fn settings_are_honoured_checked_and_unknown_keys_refused() {
    let nodes = json!([{"id": "n1", "gateway": "http://127.0.0.1:9"}]);
    let app = Fixture::new(&ALL, json!({"nodes": nodes, "timeouts": {"sync": 500}}));
    let health = app.ok("node_health", json!({"account": "a"}));
    assert_eq!((&health[0]["id"], &health[0]["writable"]), (&json!("n1"), &json!(false)));
    let refused =
        |config: Value| build(&ALL, config, Builder::new()).app.map(|_| ()).unwrap_err().to_string();
    assert!(refused(json!({"nodse": []})).contains("nodse"));
    assert!(refused(json!({"timeouts": {"sync": 1}})).contains("timeouts.sync"));
}

#[test]
fn settings_from_rust_take_the_place_of_the_configuration() {
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(r#"[{"id": "mine", "gateway": "http://127.0.0.1:9"}]"#).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plugin = Builder::new().config(config).data_folder(folder.path());
    let built = build(&ALL, json!({"nodes": []}), plugin);
    let app = built.app.unwrap();
    let wallets = tauri_plugin_wallet_sync::WalletSyncExt::wallet_sync(&app);
    let engine = wait(wallets.open_account("A", secret(1))).unwrap();
    assert_eq!(engine.node_health()[0].id, "mine");
    assert!(folder.path().join("accounts/account-~41").is_dir());
}

/// Every file below a folder, as text.
pub fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path.to_string_lossy().into_owned())
        }
    }
    found
}
