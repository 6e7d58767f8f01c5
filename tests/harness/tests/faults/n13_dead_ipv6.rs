//! N13: a name has an IPv6 address that leads nowhere and an IPv4 address that works: the second one is tried in time.

use std::time::Duration;

use dev_nodes::Cluster;
use serde_json::json;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::node::Node;

use super::again;
use super::front::{call, node};

/// The name's first address is one whose packets vanish.
const DEAD_FIRST: &str = "ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip -6 addr add 2001:db8::2/64 dev v0 nodad
ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:01 dev v0 nud permanent
printf '2001:db8::9 both.example\\n127.0.0.1 both.example\\n' > \"$0/hosts\"
mount --bind \"$0/hosts\" /etc/hosts";

/// Half a second until the other address is tried as well, and what a busy machine adds.
const MOST: Duration = Duration::from_millis(1_000);

#[test]
fn a_dead_ipv6_address_costs_half_a_second_once() {
    if !again::is_inside() {
        let scratch = tempfile::tempdir().unwrap();
        let test = "n13_dead_ipv6::a_dead_ipv6_address_costs_half_a_second_once";
        return again::passes(again::in_own_network(test, DEAD_FIRST, scratch.path()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let both: Vec<_> = tokio::net::lookup_host("both.example:1").await.unwrap().collect();
        assert!(both[0].is_ipv6() && both[1].is_ipv4(), "{both:?}");
        let cluster = Cluster::start(1).await.unwrap();
        let api = cluster.node(0).api_url().replace("127.0.0.1", "both.example");
        let node = node(&json!({"id": "n", "api": api}));
        let started = monotonic();
        node.machine(&call()).await.unwrap();
        assert!(started.elapsed() <= MOST, "{:?}", started.elapsed());
        let again = monotonic();
        node.machine(&call()).await.unwrap();
        assert!(
            again.elapsed() <= Duration::from_millis(200),
            "the connection is kept: {:?}",
            again.elapsed()
        );
    });
}
