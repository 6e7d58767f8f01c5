//! A front before the RPC of each node: it notes every request, holds renames of pins back, and can hide the records.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// More than any request of these tests has.
const BODY_BYTES: usize = 16 * 1024 * 1024;
/// A name that nobody has published: what a node says of it is what it says of a record that it has not.
const UNUSED: &str = "k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r";

/// One front for each node of a nodes file.
pub struct Fronts {
    fronts: Vec<Front>,
    nodes: Value,
}

struct Front {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    api: String,
    client: Client,
    log: Mutex<Vec<String>>,
    /// Renames that are still to be held back.
    to_hold: AtomicUsize,
    held: Mutex<Vec<Held>>,
    hides_records: AtomicBool,
    refused: Mutex<Option<Refused>>,
}

/// A verb that is answered with this status in place of the node's answer, as by a proxy that lets through a list of verbs.
struct Refused {
    path: String,
    status: u16,
    times: usize,
}

/// A rename that waits at the front, whether or not its sender still does.
struct Held {
    release: oneshot::Sender<()>,
    delivered: oneshot::Receiver<()>,
}

impl Fronts {
    pub async fn before(nodes_json: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut nodes: Value = serde_json::from_str(nodes_json).unwrap();
        let mut fronts = Vec::new();
        for node in nodes.as_array_mut().unwrap() {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let shared = Arc::new(Shared {
                api: node["api"].as_str().unwrap().to_owned(),
                client: Client::builder().no_proxy().build().unwrap(),
                log: Mutex::default(),
                to_hold: AtomicUsize::new(0),
                held: Mutex::default(),
                hides_records: AtomicBool::new(false),
                refused: Mutex::default(),
            });
            // Every request goes through the front: no gateway, no peers.
            *node = serde_json::json!({ "id": node["id"], "api": url });
            let app = Router::new().fallback(pass).with_state(shared.clone());
            let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
            fronts.push(Front { shared, task });
        }
        Self { fronts, nodes }
    }

    pub fn nodes_json(&self) -> String {
        self.nodes.to_string()
    }

    pub fn ids(&self) -> Vec<String> {
        self.nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The nodes file with one node alone.
    pub fn alone(&self, at: usize) -> String {
        Value::from(vec![self.nodes[at].clone()]).to_string()
    }

    pub fn len(&self) -> usize {
        self.fronts.len()
    }

    /// Path and query of every request so far.
    pub fn log(&self) -> Vec<String> {
        self.fronts.iter().flat_map(|front| front.shared.log.lock().unwrap().clone()).collect()
    }

    /// The next rename of a pin on this node waits until it is delivered.
    pub fn hold_next(&self, at: usize) {
        self.fronts[at].shared.to_hold.store(1, Ordering::SeqCst);
    }

    /// From now on nodes answer as if they had no record, or as they are.
    pub fn hide_records(&self, hide: bool) {
        for front in &self.fronts {
            front.shared.hides_records.store(hide, Ordering::SeqCst);
        }
    }

    /// From now on no node is asked for this verb.
    pub fn refuse(&self, verb: &str, status: u16) {
        self.refuse_times(verb, status, usize::MAX);
    }

    /// So many times at each node.
    pub fn refuse_times(&self, verb: &str, status: u16, times: usize) {
        for front in &self.fronts {
            let path = format!("/api/v0/{verb}");
            *front.shared.refused.lock().unwrap() = Some(Refused { path, status, times });
        }
    }

    /// How many renames wait.
    pub fn held(&self) -> usize {
        self.fronts.iter().map(|front| front.shared.held.lock().unwrap().len()).sum()
    }

    /// Delivers what was held back, the last one first; returns when the nodes have answered.
    pub async fn deliver(&self) {
        for front in &self.fronts {
            front.shared.to_hold.store(0, Ordering::SeqCst);
            let held = std::mem::take(&mut *front.shared.held.lock().unwrap());
            for one in held.into_iter().rev() {
                one.release.send(()).unwrap();
                one.delivered.await.unwrap();
            }
        }
    }
}

impl Drop for Fronts {
    fn drop(&mut self) {
        self.fronts.iter().for_each(|front| front.task.abort());
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let line = request.uri().path_and_query().unwrap().to_string();
    shared.log.lock().unwrap().push(line.clone());
    if let Some(status) = refusal(&shared, &line) {
        return Response::builder().status(status).body(Body::from("not on the list")).unwrap();
    }
    if is_rename(&line) && shared.to_hold.swap(0, Ordering::SeqCst) > 0 {
        let (release, released) = oneshot::channel();
        let (deliver, delivered) = oneshot::channel();
        shared.held.lock().unwrap().push(Held { release, delivered });
        let later = shared.clone();
        // Goes on when the sender has gone.
        let forwarded = tokio::spawn(async move {
            released.await.unwrap();
            let answer = forward(&later, &line, request).await;
            let _ = deliver.send(());
            answer
        });
        return forwarded.await.unwrap();
    }
    forward(&shared, &line, request).await
}

fn refusal(shared: &Shared, line: &str) -> Option<u16> {
    let mut refused = shared.refused.lock().unwrap();
    let of_line = refused.as_mut().filter(|refused| line.split('?').next() == Some(&refused.path))?;
    of_line.times = of_line.times.checked_sub(1)?;
    Some(of_line.status)
}

/// Beacons are raw blocks, roots are not.
fn is_rename(line: &str) -> bool {
    line.contains("/pin/add?") && line.contains("arg=bafk")
}

async fn forward(shared: &Shared, line: &str, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // The short question fails as a whole when its first name has no record.
    let is_short = line.contains("/pin/ls?") && line.contains("arg=%2Fipns%2F");
    let is_record = is_short || line.contains("/name/get?") || line.contains("/routing/get?");
    let line =
        if is_record && shared.hides_records.load(Ordering::SeqCst) { unused(line) } else { line.into() };
    let mut onwards = shared.client.request(head.method, format!("{}{line}", shared.api));
    for name in ["content-type", "authorization"] {
        if let Some(value) = head.headers.get(name) {
            onwards = onwards.header(name, value);
        }
    }
    let answer = match onwards.body(to_bytes(body, BODY_BYTES).await.unwrap()).send().await {
        Ok(answer) => answer,
        Err(e) => return Response::builder().status(502).body(Body::from(e.to_string())).unwrap(),
    };
    let mut response = Response::builder().status(answer.status());
    for name in ["content-type", "server", "x-ipfs-path", "x-stream-output", "x-chunked-output"] {
        if let Some(value) = answer.headers().get(name) {
            response = response.header(name, value);
        }
    }
    response.body(Body::from_stream(answer.bytes_stream())).unwrap()
}

/// The same question about the name that nobody has published.
fn unused(line: &str) -> String {
    let (before, rest) = line.split_once("arg=").unwrap();
    let (asked, after) = rest.split_once('&').unwrap_or((rest, ""));
    let path = if asked.contains("ipns") { "%2Fipns%2F" } else { "" };
    format!("{before}arg={path}{UNUSED}&{after}")
}
