use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::json;
use tauri::RunEvent;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::{Builder, WalletSyncExt, limits};

use crate::fixture::{ALL, PATIENCE, build, secret, wait, window};

/// What ends the mock runtime's loop, which cannot be asked to.
struct Ended;

#[test]
fn leaving_in_the_middle_of_a_publish_waits_five_seconds_and_keeps_the_rest_on_disk() {
    // Accepts connections and never answers.
    let hung = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", hung.local_addr().unwrap());
    let config = json!({"nodes": [{"id": "n1", "api": api}], "timeouts": {"http": 60_000, "sync": 60_000}});
    let folder = tempfile::tempdir().unwrap();
    let (at, asked) = (folder.path().to_owned(), Arc::new(AtomicU32::new(0)));
    let (told, done) = mpsc::channel();
    let count = asked.clone();
    let life = std::thread::spawn(move || {
        let built = build(&ALL, config, Builder::new().data_folder(at));
        let app = built.app.unwrap();
        let main = window(&app, "main");
        let engine = wait(app.wallet_sync().open_account("a", secret(1))).unwrap();
        let token = tauri_plugin_wallet_sync::engine::NewToken {
            token_id: "t1".into(),
            state_hash: "s".into(),
            previous: None,
            summary: None,
            payload: "one".into(),
        };
        wait(engine.put(vec![token])).unwrap();
        let started = monotonic();
        app.run(move |app, event| match event {
            RunEvent::Ready => main.destroy().unwrap(),
            RunEvent::ExitRequested { .. } => {
                count.fetch_add(1, Ordering::SeqCst);
            }
            RunEvent::MainEventsCleared if app.wallet_sync().accounts().is_empty() => {
                // Behind the drain that is under way.
                wait(app.wallet_sync().drain(Duration::ZERO));
                told.send(started.elapsed()).unwrap();
                std::panic::resume_unwind(Box::new(Ended));
            }
            _ => {}
        });
    });
    let took = done.recv_timeout(PATIENCE).expect("the app did not leave");
    assert!(life.join().unwrap_err().is::<Ended>());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The mock runtime looks once a second.
    assert!(took <= limits::EXIT_DRAIN + Duration::from_secs(3), "{took:?}");
    let again = build(&ALL, serde_json::Value::Null, Builder::new().data_folder(folder.path()));
    let app = again.app.unwrap();
    let engine = wait(app.wallet_sync().open_account("a", secret(1))).expect("the folder is free");
    assert_eq!((engine.status().tokens.total, engine.status().pending), (1, 1));
}
