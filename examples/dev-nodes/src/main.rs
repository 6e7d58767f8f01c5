//! `dev-nodes`: the embedded cluster as a program, with faults on demand over a loopback control port.
//!
//! Prints the nodes file on stdout and where it listens for control on stderr, then runs until SIGINT or
//! SIGTERM. Control: `GET /control` lists the nodes; `POST /control/{node}/fault` takes `{"fault": "slow",
//! "ms": 300}`, `POST /control/{node}/kill`, `…/revive`, `…/wipe` and `…/forget-records` take nothing.
//! `{node}` is its number from 0 or its id.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use dev_nodes::{Cluster, DevNode, Fault, Options, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Runs Kubo-like nodes for development.
#[derive(Parser)]
#[command(name = "dev-nodes", version)]
struct Arguments {
    /// Number of nodes, 1 to 32.
    #[arg(long, default_value_t = 5)]
    count: usize,
    /// Also writes the nodes file here, and removes it at the end.
    #[arg(long)]
    nodes_file: Option<PathBuf>,
    /// Port of the control endpoint; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// Bearer token that the RPC of each node asks for.
    #[arg(long)]
    token: Option<String>,
    /// HTTP only: the nodes are no libp2p peers, and `swarm` is empty in the nodes file.
    #[arg(long)]
    no_swarm: bool,
    /// The nodes have no pubsub, as Kubo without `Pubsub.Enabled`.
    #[arg(long)]
    no_pubsub: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("dev-nodes: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let options = Options {
        count: arguments.count,
        token: arguments.token,
        swarm: cfg!(feature = "swarm") && !arguments.no_swarm,
        settings: Settings { pubsub: !arguments.no_pubsub, ..Settings::default() },
    };
    let cluster = Arc::new(Cluster::start_with(options).await.map_err(|e| e.to_string())?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.control_port))
        .await
        .map_err(|e| format!("control port: {e}"))?;
    let address = listener.local_addr().map_err(|e| format!("control port: {e}"))?;
    let file = NodesFile::write(arguments.nodes_file, &cluster.nodes_json())?;
    // Whoever reads stdout may be gone; the nodes run on.
    let _ = writeln!(std::io::stdout(), "{}", cluster.nodes_json().trim_end());
    eprintln!("dev-nodes: control at http://{address}/control");
    let control = Router::new()
        .route("/control", get(list))
        .route("/control/{node}/{action}", post(act))
        .with_state(cluster);
    tokio::select! {
        served = async { axum::serve(listener, control).await } => served.map_err(|e| e.to_string())?,
        () = asked_to_end() => {}
    }
    drop(file);
    Ok(())
}

/// The nodes file on disk, there only while the nodes run.
struct NodesFile(Option<PathBuf>);

impl NodesFile {
    fn write(path: Option<PathBuf>, json: &str) -> Result<Self, String> {
        if let Some(path) = &path {
            std::fs::write(path, json).map_err(|e| format!("nodes file: {e}"))?;
        }
        Ok(Self(path))
    }
}

impl Drop for NodesFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn asked_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = interrupted.await;
}

async fn list(State(cluster): State<Arc<Cluster>>) -> Json<Value> {
    let nodes = cluster.nodes().iter().enumerate().map(|(number, node)| {
        json!({
            "number": number, "id": node.id(), "api": node.api_url(), "gateway": node.gateway_url(),
            "faults": node.faults().iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>(),
            "blocks": node.blocks().len(), "pins": node.pins().len(),
        })
    });
    Json(nodes.collect())
}

async fn act(
    State(cluster): State<Arc<Cluster>>,
    Path((node, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    // A web page may not reach it: browsers send an origin with every POST.
    if headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "no browsers\n").into_response();
    }
    let number = node.parse::<usize>().ok();
    let found = cluster.nodes().iter().enumerate().find(|(at, one)| Some(*at) == number || one.id() == node);
    let Some((_, found)) = found else {
        return (StatusCode::NOT_FOUND, "no such node\n").into_response();
    };
    match apply(found, &action, &body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, message + "\n").into_response(),
    }
}

async fn apply(node: &DevNode, action: &str, body: &str) -> Result<(), String> {
    match action {
        "fault" => {
            let value: Value = serde_json::from_str(body).map_err(|e| e.to_string())?;
            node.set_fault(Fault::from_json(&value)?);
        }
        "forget-records" => node.forget_records(),
        "kill" => node.kill(),
        "revive" => node.revive().await.map_err(|e| e.to_string())?,
        "wipe" => node.wipe(),
        other => return Err(format!("no such action: {other}")),
    }
    Ok(())
}
