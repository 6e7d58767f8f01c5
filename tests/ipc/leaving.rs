use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tauri::test::MockRuntime;
use tauri::{App, Manager, RunEvent, WebviewWindow};
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::NewToken;
use tauri_plugin_wallet_sync::{Builder, Engine, WalletSyncExt, limits};

use crate::fixture::{ALL, PATIENCE, build, secret, wait, window};

/// An app with one window, and account `a` with a change that a node which never answers keeps from being published.
struct Hung {
    _node: TcpListener,
    config: Value,
}

impl Hung {
    fn new() -> Self {
        // Accepts connections and never answers.
        let node = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = format!("http://{}", node.local_addr().unwrap());
        let nodes = json!([{"id": "n1", "api": api}]);
        let config = json!({"nodes": nodes, "timeouts": {"http": 60_000, "sync": 60_000}});
        Self { _node: node, config }
    }

    fn app(&self, folder: &std::path::Path) -> (App<MockRuntime>, WebviewWindow<MockRuntime>, Engine) {
        let built = build(&ALL, self.config.clone(), Builder::new().data_folder(folder));
        let app = built.app.unwrap();
        let main = window(&app, "main");
        let engine = wait(app.wallet_sync().open_account("a", secret(1))).unwrap();
        let token = NewToken {
            token_id: "t1".into(),
            state_hash: "s".into(),
            previous: None,
            summary: None,
            payload: "one".into(),
        };
        wait(engine.put(vec![token])).unwrap();
        (app, main, engine)
    }
}

fn is_whole_and_free(folder: &std::path::Path) {
    let again = build(&ALL, Value::Null, Builder::new().data_folder(folder));
    let app = again.app.unwrap();
    let engine = wait(app.wallet_sync().open_account("a", secret(1))).expect("the folder is free");
    assert_eq!((engine.status().tokens.total, engine.status().pending), (1, 1));
}

#[test]
fn leaving_in_the_middle_of_a_publish_waits_five_seconds_and_keeps_the_rest_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let (told, done) = mpsc::channel();
    std::thread::spawn(move || {
        let (app, main, _) = Hung::new().app(&at);
        let started = monotonic();
        app.run(move |app, event| match event {
            RunEvent::Ready => main.destroy().unwrap(),
            RunEvent::ExitRequested { code, .. } => assert_eq!(code, None),
            RunEvent::Exit => told.send((app.wallet_sync().accounts(), started.elapsed())).unwrap(),
            _ => {}
        });
    });
    let (open, took) = done.recv_timeout(PATIENCE).expect("the app did not leave");
    assert!(open.is_empty(), "{open:?}");
    // The mock runtime looks once a second.
    assert!(took <= limits::EXIT_DRAIN + Duration::from_secs(3), "{took:?}");
    is_whole_and_free(folder.path());
}

#[test]
fn an_app_that_stays_without_a_window_keeps_its_accounts_and_drains_when_it_leaves_later() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let (told, done) = mpsc::channel();
    std::thread::spawn(move || {
        let (app, main, engine) = Hung::new().app(&at);
        let mut main = Some(main);
        let mut requests = 0;
        app.run(move |app, event| match event {
            RunEvent::Ready => main.take().unwrap().destroy().unwrap(),
            RunEvent::ExitRequested { api, .. } => {
                requests += 1;
                // It goes to the tray once; from there it is opened again, and closed for good.
                if requests == 1 {
                    api.prevent_exit();
                }
            }
            RunEvent::MainEventsCleared if requests == 1 && main.is_none() => {
                assert_eq!(app.wallet_sync().accounts(), ["a"], "it is open behind the tray");
                wait(engine.set("label", "x".into())).unwrap();
                let again = tauri::WebviewWindowBuilder::new(app, "second", Default::default());
                let again = again.build().unwrap();
                again.destroy().unwrap();
                main = Some(again);
            }
            RunEvent::Exit => told.send((app.wallet_sync().accounts(), requests)).unwrap(),
            _ => {}
        });
    });
    let (open, requests) = done.recv_timeout(PATIENCE).expect("the app did not leave");
    assert_eq!((open, requests), (Vec::new(), 2));
}

#[test]
fn a_restart_on_the_main_thread_sends_no_event_and_puts_everything_in_order_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (app, main, _) = Hung::new().app(folder.path());
    // What `AppHandle::restart` does there before it replaces the process.
    app.handle().cleanup_before_exit();
    assert!(app.wallet_sync().accounts().is_empty());
    drop(main);
    is_whole_and_free(folder.path());
}

#[test]
fn a_page_that_closes_resources_by_number_closes_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _main, _) = Hung::new().app(folder.path());
    let numbers: Vec<_> = app.resources_table().names().map(|(number, _)| number).collect();
    assert!(!numbers.is_empty());
    for number in numbers {
        app.resources_table().close(number).unwrap();
    }
    assert_eq!(app.wallet_sync().accounts(), ["a"]);
}
