//! Real nginx before real Kubo: with the configuration that it comes with, and with TLS, HTTP/2 and connections that end.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::health::NodeState;
use tempfile::TempDir;
use wallet_sync_harness::RealCluster;

use super::authority::{Authority, Issued, When};
use super::device::{Device, clock};
use super::front::{call, node};
use super::way::authority;

/// What Debian's configuration sets in the http block, beside files and logs.
const AS_IT_COMES: &str = "sendfile on; tcp_nopush on; types_hash_max_size 2048; gzip on;";
/// More than nginx takes to listen on a busy machine.
const START: Duration = Duration::from_secs(10);

/// One nginx with a server for each node; ends when it is dropped.
pub struct Nginx {
    process: Child,
    ports: Vec<u16>,
    _folder: TempDir,
}

impl Nginx {
    /// `http` goes into the http block, `server` into each server.
    pub async fn before(apis: &[String], http: &str, server: &str, tls: Option<&Issued>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = apis.iter().map(|_| free_port()).collect();
        let path = folder.path();
        if let Some(issued) = tls {
            std::fs::write(path.join("cert.pem"), &issued.certificate).unwrap();
            std::fs::write(path.join("key.pem"), &issued.key).unwrap();
        }
        std::fs::write(
            path.join("nginx.conf"),
            configuration(path, apis, &ports, http, server, tls.is_some()),
        )
        .unwrap();
        let said = std::fs::File::create(path.join("said")).unwrap();
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(path)
            .arg("-c")
            .arg(path.join("nginx.conf"))
            .arg("-e")
            .arg(path.join("error.log"));
        let process =
            command.stdin(Stdio::null()).stderr(said).spawn().expect("nginx is needed (Debian: nginx-light)");
        let nginx = Self { process, ports, _folder: folder };
        let until = monotonic() + START;
        for port in &nginx.ports {
            while tokio::net::TcpStream::connect(("127.0.0.1", *port)).await.is_err() {
                assert!(
                    monotonic() < until,
                    "nginx does not listen: {}",
                    std::fs::read_to_string(path_of(&nginx, "said")).unwrap()
                );
                tokio::task::yield_now().await;
            }
        }
        nginx
    }

    fn nodes_json(&self, scheme: &str, extra: &Value) -> String {
        let node = |(at, port): (usize, &u16)| {
            let mut node = json!({"id": format!("n{at}"), "api": format!("{scheme}://127.0.0.1:{port}")});
            node.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            node
        };
        Value::from(self.ports.iter().enumerate().map(node).collect::<Vec<_>>()).to_string()
    }

    /// `host:port` of the server before node `i`.
    pub fn address(&self, i: usize) -> String {
        format!("127.0.0.1:{}", self.ports[i])
    }

    /// Lines of its log: connection, protocol, status and request.
    pub fn log(&self) -> Vec<String> {
        std::fs::read_to_string(path_of(self, "access.log")).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn path_of(nginx: &Nginx, name: &str) -> std::path::PathBuf {
    nginx._folder.path().join(name)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    static USED: std::sync::Mutex<Vec<u16>> = std::sync::Mutex::new(Vec::new());
    loop {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut used = USED.lock().unwrap();
        if !used.contains(&port) {
            used.push(port);
            return port;
        }
    }
}

fn configuration(
    folder: &Path,
    apis: &[String],
    ports: &[u16],
    http: &str,
    server: &str,
    tls: bool,
) -> String {
    let folder = folder.display();
    // Everything that is not about where files are and who runs it is as it comes.
    let mut text = format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nevents {{}}\nhttp {{\n\
         log_format l '$connection $server_protocol $status $request';\naccess_log {folder}/access.log l;\n"
    );
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, "{kind}_temp_path {folder}/{kind};").unwrap();
    }
    writeln!(text, "{http}").unwrap();
    let listen = if tls { " ssl http2" } else { "" };
    for (api, port) in apis.iter().zip(ports) {
        writeln!(text, "server {{ listen 127.0.0.1:{port}{listen}; {server}").unwrap();
        if tls {
            writeln!(text, "ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;")
                .unwrap();
        }
        writeln!(text, "location / {{ proxy_pass http://{}; }} }}", authority(api)).unwrap();
    }
    text + "}\n"
}

async fn kubo(count: usize) -> (RealCluster, Vec<String>) {
    let cluster = tokio::task::spawn_blocking(move || RealCluster::start(count)).await.unwrap().unwrap();
    let nodes: Value = serde_json::from_str(&cluster.nodes_json().unwrap()).unwrap();
    let apis =
        nodes.as_array().unwrap().iter().map(|node| node["api"].as_str().unwrap().to_owned()).collect();
    (cluster, apis)
}

/// 2.4 MB that cannot be compressed.
async fn put_bulk(device: &Device) -> usize {
    let mut seed = 7_u64;
    let mut byte = || {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        u8::try_from(seed >> 56).unwrap()
    };
    let state = |n: usize| NewToken {
        token_id: format!("t{n:03}"),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: None,
        payload: (0..60_000).map(|_| byte()).collect::<Vec<u8>>().into(),
    };
    let states: Vec<NewToken> = (0..40).map(state).collect();
    device.engine.put(states).await.unwrap();
    40
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_as_it_comes_before_kubo_carries_a_wallet() {
    let (_cluster, apis) = kubo(2).await;
    let nginx = Nginx::before(&apis, AS_IT_COMES, "", None).await;
    let nodes = nginx.nodes_json("http", &json!({}));
    let device = Device::on(&nodes, clock()).await;
    let count = put_bulk(&device).await;
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    assert!(device.engine.node_health().iter().all(|node| node.state == NodeState::Up));
    device.close().await;
    let log = nginx.log();
    assert!(log.iter().any(|line| line.contains(" 413 ")), "its limit was met: {log:?}");
    let other = Device::on(&nodes, clock()).await;
    assert_eq!(other.restore().await.len(), count);
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_goes_over_http2_and_the_end_of_a_connection_costs_one_request() {
    let (_cluster, apis) = kubo(2).await;
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    // Connections end after a few requests: HTTP/2 says so by GOAWAY.
    let nginx = Nginx::before(&apis, "keepalive_requests 5;", "", Some(&server)).await;
    let trusts = json!({"ca": ca.pem(), "token": "t"});
    let nodes = nginx.nodes_json("https", &trusts);
    let device = Device::patient(&nodes, clock()).await;
    let count = put_bulk(&device).await;
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    for n in 0..5 {
        device.put(&format!("more-{n}")).await;
        let report = device.verify().await;
        assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
        // On a busy machine an answer may come after the grace of a reading, which is said.
        let others: Vec<&String> =
            report.warnings.iter().filter(|line| !line.starts_with("late: ")).collect();
        assert!(others.is_empty(), "{others:?}");
    }
    assert!(device.engine.node_health().iter().all(|node| node.state == NodeState::Up));
    device.close().await;
    let log = nginx.log();
    assert!(log.iter().all(|line| line.contains(" HTTP/2.0 ")), "{log:?}");
    let mut connections: Vec<&str> = log.iter().filter_map(|line| line.split(' ').next()).collect();
    connections.dedup();
    assert!(connections.len() > 5, "connections ended: {connections:?}");
    let other = Device::patient(&nodes, clock()).await;
    assert_eq!(other.restore().await.len(), count + 5);
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_lost_at_the_end_of_a_connection() {
    let (_cluster, apis) = kubo(1).await;
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    let nginx = Nginx::before(&apis, "keepalive_requests 3;", "", Some(&server)).await;
    let secure =
        node(&json!({"id": "n", "api": format!("https://127.0.0.1:{}", nginx.ports[0]), "ca": ca.pem()}));
    for round in 0..20 {
        let asked = [call(), call(), call()];
        let answers = futures_util::future::join_all(asked.iter().map(|call| secure.machine(call))).await;
        assert!(answers.iter().all(Result::is_ok), "round {round}: {answers:?}");
    }
    // Many at once, of which the first connections take a few each.
    for round in 0..5 {
        let fresh =
            node(&json!({"id": "n", "api": format!("https://127.0.0.1:{}", nginx.ports[0]), "ca": ca.pem()}));
        let asked: Vec<_> = (0..50).map(|_| call()).collect();
        let answers = futures_util::future::join_all(asked.iter().map(|call| fresh.machine(call))).await;
        assert!(answers.iter().all(Result::is_ok), "round {round}: {answers:?}");
    }
    let nginx = Nginx::before(&apis, "keepalive_requests 3;", "", None).await;
    let plain = node(&json!({"id": "n", "api": format!("http://127.0.0.1:{}", nginx.ports[0])}));
    for round in 0..20 {
        let call = call();
        plain.machine(&call).await.unwrap_or_else(|e| panic!("round {round}: {e}"));
    }
}
