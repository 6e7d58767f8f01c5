//! K4: after a wallet was closed none of its secrets is anywhere in the memory of the process, and while it is open each stands at its
//! one place.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dev_nodes::{Cluster, Options};
use hkdf::Hkdf;
use sha2::{Digest, Sha256, Sha512};
use tauri_plugin_wallet_sync::clock::{Entropy, SystemClock};
use tauri_plugin_wallet_sync::engine::{
    Ack, Bounds, Engine, Mode, NewToken, OpenOptions, Parts, SyncRequest,
};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{BlockStats, Level, Loaded, RollupRow, Store, Write};
use tauri_plugin_wallet_sync::{Config, Error, Secret};

use super::again;
use super::process::{Process, say, told};

const NODES: usize = 5;
const DRAIN: Duration = Duration::from_secs(5);
/// More than a small publish takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that stand in no program by themselves.
fn random<const N: usize>() -> [u8; N] {
    Entropy::system().unwrap().draw()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secrets of one wallet, each with its name.
struct Canaries {
    secret: [u8; 32],
    token: String,
    /// Compresses well.
    text: String,
    /// Does not.
    noise: String,
}

impl Canaries {
    fn new() -> Self {
        let (first, word) = (hex(&random::<24>()), hex(&random::<24>()));
        let noise: String = (0..20).map(|_| hex(&random::<32>())).collect();
        Self {
            secret: random(),
            token: hex(&random::<20>()),
            text: first + &format!(" {word}").repeat(40),
            noise,
        }
    }

    fn all(&self) -> Vec<(String, Vec<u8>)> {
        let infos = ["content", "nonce", "index", "push"].map(|what| format!("wallet-sync-{what}-v1"));
        let slots = ["ipfs-storage-ed25519-v1".to_owned(), "ipfs-storage-ed25519-v1/device/1".to_owned()];
        let mut all = vec![
            ("secret".to_owned(), self.secret.to_vec()),
            ("secret in hex".to_owned(), hex(&self.secret).into_bytes()),
            ("token".to_owned(), self.token.clone().into_bytes()),
            ("text".to_owned(), self.text.as_bytes()[..48].to_vec()),
            ("noise".to_owned(), self.noise.as_bytes()[640..704].to_vec()),
        ];
        all.extend(infos.into_iter().map(|info| (info.clone(), self.derived(&info).to_vec())));
        for info in slots {
            let seed = self.derived(&info);
            let mut scalar: [u8; 32] = Sha512::digest(seed)[..32].try_into().unwrap();
            scalar[0] &= 248;
            scalar[31] = scalar[31] & 127 | 64;
            all.extend([(info.clone(), seed.to_vec()), (format!("scalar of {info}"), scalar.to_vec())]);
        }
        all
    }

    fn derived(&self, info: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.secret).expand(info.as_bytes(), &mut key).unwrap();
        key
    }

    fn tell(&self, process: &mut Process, nodes: &str, folder: &Path) {
        process.tell(&hex(&self.secret));
        process.tell(nodes);
        process.tell(folder.to_str().unwrap());
        process.tell(&self.text);
        process.tell(&self.noise);
    }

    /// Where tokens stand, but for the heads of requests in the buffers of the HTTP library. What was freed there may have lost its
    /// beginning or its end, so either side of the token tells a head; a value of ours has neither.
    fn owned_tokens(&self, process: &Process) -> Vec<String> {
        let places = process.places(self.token.as_bytes()).into_iter();
        let end = format!("{}\\r\\n", self.token);
        places.filter(|place| !place.contains("authorization: Bearer ") && !place.contains(&end)).collect()
    }

    /// How often each is found, those that are nowhere left out.
    fn found(&self, process: &Process) -> Vec<(String, usize)> {
        let found = self.all().into_iter().map(|(name, bytes)| {
            let places = process.places(&bytes);
            for place in &places {
                eprintln!("{name} at {place}");
            }
            (name, places.len())
        });
        found.filter(|(_, places)| *places > 0).collect()
    }
}

async fn nodes(token: &str) -> (Cluster, String) {
    let token = Some(token.to_owned());
    let cluster = Cluster::start_with(Options { count: NODES, token, ..Options::default() }).await.unwrap();
    let json = cluster.nodes_json().replace('\n', " ");
    (cluster, json)
}

fn path(test: &str) -> String {
    format!("wiped::{test}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_closing_no_secret_is_in_memory() {
    if again::is_inside() {
        return tokio::task::spawn_blocking(opens_and_closes).await.unwrap();
    }
    let canaries = Canaries::new();
    let (_cluster, json) = nodes(&canaries.token).await;
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::of(&path("after_closing_no_secret_is_in_memory"));
    canaries.tell(&mut process, &json, folder.path());
    tokio::task::spawn_blocking(move || {
        process.hears("opened");
        let secret = process.places(&canaries.secret);
        assert_eq!(secret.len(), 1, "while the wallet is open it stands at one place");
        process.tell("close");
        process.hears("closed");
        let found = canaries.found(&process);
        if super::WIPES {
            assert_eq!(found, []);
        }
        let others: Vec<_> = found.iter().filter(|(name, _)| name != "token").collect();
        assert!(others.is_empty(), "{others:?}");
        assert_eq!(canaries.owned_tokens(&process), [] as [&str; 0]);
    })
    .await
    .unwrap();
}

/// Everything that a wallet does with its secrets, then the end of it. The program goes on.
fn opens_and_closes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let secret = secret();
    let nodes = told();
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&nodes).unwrap();
    drop(nodes);
    let dir = told().as_str().into();
    let options = OpenOptions { dir, config, mode: Mode::Own };
    let engine = runtime.block_on(Engine::open(&secret, options)).unwrap();
    drop(secret);
    runtime.block_on(async {
        engine.put(vec![token("text"), token("noise")]).await.unwrap();
        let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: Some(Level::Verified) };
        let report = engine.sync(request, |_| ()).await.unwrap();
        assert_eq!(report.ack, Ack::Verified);
        for id in ["text", "noise"] {
            assert!(!engine.payload(id, "s0").await.unwrap().is_empty());
        }
    });
    say("opened");
    told();
    runtime.block_on(engine.close(DRAIN)).unwrap();
    drop(engine);
    say("closed");
    told();
}

/// What a dump shows of a process that ends in the middle of a `put`: each secret of the open wallet at its own place, the payload where
/// the call holds it, and nothing that was derived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_put_each_secret_is_at_its_one_place() {
    if again::is_inside() {
        return tokio::task::spawn_blocking(stops_in_a_put).await.unwrap();
    }
    let canaries = Canaries::new();
    let (_cluster, json) = nodes(&canaries.token).await;
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::of(&path("in_the_middle_of_a_put_each_secret_is_at_its_one_place"));
    canaries.tell(&mut process, &json, folder.path());
    tokio::task::spawn_blocking(move || {
        process.hears("commits");
        let found = canaries.found(&process);
        let of = |name: &str| found.iter().find(|(of, _)| of == name).map_or(0, |(_, places)| *places);
        assert_eq!(of("secret"), 1, "{found:?}");
        // Expanded for the cipher, its first part is the key itself.
        assert_eq!(of("wallet-sync-content-v1"), 1, "{found:?}");
        // What seals messages has a nonce key of its own.
        assert_eq!((of("wallet-sync-nonce-v1"), of("wallet-sync-push-v1")), (2, 1), "{found:?}");
        assert_eq!((of("wallet-sync-index-v1"), of("text")), (1, 1), "{found:?}");
        // The settings of each node, those of its line, and the value of the header.
        assert_eq!(canaries.owned_tokens(&process).len(), 3 * NODES);
        let kept = [
            "secret",
            "token",
            "text",
            "wallet-sync-content-v1",
            "wallet-sync-nonce-v1",
            "wallet-sync-index-v1",
            "wallet-sync-push-v1",
        ];
        let others: Vec<_> = found.iter().filter(|(name, _)| !kept.contains(&name.as_str())).collect();
        assert!(others.is_empty(), "{others:?}");
    })
    .await
    .unwrap();
}

/// Waits in the first commit of a token for ever.
struct Stuck(MemoryStore);

#[async_trait]
impl Store for Stuck {
    async fn load(&self) -> Result<Loaded, Error> {
        self.0.load().await
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        if batch.iter().any(|write| matches!(write, Write::Block { .. })) {
            say("commits");
            std::future::pending::<()>().await;
        }
        self.0.commit(batch).await
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        self.0.block(cid).await
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        self.0.blocks(cids).await
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        self.0.block_stats().await
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        self.0.trim_cache(max_bytes).await
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        self.0.rollups(from_minute).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.0.close().await
    }
}

fn stops_in_a_put() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let secret = secret();
    let nodes = told();
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&nodes).unwrap();
    drop(nodes);
    drop(told());
    let http = Http::new().unwrap();
    let node = |node| Arc::new(KuboNode::new(node, &http, &config.timeouts).unwrap()) as Arc<dyn Node>;
    let parts = Parts {
        nodes: config.nodes.iter().map(node).collect(),
        config,
        store: Arc::new(Stuck(MemoryStore::new())),
        peers: None,
        clock: Arc::new(SystemClock),
        entropy: Entropy::system().unwrap(),
        mode: Mode::Own,
        bounds: Bounds::default(),
    };
    let engine = runtime.block_on(Engine::assemble(&secret, parts)).unwrap();
    drop(secret);
    runtime.block_on(async {
        let request = SyncRequest { fresh: true, deadline: Some(DRAIN), wait: None };
        engine.sync(request, |_| ()).await.unwrap();
        engine.put(vec![token("text")]).await.unwrap();
    });
}

/// The next line, as an app reads a secret.
fn secret() -> Secret {
    Secret::from_hex(&told()).unwrap()
}

/// The next line as a payload. The engine is given the only copy.
fn token(id: &str) -> NewToken {
    let mut line = told();
    NewToken {
        token_id: id.to_owned(),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: None,
        payload: std::mem::take(&mut *line).into_bytes().into(),
    }
}
