//! An app on the mock runtime. The only place that knows Tauri's unstable test API.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tauri::http::HeaderMap;
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody, RuntimeAuthority};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets};
use tauri::utils::acl::capability::Capability;
use tauri::utils::acl::manifest::{Manifest, PermissionFile};
use tauri::utils::acl::resolved::Resolved;
use tauri::utils::config::AppDirectoriesOverride;
use tauri::utils::platform::Target;
use tauri::webview::InvokeRequest;
use tauri::{WebviewWindow, WebviewWindowBuilder};
use tauri_plugin_wallet_sync::{Builder, Engine, PLUGIN_NAME, Secret, WalletSync, WalletSyncExt};
use tempfile::TempDir;

/// Everything: read, write, spend, admin.
pub const ALL: [&str; 4] =
    ["wallet-sync:default", "wallet-sync:write", "wallet-sync:spend", "wallet-sync:admin"];

/// Longer than anything here takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const LOCAL: &str = if cfg!(windows) { "http://tauri.localhost" } else { "tauri://localhost" };

pub type Answer = Result<Value, Value>;

pub struct Fixture {
    pub app: tauri::App<MockRuntime>,
    pub window: WebviewWindow<MockRuntime>,
    /// Channel id and message, as they were sent.
    sent: mpsc::Receiver<(u32, usize, Value)>,
    /// Those that nobody asked for yet.
    kept: RefCell<VecDeque<(u32, usize, Value)>>,
    pub dir: TempDir,
}

/// Every permission file, as the build of an app collects them.
pub fn manifest() -> Manifest {
    fn collect(dir: &Path, out: &mut Vec<PermissionFile>) {
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                out.push(toml::from_str(&std::fs::read_to_string(&path).expect("text")).expect("valid"));
            }
        }
    }
    let mut files = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/permissions")), &mut files);
    Manifest::new(files, None)
}

/// An app as it is built, with what its channels send.
pub struct Built {
    pub app: tauri::Result<tauri::App<MockRuntime>>,
    pub sent: mpsc::Receiver<(u32, usize, Value)>,
    pub dir: TempDir,
}

pub fn build(permissions: &[&str], config: Value, plugin: Builder) -> Built {
    let dir = tempfile::tempdir().expect("a folder");
    let acl = BTreeMap::from([(PLUGIN_NAME.to_owned(), manifest())]);
    let capability = json!({"identifier": "main", "windows": ["main", "second"], "permissions": permissions});
    let capability: Capability = serde_json::from_value(capability).expect("a capability");
    let capabilities = BTreeMap::from([("main".to_owned(), capability)]);
    let resolved = Resolved::resolve(&acl, capabilities, Target::current()).expect("resolves");
    let mut context = mock_context(noop_assets());
    context.config_mut().identifier = "dev.example.test".into();
    context.config_mut().app.app_directories_override =
        Some(AppDirectoriesOverride::Root(dir.path().to_owned()));
    if !config.is_null() {
        context.config_mut().plugins.0.insert(PLUGIN_NAME.into(), config);
    }
    *context.runtime_authority_mut() = RuntimeAuthority::new(acl, resolved);
    let (sink, sent) = mpsc::channel();
    let app = mock_builder()
        // What ends the process of a test ends all of them.
        .plugin(plugin.leave_signals().build())
        .channel_interceptor(move |_webview, id, index, body| {
            let body = match body {
                InvokeResponseBody::Json(text) => serde_json::from_str(text).expect("json"),
                InvokeResponseBody::Raw(bytes) => json!(bytes),
            };
            let _ = sink.send((id.0, index, body));
            true
        })
        .build(context);
    Built { app, sent, dir }
}

pub fn window(app: &tauri::App<MockRuntime>, label: &str) -> WebviewWindow<MockRuntime> {
    WebviewWindowBuilder::new(app, label, Default::default()).build().expect("a window")
}

pub fn invoke(window: &WebviewWindow<MockRuntime>, url: &str, cmd: &str, body: InvokeBody) -> Answer {
    invoke_as(window, url, cmd, body, HeaderMap::new())
}

fn invoke_as(
    window: &WebviewWindow<MockRuntime>,
    url: &str,
    cmd: &str,
    body: InvokeBody,
    headers: HeaderMap,
) -> Answer {
    let request = InvokeRequest {
        cmd: format!("plugin:{PLUGIN_NAME}|{cmd}"),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: url.parse().expect("a URL"),
        body,
        headers,
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| match body {
        InvokeResponseBody::Json(text) => serde_json::from_str(&text).expect("json"),
        InvokeResponseBody::Raw(bytes) => json!(bytes),
    })
}

/// A secret of a test's own.
pub fn secret(number: u8) -> Secret {
    Secret::new([number; 32])
}

impl Fixture {
    /// An app with one window, `main`, and these permissions; no account is open.
    pub fn closed(permissions: &[&str], config: Value) -> Self {
        Self::with(permissions, config, Builder::new())
    }

    /// The same of a plugin that the app made.
    pub fn with(permissions: &[&str], config: Value, plugin: Builder) -> Self {
        let built = build(permissions, config, plugin);
        let app = built.app.expect("an app");
        let window = window(&app, "main");
        Self { app, window, sent: built.sent, kept: RefCell::default(), dir: built.dir }
    }

    /// The same with account `a` open.
    pub fn new(permissions: &[&str], config: Value) -> Self {
        let fixture = Self::closed(permissions, config);
        fixture.open("a", 1);
        fixture
    }

    pub fn open(&self, id: &str, number: u8) -> Engine {
        tauri::async_runtime::block_on(self.wallets().open_account(id, secret(number))).expect("opens")
    }

    pub fn wallets(&self) -> &WalletSync {
        self.app.wallet_sync()
    }

    pub fn invoke(&self, cmd: &str, body: Value) -> Answer {
        invoke(&self.window, LOCAL, cmd, InvokeBody::Json(body))
    }

    /// A call with the id that its page drew.
    pub fn call(&self, id: &str, cmd: &str, body: InvokeBody) -> Answer {
        let headers = HeaderMap::from_iter([("wallet-sync-call".parse().unwrap(), id.parse().unwrap())]);
        invoke_as(&self.window, LOCAL, cmd, body, headers)
    }

    pub fn ok(&self, cmd: &str, body: Value) -> Value {
        self.invoke(cmd, body).unwrap_or_else(|error| panic!("{cmd}: {error}"))
    }

    /// The code of a refused call.
    pub fn code(&self, cmd: &str, body: Value) -> String {
        let error = self.invoke(cmd, body).expect_err(cmd);
        error["code"].as_str().unwrap_or_else(|| panic!("{cmd}: {error}")).to_owned()
    }

    /// Puts token states with the given payloads.
    pub fn put(&self, account: &str, tokens: &[(&str, &[u8])]) -> Answer {
        invoke(&self.window, LOCAL, "put_tokens", InvokeBody::Raw(put_body(account, tokens)))
    }

    /// The next message of a channel.
    pub fn message(&self, channel: u32) -> (usize, Value) {
        let mut kept = self.kept.borrow_mut();
        let at = loop {
            if let Some(at) = kept.iter().position(|(id, ..)| *id == channel) {
                break at;
            }
            kept.push_back(self.sent.recv_timeout(PATIENCE).expect("a message"));
        };
        let (_, index, body) = kept.remove(at).expect("is there");
        (index, body)
    }

    /// The next event of a kind that a channel brings.
    pub fn event(&self, channel: u32, kind: &str) -> Value {
        loop {
            let (_, events) = self.message(channel);
            let found = events.as_array().unwrap().iter().find(|event| event["event"] == kind).cloned();
            if let Some(event) = found {
                return event;
            }
        }
    }

    pub fn subscribe(&self, account: &str, channel: u32) -> Value {
        self.ok("subscribe", json!({"account": account, "onEvents": format!("__CHANNEL__:{channel}")}))
    }
}

/// Runs something on Tauri's own runtime.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tauri::async_runtime::block_on(work)
}

/// Token states with the given payloads, as they go over IPC.
pub fn put_body(account: &str, tokens: &[(&str, &[u8])]) -> Vec<u8> {
    let rows = tokens.iter().map(|(id, payload)| {
            json!({"tokenId": id, "stateHash": "s", "previous": null, "summary": format!("about {id}"), "size": payload.len()})
        });
    let head = json!({"account": account, "tokens": rows.collect::<Vec<_>>()}).to_string();
    let mut body = u32::try_from(head.len()).unwrap().to_be_bytes().to_vec();
    body.extend(head.as_bytes());
    tokens.iter().for_each(|(_, payload)| body.extend(*payload));
    body
}
