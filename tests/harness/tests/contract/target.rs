//! A cluster under test, and plain HTTP to its nodes.

use std::time::Duration;

use dev_nodes::{Cluster, Fault};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tauri_plugin_wallet_sync::clock;
use wallet_sync_harness::{NEWEST, RealCluster};

use crate::words::words;

/// An answer that needs no waiting for other nodes comes within this, on a busy machine too; what a hung node
/// holds up takes 15 s and more.
pub const SOON: Duration = Duration::from_secs(5);
/// A request that hangs is given up after this.
pub const PATIENCE: Duration = Duration::from_secs(2);

enum Nodes {
    Embedded(Cluster),
    Real(RealCluster),
}

/// The nodes under test.
pub struct Target {
    nodes: Nodes,
    version: &'static str,
    addresses: Vec<(String, String)>,
    client: Client,
}

/// What a node answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Target {
    /// Embedded nodes that speak as this version does.
    pub fn embedded(cluster: Cluster, version: &'static str) -> Self {
        let json = cluster.nodes_json();
        Self::new(Nodes::Embedded(cluster), &json, version)
    }

    pub fn real(cluster: RealCluster, version: &'static str) -> Self {
        let json = cluster.nodes_json().unwrap();
        Self::new(Nodes::Real(cluster), &json, version)
    }

    fn new(nodes: Nodes, json: &str, version: &'static str) -> Self {
        // A second installation, by the other test, changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let list: Vec<Value> = serde_json::from_str(json).unwrap();
        let text = |node: &Value, key: &str| node[key].as_str().unwrap().to_owned();
        let addresses = list.iter().map(|node| (text(node, "api"), text(node, "gateway"))).collect();
        let client =
            Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { nodes, version, addresses, client }
    }

    pub const fn kind(&self) -> &'static str {
        match self.nodes {
            Nodes::Embedded(_) => "embedded nodes",
            Nodes::Real(_) => "real Kubo",
        }
    }

    /// The version of Kubo that it is, or speaks as.
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// What it says in a situation.
    pub fn words(&self, when: &str) -> String {
        words(self.version, when)
    }

    /// Whether other nodes find a record that was put on one with `offline=true`.
    pub fn shares_offline_puts(&self) -> bool {
        self.version == NEWEST
    }

    /// Freezes a node: it accepts and never answers.
    pub fn hang(&self, i: usize) {
        match &self.nodes {
            Nodes::Embedded(cluster) => cluster.node(i).set_fault(Fault::Hang),
            Nodes::Real(cluster) => cluster.stop_signal(i).unwrap(),
        }
    }

    pub fn wake(&self, i: usize) {
        match &self.nodes {
            Nodes::Embedded(cluster) => cluster.node(i).set_fault(Fault::None),
            Nodes::Real(cluster) => cluster.cont(i).unwrap(),
        }
    }

    /// Base URL of a node's RPC.
    pub fn api(&self, i: usize) -> &str {
        &self.addresses[i].0
    }

    pub fn request(&self, method: Method, url: String) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// An RPC call: command and query.
    pub async fn rpc(&self, i: usize, command: &str) -> Answer {
        send(self.rpc_request(i, command)).await.unwrap()
    }

    /// An RPC call with an uploaded file.
    pub async fn upload(&self, i: usize, command: &str, file: &[u8]) -> Answer {
        send(self.upload_request(i, command, file)).await.unwrap()
    }

    pub fn rpc_request(&self, i: usize, command: &str) -> RequestBuilder {
        self.client.post(format!("{}/api/v0/{command}", self.api(i)))
    }

    pub fn upload_request(&self, i: usize, command: &str, file: &[u8]) -> RequestBuilder {
        let part = Part::bytes(file.to_vec()).file_name("f").mime_str("application/octet-stream").unwrap();
        self.rpc_request(i, command).multipart(Form::new().part("file", part))
    }

    /// A GET on the gateway.
    pub async fn get(&self, i: usize, path: &str) -> Answer {
        send(self.gateway(Method::GET, i, path)).await.unwrap()
    }

    pub async fn head(&self, i: usize, path: &str) -> Answer {
        send(self.gateway(Method::HEAD, i, path)).await.unwrap()
    }

    pub fn gateway(&self, method: Method, i: usize, path: &str) -> RequestBuilder {
        self.request(method, format!("{}{path}", self.addresses[i].1))
    }

    /// The record a node itself holds, as an offline read tells it.
    pub async fn own_record(&self, i: usize, k51: &str) -> Option<Vec<u8>> {
        let answer = self.rpc(i, &format!("name/get?arg={k51}&offline=true")).await;
        if answer.status == 200 {
            return Some(answer.body);
        }
        answer.is_rpc_error(&self.words("absent"));
        None
    }

    /// The first answer that is none of success: asked until the node's own clock has come so far.
    pub async fn until_not_200(&self, i: usize, call: &str) -> Answer {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for _ in 0..100 {
            let answer = self.rpc(i, call).await;
            if answer.status != 200 {
                return answer;
            }
            ticks.tick().await;
        }
        self.rpc(i, call).await
    }

    /// Stores a record on one node only.
    pub async fn store(&self, i: usize, k51: &str, raw: &[u8]) {
        let answer = self.upload(i, &format!("routing/put?arg=/ipns/{k51}&offline=true"), raw).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Imports blocks without pinning them.
    pub async fn import(&self, i: usize, car: &[u8]) {
        let answer = self.upload(i, "dag/import?stats=false&pin-roots=false", car).await;
        answer.is(200, "application/json");
        assert_eq!(answer.body, b"");
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let began = clock::monotonic();
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?.to_vec();
    Ok(Answer { status, headers, body, took: began.elapsed() })
}

/// Asserts that nothing is answered within [`PATIENCE`].
pub async fn hangs(request: RequestBuilder) {
    let outcome = tokio::time::timeout(PATIENCE, request.send()).await;
    assert!(outcome.is_err(), "an answer came: {outcome:?}");
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and content type, and that it came soon.
    #[track_caller]
    pub fn is(&self, status: u16, content_type: &str) -> &Self {
        assert_eq!((self.status, self.header("content-type")), (status, content_type), "{}", self.text());
        assert!(self.took < SOON, "took {:?}", self.took);
        self
    }

    /// The same, after having waited for about this long.
    #[track_caller]
    pub fn is_after(&self, wait: Duration, status: u16, content_type: &str) -> &Self {
        assert_eq!((self.status, self.header("content-type")), (status, content_type), "{}", self.text());
        assert!(self.took >= wait && self.took < wait + SOON, "took {:?}", self.took);
        self
    }

    /// A failed command: 500, JSON, a message with these words.
    #[track_caller]
    pub fn is_rpc_error(&self, words: &str) {
        self.is(500, "application/json").says_in_message(words);
    }

    /// A failed command after its own timeout.
    #[track_caller]
    pub fn is_rpc_error_after(&self, wait: Duration, words: &str) {
        self.is_after(wait, 500, "application/json").says_in_message(words);
    }

    #[track_caller]
    fn says_in_message(&self, words: &str) {
        let json = self.json();
        assert_eq!((json["Code"].as_i64(), json["Type"].as_str()), (Some(0), Some("error")));
        assert!(json["Message"].as_str().unwrap().contains(words), "{json} without {words:?}");
    }

    /// Plain text with these words.
    #[track_caller]
    pub fn is_text(&self, status: u16, words: &str) {
        self.is(status, "text/plain; charset=utf-8").says(words);
    }

    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(self.text().contains(words), "{:?} without {words:?}", self.text());
    }
}
