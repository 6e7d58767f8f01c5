//! A reply that never came: what is asked again is done already, and that is no failure.

use serde_json::json;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::node::{Node, Repin};

use super::canned::{Canned, Then, answer};
use super::front::{call, node};

/// What Kubo says is in `tests/data/kubo-words.json`, compared with real answers there.
#[tokio::test]
async fn lost_reply_of_pin_update_is_success() {
    let (old, new) = (Cid::of(Codec::DagCbor, b"old"), Cid::of(Codec::DagCbor, b"new"));
    let repin = async |answer: Vec<u8>| {
        let server = Canned::open(answer, Then::Close).await;
        node(&json!({"id": "n", "api": server.url()})).repin(&old, &new, &call()).await
    };
    let said = |status: &str, words: &str| {
        let body = json!({"Message": words, "Code": 0, "Type": "error"}).to_string();
        let headers = [("Content-Type", "application/json"), ("Connection", "close")];
        answer(status, &headers, body.as_bytes())
    };
    // The first one's reply is lost: nothing is known of it.
    assert!(repin(Vec::new()).await.is_err());
    let again = repin(said("500 Internal Server Error", "'to' cid was already recursively pinned")).await;
    assert_eq!(again.unwrap(), Repin::Pinned);
    let lost =
        repin(said("500 Internal Server Error", "'from' cid was not recursively pinned already")).await;
    assert_eq!(lost.unwrap(), Repin::OldMissing, "all has to be pinned anew");
    let other = repin(said("500 Internal Server Error", "the disk is on fire")).await;
    assert_ne!(other.map_err(|error| error.code()), Err(Code::Denied));
}
