//! Two devices of one wallet on five real Kubo: a change comes by push, and goes on doing so when a node that is listened to
//! freezes or dies.

use std::time::Duration;

use tauri_plugin_wallet_sync::engine::{
    Engine, Event, Mode, NewToken, OpenOptions, Subscription, SyncRequest, Way,
};
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::WalletKeys;
use tauri_plugin_wallet_sync::{Config, Secret};
use tempfile::TempDir;
use wallet_sync_harness::{Daemons, NEWEST, RealCluster};

const NODES: usize = 5;
const SECRET: [u8; 32] = [0x5a; 32];
/// More than a change takes on a busy machine, and less than any reading by the clock.
const PATIENCE: Duration = Duration::from_secs(50);

struct Device {
    engine: Engine,
    _folder: TempDir,
}

impl Device {
    async fn on(nodes_json: &str) -> Self {
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(nodes_json).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { dir: folder.path().join("data"), config, mode: Mode::Background };
        let engine = Engine::open(&Secret::new(SECRET), options).await.unwrap();
        Self { engine, _folder: folder }
    }

    async fn put(&self, id: &str) {
        let token = NewToken {
            token_id: id.to_owned(),
            state_hash: "s0".to_owned(),
            previous: None,
            summary: None,
            payload: format!("payload of {id}").into(),
        };
        self.engine.put(vec![token]).await.unwrap();
    }

    fn has(&self, id: &str) -> bool {
        let rows = self.engine.tokens(None, 10_000, false);
        rows.iter().any(|row| row.key.token_id.as_str() == id)
    }
}

/// How the next change of another device came, once this token is here.
async fn until_here(device: &Device, events: &mut Subscription, id: &str) -> Way {
    let arrived = async {
        loop {
            let event = events.next().await.expect("the account is open");
            if let Event::TokensChanged { origin: Some(origin), .. } = event
                && device.has(id)
            {
                return origin.by;
            }
        }
    };
    let waited = tokio::time::timeout(PATIENCE, arrived).await;
    waited.unwrap_or_else(|_| panic!("{id} did not come"))
}

/// The nodes in the order in which all devices of the wallet listen to them.
fn ranked(nodes_json: &str) -> Vec<usize> {
    let topic = *WalletKeys::derive(&Secret::new(SECRET), None).push().topic().bytes();
    let nodes = Config::parse_nodes(nodes_json).unwrap();
    let ids: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();
    let rank = |id: &String| *Cid::of(Codec::Raw, &[&topic, id.as_bytes()].concat()).digest();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|at| rank(&ids[*at]));
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_come_by_push_whatever_becomes_of_one_node() {
    let daemons = Daemons { config: "Pubsub.Enabled=true", args: "" };
    let start = move || RealCluster::start_of(&[NEWEST; NODES], &daemons);
    let cluster = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let json = cluster.nodes_json().unwrap();
    let (one, two) = (Device::on(&json).await, Device::on(&json).await);
    for device in [&one, &two] {
        let request = SyncRequest { fresh: true, deadline: None, wait: None };
        device.engine.sync(request, |_| ()).await.unwrap();
    }
    let mut events = two.engine.subscribe();
    // Until both listen and the nodes know it.
    let mut n = 0;
    loop {
        n += 1;
        assert!(n < 20, "no change came by push");
        let id = format!("warm{n}");
        one.put(&id).await;
        if until_here(&two, &mut events, &id).await == Way::Push {
            break;
        }
    }
    let steady = |phase: &'static str| {
        let (one, two) = (&one, &two);
        async move {
            let mut events = two.engine.subscribe();
            for n in 0..5 {
                let id = format!("{phase}{n}");
                one.put(&id).await;
                assert_eq!(until_here(two, &mut events, &id).await, Way::Push, "{id}");
            }
        }
    };
    steady("quiet").await;
    let order = ranked(&json);
    cluster.stop_signal(order[0]).unwrap();
    steady("frozen").await;
    cluster.cont(order[0]).unwrap();
    cluster.kill(order[1]).unwrap();
    steady("dead").await;
    for device in [&one, &two] {
        device.engine.close(Duration::from_secs(5)).await.unwrap();
    }
}
