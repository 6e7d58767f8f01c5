//! While a large account is being opened windows see how it was closed, and nothing that is not so.

use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tauri_plugin_wallet_sync::engine::{Mode, NewToken, OpenOptions};
use tauri_plugin_wallet_sync::{Code, Config, Engine, Error, limits};

use crate::accounts::walk;
use crate::fixture::{ALL, Fixture, secret, wait};

/// An app with a large account `a`, closed.
fn large() -> Fixture {
    let app = Fixture::new(&ALL, Value::Null);
    let token = |n| NewToken {
        token_id: format!("token-{n:06}"),
        state_hash: "s".into(),
        previous: None,
        summary: None,
        payload: Bytes::from_static(b"payload"),
    };
    let engine = app.wallets().engine("a").unwrap();
    wait(engine.put((0..limits::LOOK_STATES).map(token).collect())).unwrap();
    wait(app.wallets().close_account("a")).unwrap();
    app
}

type Opening<'a> = Pin<Box<dyn Future<Output = Result<Engine, Error>> + 'a>>;

/// Opens it as far as windows see something; not further until the rest is waited for.
fn begun(app: &Fixture) -> (Opening<'_>, Value) {
    let mut opening: Opening<'_> = Box::pin(app.wallets().open_account("a", secret(1)));
    loop {
        let is_done = wait(poll_fn(|cx| Poll::Ready(opening.as_mut().poll(cx).is_ready())));
        assert!(!is_done, "nothing was shown");
        if let Ok(status) = app.invoke("status", json!({"account": "a"})) {
            return (opening, status);
        }
        std::thread::yield_now();
    }
}

fn list(app: &Fixture, page: Value) -> Value {
    app.ok("list_tokens", json!({"account": "a", "page": page}))
}

#[test]
fn status_and_first_pages_are_there_before_the_account_is_open() {
    let app = large();
    app.subscribe("a", 7);
    let (opening, status) = begun(&app);
    assert_eq!(app.event(7, "opening")["account"], "a");
    assert_eq!((&status["opening"], &status["tokens"]["total"]), (&json!(0), &json!(limits::LOOK_STATES)));
    let half = limits::LOOK_ROWS / 2;
    let first = list(&app, json!({"limit": half}));
    let second = list(&app, json!({"limit": half, "after": first["next"]}));
    let rest = json!({"account": "a", "page": {"limit": half, "after": second["next"]}});
    assert_eq!(app.code("list_tokens", rest.clone()), "closed");
    assert_eq!(
        app.code("get_token", json!({"account": "a", "tokenId": "token-000000", "stateHash": "s"})),
        "closed"
    );
    assert_eq!(app.put("a", &[("t1", b"one")]).unwrap_err()["code"], "closed");
    assert_eq!(app.ok("accounts", json!({})), json!([]));

    wait(opening).unwrap();
    let opened = app.event(7, "opened")["opening"].clone();
    assert_eq!(app.ok("status", json!({"account": "a"}))["opening"], opened);
    let rows = |page: &Value| page["tokens"].as_array().unwrap().clone();
    assert_eq!(rows(&list(&app, json!({"limit": half}))), rows(&first));
    assert_eq!(rows(&list(&app, json!({"limit": half, "after": first["next"]}))), rows(&second));
    assert_eq!(rows(&app.ok("list_tokens", rest)).len(), half);
}

#[test]
fn an_account_that_does_not_open_shows_nothing_any_more() {
    let app = large();
    app.subscribe("a", 7);
    let files = walk(app.dir.path()).into_iter().filter(|path| path.contains("account-a"));
    let dir = Path::new(&files.min().unwrap()).parent().unwrap().to_owned();
    let options = OpenOptions { dir, config: Config::default(), mode: Mode::Own };
    let owner = wait(Engine::open(&secret(1), options)).unwrap();
    let (opening, _) = begun(&app);
    assert_eq!(wait(opening).unwrap_err().code(), Code::Locked);
    assert_eq!(app.event(7, "closed")["account"], "a");
    assert_eq!(app.code("status", json!({"account": "a"})), "closed");
    wait(owner.close(Duration::from_secs(5))).unwrap();

    drop(begun(&app));
    assert_eq!(app.event(7, "closed")["account"], "a");
    assert_eq!(app.code("status", json!({"account": "a"})), "closed");
}
