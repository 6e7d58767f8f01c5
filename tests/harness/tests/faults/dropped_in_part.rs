//! A node drops blocks one after the other until its time is over: those that it named are gone.

use serde_json::json;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::node::{Discarded, Node};

use super::canned::{Canned, Then, answer};
use super::front::{call, node};

const OVER: &str = "context deadline exceeded";
const WALK_OVER: &str = "pin check failed: context deadline exceeded";
const UNREAD: &str = "pin check failed: unexpected EOF";

/// What becomes of three blocks where the node says this of them, in Kubo's form.
async fn dropped(said: &[Option<&str>]) -> Result<Discarded, Code> {
    let line = |complaint: &Option<&str>| match complaint {
        None => json!({"Hash": "bafk"}).to_string(),
        Some(complaint) => json!({"Hash": "bafk", "Error": complaint}).to_string(),
    };
    let body: Vec<String> = said.iter().map(line).collect();
    let headers = [("Content-Type", "application/json"), ("Connection", "close")];
    let server = Canned::open(answer("200 OK", &headers, body.join("\n").as_bytes()), Then::Close).await;
    let cids: Vec<Cid> = [b"a", b"b", b"c"].iter().map(|bytes| Cid::of(Codec::Raw, *bytes)).collect();
    let node = node(&json!({"id": "n", "api": server.url()}));
    node.discard(&cids, &call()).await.map_err(|error| error.code())
}

#[tokio::test]
async fn what_was_dropped_before_its_time_was_over_is_gone() {
    assert_eq!(dropped(&[None, None, None]).await, Ok(Discarded::All));
    assert_eq!(dropped(&[None, None, Some(OVER)]).await, Ok(Discarded::First(2)));
    assert_eq!(dropped(&[None]).await, Ok(Discarded::First(1)));
    assert_eq!(dropped(&[None, Some(WALK_OVER), Some(OVER)]).await, Ok(Discarded::First(1)));
    assert_eq!(dropped(&[None, Some(UNREAD), None]).await, Ok(Discarded::First(1)));
    // More was never asked for.
    assert_eq!(dropped(&[None; 5]).await, Ok(Discarded::All));
}

#[tokio::test]
async fn a_walk_that_took_too_long_met_nothing_that_cannot_be_read() {
    assert_eq!(dropped(&[Some(WALK_OVER)]).await, Err(Code::Unreachable));
    assert_eq!(dropped(&[Some(OVER)]).await, Err(Code::Unreachable));
    assert_eq!(dropped(&[]).await, Err(Code::Unreachable));
    assert_eq!(dropped(&[Some(UNREAD), Some(UNREAD), Some(UNREAD)]).await, Ok(Discarded::Unreadable));
    assert_eq!(dropped(&[Some("pinned via x"), None, None]).await, Err(Code::Invalid));
}
