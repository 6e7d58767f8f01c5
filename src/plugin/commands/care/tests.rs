// The lint does not see through the features.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponse};
use tauri::test::{INVOKE_KEY, MockRuntime, mock_builder, mock_context, noop_assets};
use tauri::webview::InvokeRequest;
use tauri::{Manager, Webview, WebviewWindow, WebviewWindowBuilder, generate_handler};

use super::*;
use crate::engine::NewToken;
use crate::plugin::WalletSync;
use crate::{Config, Secret};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins a call; its answer comes here.
fn begin(window: &WebviewWindow<MockRuntime>, cmd: &str, options: Value) -> Receiver<Result<(), Value>> {
    let (told, answer) = mpsc::channel();
    let body = json!({"account": "a", "options": options, "onProgress": "__CHANNEL__:1"});
    let url = if cfg!(windows) { "http://tauri.localhost" } else { "tauri://localhost" };
    let request = InvokeRequest {
        cmd: cmd.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: url.parse().expect("a URL"),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let webview: Webview<MockRuntime> = window.as_ref().clone();
    webview.on_message(
        request,
        Box::new(move |_, _, response, _, _| {
            let _ = told.send(match response {
                InvokeResponse::Ok(_) => Ok(()),
                InvokeResponse::Err(error) => Err(error.0),
            });
        }),
    );
    answer
}

fn code(answer: &Receiver<Result<(), Value>>) -> Value {
    answer
        .recv_timeout(PATIENCE)
        .expect("an answer")
        .expect_err("a failure")
        .get("code")
        .cloned()
        .unwrap_or_default()
}

/// On a node that takes connections and never answers.
fn turn_comes_back(cmd: &str, options: &Value) {
    let node = TcpListener::bind("127.0.0.1:0").unwrap();
    let nodes = json!([{"id": "n1", "api": format!("http://{}", node.local_addr().unwrap())}]);
    let config = json!({"nodes": nodes, "timeouts": {"http": 60_000, "sync": 60_000}});
    let config: Config = serde_json::from_value(config).unwrap();
    let app =
        mock_builder().invoke_handler(generate_handler![audit, rehearse]).build(mock_context(noop_assets()));
    let app = app.expect("builds");
    let folder = tempfile::tempdir().unwrap();
    let wallets = Arc::new(WalletSync::new(config, folder.path().to_owned(), None, None));
    app.manage(wallets.clone());
    let window = WebviewWindowBuilder::new(&app, "main", Default::default()).build().expect("a window");
    tauri::async_runtime::block_on(async {
        let engine = wallets.open_account("a", Secret::new([1; 32])).await.unwrap();
        let (token_id, state_hash) = ("t".to_owned(), "s".to_owned());
        let token = NewToken { token_id, state_hash, previous: None, summary: None, payload: "x".into() };
        engine.put(vec![token]).await.unwrap();
    });
    let open = wallets.enter("main", CallClass::Read, "a").unwrap();
    let first = begin(&window, cmd, options.clone());
    while open.audits.available_permits() > 0 {
        assert!(first.try_recv().is_err(), "it ended by itself");
        std::thread::yield_now();
    }
    assert_eq!(code(&begin(&window, cmd, options.clone())), "rate_limited");
    wallets.forget_page("main");
    assert_eq!(code(&first), "closed");
    assert_eq!(open.audits.available_permits(), 1);
    tauri::async_runtime::block_on(wallets.close_account("a")).unwrap();
}

#[test]
fn a_rehearsal_gives_its_turn_back_when_its_page_is_gone() {
    turn_comes_back("rehearse", &Value::Null);
}

#[test]
fn an_audit_gives_its_turn_back_when_its_page_is_gone() {
    // What is not published yet is published first.
    turn_comes_back("audit", &json!({"repair": true}));
}
