//! B4: an answer that is compressed, which nobody asked for, is refused before it is unpacked.

use serde_json::json;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::node::Node;

use super::canned::{Canned, Then, answer, block};
use super::front::{call, node};

#[tokio::test]
async fn a_compressed_answer_is_refused_by_its_head() {
    for encoding in ["gzip", "br", "zstd", "deflate", "gzip, gzip", "GZIP", "x-unknown"] {
        let headers = [("Content-Type", "application/vnd.ipld.raw"), ("Content-Encoding", encoding)];
        let server = Canned::open(answer("200 OK", &headers, &[0x1f]), Then::Endless).await;
        let call = call();
        let node = node(&json!({"id": "n", "gateway": server.url()}));
        let refused = node.block(block().cid(), &call).await.unwrap_err();
        assert_eq!(refused.code(), Code::Invalid, "{encoding}: {refused}");
        assert_eq!(call.meter.totals().bytes_in, 0, "{encoding}: nothing of the body was read");
    }
}
