//! `export_backup`: a window asks for a file, the app's Rust side decides where it goes.

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::{Builder, Engine};

use crate::fixture::{ALL, Fixture, build, secret, wait};

#[test]
fn a_window_gets_a_file_in_the_apps_folder_and_its_name_alone() {
    let app = Fixture::new(&ALL, Value::Null);
    app.put("a", &[("t1", b"one"), ("t2", b"two")]).unwrap();
    let call = json!({"account": "a", "onProgress": "__CHANNEL__:9"});
    let report = app.ok("export_backup", call.clone());
    assert_eq!((&report["tokens"], &report["missing"]), (&json!(2), &json!(0)));
    let name = report["file"].as_str().unwrap();
    assert!(name.starts_with("account-a.") && !name.contains(['/', '\\']), "{name}");
    let (_, progress) = app.message(9);
    assert!(progress["done"].as_u64().unwrap() <= progress["total"].as_u64().unwrap());
    let path = app.wallets().backup_folder().join(name);
    let checked = wait(Engine::verify_backup(&path, Some((&secret(1), None)), |_| ())).unwrap();
    assert_eq!((checked.tokens, checked.bytes), (Some(2), report["bytes"].as_u64().unwrap()));
    // A second one does not replace the first.
    let second = app.ok("export_backup", call);
    assert_ne!(second["file"], report["file"]);
    // To bring it back is Rust's.
    let other = app.open("b", 1);
    let report = wait(other.import_backup(&path, |_| ())).unwrap();
    assert_eq!(report.added, 2);
}

#[test]
fn the_app_chooses_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let built = build(&ALL, Value::Null, Builder::new().backup_folder(folder.path().join("safe")));
    let app = built.app.unwrap();
    let wallets = tauri_plugin_wallet_sync::WalletSyncExt::wallet_sync(&app);
    assert_eq!(wallets.backup_folder(), folder.path().join("safe"));
}
