//! N10: a proxy of the system's settings sees no request; only one of the configuration does.

use std::process::Command;

use dev_nodes::Cluster;
use serde_json::json;
use tauri_plugin_wallet_sync::node::Node;

use super::again;
use super::front::{call, node};
use super::way::Door;

const NAMES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const API: &str = "WALLETSYNC_TEST_API";

fn behind(mut command: Command, trap: &Door) -> Command {
    let proxy = format!("http://{}", trap.address);
    command.envs(NAMES.map(|name| (name, &proxy)));
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_of_the_system_sees_no_request() {
    if again::is_inside() {
        let api = std::env::var(API).unwrap();
        node(&json!({"id": "n", "api": api})).machine(&call()).await.unwrap();
        // TLS is not spoken there; a tunnel through the proxy would be tried before that shows.
        let tls = api.replace("http:", "https:");
        node(&json!({"id": "n", "api": tls})).machine(&call()).await.unwrap_err();
        return;
    }
    let trap = Door::open(|_| async {}).await;
    let cluster = Cluster::start(1).await.unwrap();
    let api = cluster.node(0).api_url();
    let mut inside = behind(again::command("n10_system_proxy::a_proxy_of_the_system_sees_no_request"), &trap);
    inside.env(API, &api);
    tokio::task::spawn_blocking(move || again::passes(inside)).await.unwrap();
    assert_eq!(trap.connections(), 0);
    // Another program with the same settings goes there.
    let mut curl = behind(Command::new("curl"), &trap);
    curl.args(["-sS", "-m", "5", &api]);
    tokio::task::spawn_blocking(move || curl.output().unwrap()).await.unwrap();
    assert_eq!(trap.connections(), 1, "the trap works");
}
