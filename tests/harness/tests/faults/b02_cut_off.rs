//! B2: an answer that is cut off, or whose length is another than announced, is never taken for the whole.

use serde_json::json;
use tauri_plugin_wallet_sync::node::Node;

use super::canned::{Canned, Then, answer, block, has};
use super::front::{call, node};

#[tokio::test]
async fn no_prefix_of_a_block_is_taken_for_it() {
    let block = block();
    let whole = has(&block);
    let body = block.bytes().len();
    let head = whole.len() - body;
    // Cut everywhere: in the head, between both, in each byte of the body.
    for length in (0..head).step_by(13).chain(head..whole.len()) {
        let server = Canned::open(whole[..length].to_vec(), Then::Close).await;
        let asked = node(&json!({"id": "n", "gateway": server.url()})).block(block.cid(), &call()).await;
        assert!(asked.is_err(), "{length} bytes of {}", whole.len());
        assert!(server.door.connections() > 0);
    }
    let server = Canned::open(whole, Then::Close).await;
    let asked = node(&json!({"id": "n", "gateway": server.url()})).block(block.cid(), &call()).await;
    assert_eq!(asked.unwrap().bytes(), block.bytes());
}

#[tokio::test]
async fn a_length_that_is_not_true_gives_no_other_block() {
    let block = block();
    for announced in ["0", "1", "299"] {
        let headers = [("Content-Type", "application/vnd.ipld.raw"), ("Content-Length", announced)];
        let server = Canned::open(answer("200 OK", &headers, block.bytes()), Then::Close).await;
        let asked = node(&json!({"id": "n", "gateway": server.url()})).block(block.cid(), &call()).await;
        assert!(asked.is_err(), "announced as {announced}");
    }
    // Without a length the end of the connection is the end: whole is whole, cut is refused by its hash.
    for length in [0, 1, 150, 299, 300] {
        let headers = [("Content-Type", "application/vnd.ipld.raw"), ("Connection", "close")];
        let server = Canned::open(answer("200 OK", &headers, &block.bytes()[..length]), Then::Close).await;
        let asked = node(&json!({"id": "n", "gateway": server.url()})).block(block.cid(), &call()).await;
        assert_eq!(asked.is_ok(), length == 300, "{length} bytes without a length");
    }
}
