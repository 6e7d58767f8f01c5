//! TLS before a plain port, and what one node says through it.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::config::Timeouts;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::node::{Call, Meter, Node};
use tauri_plugin_wallet_sync::{Config, Error, NodeConfig};
use tokio_rustls::TlsAcceptor;

use super::way::{Door, pass};

/// More than any answer on the loopback takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// TLS in front of a plain port; `seen` of each connection that came as far.
pub async fn tls_before(config: ServerConfig, backend: String) -> Door {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Door::open(move |stream| {
        let (acceptor, backend) = (acceptor.clone(), backend.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                pass(stream, &backend).await;
            }
        }
    })
    .await
}

/// A node of a nodes file, checked as the engine checks it.
pub fn configured(json: &serde_json::Value) -> NodeConfig {
    let mut config = Config::default();
    config.nodes = Config::parse_nodes(&serde_json::json!([json]).to_string()).unwrap();
    config.validate().unwrap();
    config.nodes.remove(0)
}

pub fn node(json: &serde_json::Value) -> KuboNode {
    KuboNode::new(&configured(json), &Http::new().unwrap(), &Timeouts::default()).unwrap()
}

pub fn call() -> Call {
    Call { deadline: monotonic() + PATIENCE, meter: Arc::new(Meter::default()) }
}

/// Asks a node which machine it is.
pub async fn ask(json: &serde_json::Value) -> Result<String, Error> {
    node(json).machine(&call()).await
}
