//! Certificates: what is trusted, and in which words it is told what is wrong.

use dev_nodes::Cluster;
use serde_json::json;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::config::Timeouts;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};

use super::authority::{Authority, When};
use super::front::{ask, call, configured, tls_before};
use super::way::authority;

async fn told(server: rustls::ServerConfig, extra: serde_json::Value) -> String {
    let cluster = Cluster::start(1).await.unwrap();
    let door = tls_before(server, authority(&cluster.node(0).api_url())).await;
    let mut node = json!({"id": "n", "api": format!("https://{}", door.address)});
    node.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    match ask(&node).await {
        Ok(_) => "an answer".to_owned(),
        Err(e) => {
            assert_eq!(e.code(), Code::Unreachable);
            e.message().to_owned()
        }
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_where_it_is_configured_as_text_or_file() {
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem().replace('\n', "\r\n")).unwrap();
    assert_eq!(told(server.served(), json!({"ca": ca.pem()})).await, "an answer");
    assert_eq!(told(server.served(), json!({"ca": file.path()})).await, "an answer");
    let other = Authority::named("other").pem();
    let not_trusted = "the issuer of its certificate is not trusted here: set ca";
    assert_eq!(told(server.served(), json!({})).await, not_trusted);
    assert_eq!(told(server.served(), json!({ "ca": other })).await, not_trusted);
    // A CA that was made anew.
    let former = Authority::new().pem();
    assert!(told(server.served(), json!({ "ca": former })).await.ends_with("ca may be an old one"));
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_told_by_what_is_wrong() {
    let ca = Authority::new();
    let trusts = json!({"ca": ca.pem()});
    let expired = ca.issue(&["127.0.0.1"], When::Past).served();
    assert!(told(expired, trusts.clone()).await.starts_with("its certificate has expired"));
    let early = ca.issue(&["127.0.0.1"], When::Future).served();
    assert!(told(early, trusts.clone()).await.starts_with("its certificate is not valid yet"));
    let other = ca.issue(&["other.example"], When::Now).served();
    assert_eq!(told(other, trusts).await, "its certificate is for another host");
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_asked_for_by_name() {
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    let device = ca.issue(&["device"], When::Now);
    let strict = || ca.letting_in(&server);
    let shown = json!({"ca": ca.pem(), "clientCert": device.certificate, "clientKey": device.key});
    assert_eq!(told(strict(), shown).await, "an answer");
    let both = format!("{}{}", device.key, device.certificate);
    assert_eq!(told(strict(), json!({"ca": ca.pem(), "clientCert": both})).await, "an answer");
    let none = told(strict(), json!({"ca": ca.pem()})).await;
    assert_eq!(none, "it wants a client certificate: set clientCert");
    let stranger = Authority::new().issue(&["device"], When::Now);
    let shown = json!({"ca": ca.pem(), "clientCert": stranger.certificate, "clientKey": stranger.key});
    assert!(told(strict(), shown).await.starts_with("it refuses the client certificate"));
}

#[tokio::test]
async fn plain_http_where_https_is_spoken_and_the_reverse_are_told() {
    let cluster = Cluster::start(1).await.unwrap();
    let plain = authority(&cluster.node(0).api_url());
    let told = ask(&json!({"id": "n", "api": format!("https://{plain}")})).await.unwrap_err();
    assert!(told.message().starts_with("no TLS is spoken there"), "{told}");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_by_name_and_a_file_may_come_later() {
    let (ca, other) = (Authority::new(), Authority::new());
    let device = ca.issue(&["device"], When::Now);
    let api = "https://127.0.0.1:9";
    let http = Http::new().unwrap();
    let refused = |json: serde_json::Value| {
        KuboNode::new(&configured(&json), &http, &Timeouts::default()).unwrap_err().message().to_owned()
    };
    let stranger = other.issue(&["device"], When::Now).key;
    let shown = json!({"id": "n", "api": api, "clientCert": device.certificate, "clientKey": stranger});
    assert!(refused(shown).starts_with("node n: clientKey: is not the key of clientCert"));
    let told = refused(json!({"id": "n", "api": api, "ca": "-----BEGIN CERTIFICATE-----\n5ecre7"}));
    assert_eq!(told, "node n: ca: it holds no certificate in PEM");

    let cluster = Cluster::start(1).await.unwrap();
    let server = ca.issue(&["127.0.0.1"], When::Now).served();
    let door = tls_before(server, authority(&cluster.node(0).api_url())).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let node = json!({"id": "n", "api": format!("https://{}", door.address), "ca": path});
    let node = KuboNode::new(&configured(&node), &http, &Timeouts::default()).unwrap();
    assert_eq!(node.machine(&call()).await.unwrap_err().message(), "ca: there is no such file");
    std::fs::write(&path, ca.pem()).unwrap();
    node.machine(&call()).await.unwrap();
}

/// Set where this test asks in a process of its own, whose system has another store.
const ASKED: &str = "ASKED_NODE";

#[tokio::test]
async fn a_ca_in_the_systems_store_is_trusted_without_a_word() {
    if let Ok(api) = std::env::var(ASKED) {
        ask(&json!({"id": "n", "api": api, "token": "t"})).await.unwrap();
        return;
    }
    let cluster = Cluster::start(1).await.unwrap();
    let ca = Authority::new();
    let door =
        tls_before(ca.issue(&["127.0.0.1"], When::Now).served(), authority(&cluster.node(0).api_url())).await;
    let store = tempfile::NamedTempFile::new().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let asks = |pem: String| {
        std::fs::write(store.path(), pem).unwrap();
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "certificates::a_ca_in_the_systems_store_is_trusted_without_a_word"]);
        command.env(ASKED, format!("https://{}", door.address));
        command.env("SSL_CERT_FILE", store.path()).env("SSL_CERT_DIR", empty.path());
        async move { command.output().await.unwrap().status.success() }
    };
    assert!(asks(ca.pem()).await);
    assert!(!asks(Authority::named("other").pem()).await);
    // A system that trusts nobody: the web's public CAs are left, and this is none of them.
    assert!(!asks(String::new()).await);
}
