//! B3, R7: a body without end is read to its bound and no further.

use std::collections::HashSet;

use serde_json::json;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::node::{Node, Outcome};
use tauri_plugin_wallet_sync::{Code, Secret};

use super::canned::{Canned, Then, answer, block};
use super::front::{call, node};

/// What the system holds of a stream that nobody reads any more: the buffers of both ends, which Linux lets grow to 32 and 4 MiB.
const IN_BUFFERS: u64 = 48 * 1024 * 1024;

#[tokio::test]
async fn an_endless_block_ends_at_its_bound() {
    let headers = [("Content-Type", "application/vnd.ipld.raw")];
    let server = Canned::open(answer("200 OK", &headers, b"x"), Then::Endless).await;
    let call = call();
    let refused =
        node(&json!({"id": "n", "gateway": server.url()})).block(block().cid(), &call).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge, "{refused}");
    let read = call.meter.totals().bytes_in;
    assert!(read <= limits::BLOCK_BYTES as u64 + 256 * 1024, "{read}");
    assert!(server.sent() <= limits::BLOCK_BYTES as u64 + IN_BUFFERS, "{}", server.sent());
}

#[tokio::test]
async fn an_endless_record_ends_at_ten_kib() {
    let headers = [("Content-Type", "application/vnd.ipfs.ipns-record")];
    let server = Canned::open(answer("200 OK", &headers, b"x"), Then::Endless).await;
    let name = WalletKeys::derive(&Secret::new([3; 32]), None).name(Slot::ZERO);
    let call = call();
    let node = node(&json!({"id": "n", "gateway": server.url()}));
    let outcome = node.record(&name, true, &call).await;
    assert!(matches!(&outcome, Outcome::Invalid(e) if e.code() == Code::TooLarge), "{outcome:?}");
    // In chunks of the connection's buffer.
    let read = call.meter.totals().bytes_in;
    assert!(read <= limits::RECORD_BYTES as u64 + 256 * 1024, "{read}");
}

#[tokio::test]
async fn an_endless_car_ends_before_its_sections_are_held() {
    let headers = [("Content-Type", "application/vnd.ipld.car")];
    for byte in [0x00, 0x7f, 0xff] {
        let server = Canned::open(answer("200 OK", &headers, &[byte]), Then::Endless).await;
        let call = call();
        let node = node(&json!({"id": "n", "gateway": server.url()}));
        let mut blocks = 0;
        let asked = node.car(block().cid(), HashSet::new(), &mut |_| blocks += 1, &call).await;
        assert!(asked.is_err() && blocks == 0, "{byte}");
        let read = call.meter.totals().bytes_in;
        assert!(read <= 4 * 1024 * 1024, "{byte}: {read}");
    }
}

/// An audit knows how large a block is, and asks many nodes for many at once.
#[tokio::test]
async fn an_endless_block_of_a_known_size_ends_at_that() {
    let server = Canned::open(answer("200 OK", &[("Content-Type", "text/plain")], b"x"), Then::Endless).await;
    let call = call();
    let node = node(&json!({"id": "n", "api": server.url()}));
    let refused = node.own_block_of(block().cid(), 100, &call).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge, "{refused}");
    // In chunks of the connection's buffer.
    let read = call.meter.totals().bytes_in;
    assert!(read <= limits::ERROR_BODY_BYTES as u64 + 256 * 1024, "{read}");
}
