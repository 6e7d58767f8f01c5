//! A large account shows its state before all of it was read, and shows nothing that is not so.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::engine::{FirstLook, Mode, NewToken, OpenOptions, SpendKind, TokenRow};
use tauri_plugin_wallet_sync::{Code, Config, Engine, Secret, limits};

fn options(dir: &Path, mode: Mode) -> OpenOptions {
    OpenOptions { dir: dir.to_owned(), config: Config::default(), mode }
}

async fn open(dir: &Path) -> Engine {
    Engine::open(&Secret::new([7; 32]), options(dir, Mode::Own)).await.unwrap()
}

async fn close(engine: Engine) {
    engine.close(Duration::from_secs(5)).await.unwrap();
}

async fn look(dir: &Path) -> Option<FirstLook> {
    Engine::first_look(&Secret::new([7; 32]), &options(dir, Mode::ReadAlong)).await.unwrap()
}

fn tokens(from: usize, to: usize) -> Vec<NewToken> {
    let token = |n| NewToken {
        token_id: format!("token-{n:06}"),
        state_hash: "state".into(),
        previous: (n % 2 == 0).then(|| "before".into()),
        summary: (n % 3 == 0).then(|| format!("{n} \"units\"\u{1f4b0}")),
        payload: Bytes::from(vec![1; n % 50 + 1]),
    };
    (from..to).map(token).collect()
}

/// A wallet that is large enough, open.
async fn large(dir: &Path) -> Engine {
    let engine = open(dir).await;
    engine.put(tokens(0, limits::LOOK_STATES)).await.unwrap();
    engine.spend("token-000001", "state", SpendKind::Intent, Bytes::from_static(b"intent")).await.unwrap();
    engine.spend("token-000002", "state", SpendKind::Proof, Bytes::from_static(b"proof")).await.unwrap();
    engine
}

fn shown(rows: &[TokenRow]) -> String {
    format!("{rows:?}")
}

#[tokio::test]
async fn it_shows_what_the_whole_account_shows() {
    let dir = tempfile::tempdir().unwrap();
    close(large(dir.path()).await).await;
    let early = look(dir.path()).await.unwrap();
    let engine = open(dir.path()).await;
    assert_eq!(serde_json::to_value(&early.status).unwrap(), serde_json::to_value(engine.status()).unwrap());
    assert_eq!(early.status.tokens.total, limits::LOOK_STATES - 1);
    assert_eq!(shown(&early.tokens), shown(&engine.tokens(None, limits::LOOK_ROWS, false)));
    assert!(!early.is_whole);
    close(engine).await;
}

#[tokio::test]
async fn what_was_written_since_is_never_hidden_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = large(dir.path()).await;
    assert!(look(dir.path()).await.is_none(), "beside an owner who has written");
    close(engine).await;
    let engine = open(dir.path()).await;
    assert!(look(dir.path()).await.is_some(), "beside an owner who has not");
    engine.put(tokens(limits::LOOK_STATES, limits::LOOK_STATES + 1)).await.unwrap();
    assert!(look(dir.path()).await.is_none());
    close(engine).await;
    assert_eq!(look(dir.path()).await.unwrap().status.tokens.total, limits::LOOK_STATES);
}

#[tokio::test]
async fn it_is_for_its_own_wallet_and_its_own_nodes() {
    let dir = tempfile::tempdir().unwrap();
    close(large(dir.path()).await).await;
    let other = Engine::first_look(&Secret::new([8; 32]), &options(dir.path(), Mode::ReadAlong)).await;
    assert!(other.unwrap().is_none(), "another secret");
    let mut options = options(dir.path(), Mode::ReadAlong);
    options.config.network = Some("test".into());
    assert!(Engine::first_look(&Secret::new([7; 32]), &options).await.unwrap().is_none(), "another network");
    options.config.network = None;
    options.config.nodes = Config::parse_nodes(r#"[{"id":"n1","api":"http://127.0.0.1:1"}]"#).unwrap();
    assert!(Engine::first_look(&Secret::new([7; 32]), &options).await.unwrap().is_none(), "another node");
}

#[tokio::test]
async fn a_small_account_leaves_none_and_a_missing_one_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let error = Engine::first_look(&Secret::new([7; 32]), &options(dir.path(), Mode::ReadAlong)).await;
    assert_eq!(error.unwrap_err().code(), Code::NotFound);
    let engine = open(dir.path()).await;
    engine.put(tokens(0, 10)).await.unwrap();
    close(engine).await;
    assert!(look(dir.path()).await.is_none());
}

/// Opened by several threads, part by part: the order of what was found must not matter.
#[tokio::test]
async fn a_wallet_that_is_read_by_several_threads_is_the_one_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let engine = large(dir.path()).await;
    let (rows, counts) = (engine.tokens(None, 10_000, true), engine.counts());
    close(engine).await;
    let engine = open(dir.path()).await;
    assert_eq!(engine.take_alerts(), [] as [&str; 0]);
    assert_eq!((shown(&engine.tokens(None, 10_000, true)), engine.counts()), (shown(&rows), counts));
    close(engine).await;
}
