//! B5, B6, B7: nobody goes where an answer points, however the address is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::node::Node;

use super::canned::{Canned, Then, answer, block};
use super::front::{call, node};
use super::way::Door;

#[tokio::test]
async fn nobody_goes_where_an_answer_points() {
    let hits = Arc::new(AtomicUsize::new(0));
    let count = hits.clone();
    let trap = Door::open(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    let port = trap.address.port();
    let cid = block().cid().to_string();
    // The last is what Kubo's gateway says to who calls it by the name `localhost`.
    let places = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://localhost:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://{cid}.ipfs.localhost:{port}/?format=raw"),
    ];
    let name = WalletKeys::derive(&Secret::new([3; 32]), None).name(Slot::ZERO);
    for place in places {
        for status in
            ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
        {
            let alternative = format!("h2=\"127.0.0.1:{port}\"");
            let headers = [
                ("Location", place.as_str()),
                ("Alt-Svc", &alternative),
                ("X-Ipfs-Path", &place),
                ("Refresh", &place),
                ("Content-Length", "0"),
            ];
            let server = Canned::open(answer(status, &headers, b""), Then::Close).await;
            let node = node(&json!({"id": "n", "api": server.url(), "gateway": server.url()}));
            node.block(block().cid(), &call()).await.unwrap_err();
            node.machine(&call()).await.unwrap_err();
            node.record(&name, true, &call()).await;
            assert!(server.door.connections() > 0);
        }
    }
    assert_eq!((hits.load(Ordering::SeqCst), trap.connections()), (0, 0));
}
