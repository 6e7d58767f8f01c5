//! What the README has a beginner write is enough for a page to keep and show a token.

use serde_json::{Value, json};
use tauri::ipc::InvokeBody;
use tauri_plugin_wallet_sync::{Builder, WalletSyncExt};

use crate::fixture::{LOCAL, build, invoke, put_body, secret, wait, window};

/// The JSON samples under "Install".
fn samples() -> Vec<Value> {
    let (_, install) = include_str!("../../README.md").split_once("\n## Install\n").unwrap();
    let (install, _) = install.split_once("\n## ").unwrap();
    install
        .split("\n```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split_once("\n```").unwrap().0).unwrap())
        .collect()
}

#[test]
fn the_settings_and_permissions_of_the_install_section_let_a_page_show_its_tokens() {
    let [settings, capability] = <[Value; 2]>::try_from(samples()).unwrap();
    let permissions: Vec<String> = serde_json::from_value(capability["permissions"].clone()).unwrap();
    let ours: Vec<&str> =
        permissions.iter().map(String::as_str).filter(|name| name.starts_with("wallet-sync:")).collect();
    let built = build(&ours, settings["plugins"]["wallet-sync"].clone(), Builder::new());
    let app = built.app.expect("the settings are those of the plugin");
    wait(app.wallet_sync().open_account("main", secret(1))).unwrap();
    let page = window(&app, capability["windows"][0].as_str().unwrap());
    let call = |command: &str, body: Value| invoke(&page, LOCAL, command, InvokeBody::Json(body)).unwrap();
    // In the order of the page's sample.
    call("subscribe", json!({"account": "main", "onEvents": "__CHANNEL__:5", "listener": "page"}));
    invoke(&page, LOCAL, "put_tokens", InvokeBody::Raw(put_body("main", &[("coin-1", b"bytes")]))).unwrap();
    let listed = call("list_tokens", json!({"account": "main", "page": {}}));
    assert_eq!(listed["tokens"][0]["tokenId"], "coin-1");
    assert_eq!(
        call("node_health", json!({"account": "main"}))[0]["id"],
        settings["plugins"]["wallet-sync"]["nodes"][0]["id"]
    );
}
