//! Proxies: SOCKS5 with names that only the proxy knows, and HTTP, plain and tunnelled.

use std::sync::{Arc, Mutex};

use dev_nodes::Cluster;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::authority::{Authority, When};
use super::front::{ask, tls_before};
use super::way::{Door, authority, pass};

/// A proxy that leads every name to one port, and what it was asked for.
struct Proxy {
    door: Door,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn socks(backend: String) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let door = Door::open(move |stream| {
            let (backend, log) = (backend.clone(), log.clone());
            async move {
                if let Some((name, stream)) = accept_socks(stream).await {
                    log.lock().unwrap().push(name);
                    pass(stream, &backend).await;
                }
            }
        })
        .await;
        Self { door, asked }
    }

    async fn http(backend: String) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let door = Door::open(move |stream| {
            let (backend, log) = (backend.clone(), log.clone());
            async move {
                let (head, mut stream) = read_head(stream).await;
                let lines = head.lines().filter(|line| {
                    line.starts_with("CONNECT ")
                        || line.starts_with("POST ")
                        || line.to_lowercase().starts_with("proxy-auth")
                });
                log.lock().unwrap().extend(lines.map(str::to_owned));
                if head.starts_with("CONNECT ") {
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    return pass(stream, &backend).await;
                }
                // The whole URL in the first line is fine with a server.
                let mut node = TcpStream::connect(&backend).await.unwrap();
                node.write_all(head.as_bytes()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut node).await;
            }
        })
        .await;
        Self { door, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a SOCKS5 request for a name, without authentication or with user and password (RFC 1928, 1929).
async fn accept_socks(mut stream: TcpStream) -> Option<(String, TcpStream)> {
    let methods = usize::from(read_exact::<2>(&mut stream).await?[1]);
    let mut offered = vec![0; methods];
    stream.read_exact(&mut offered).await.ok()?;
    let mut said = String::new();
    if offered.contains(&2) {
        stream.write_all(&[5, 2]).await.ok()?;
        read_exact::<1>(&mut stream).await?;
        for _ in 0..2 {
            let mut text = vec![0; usize::from(read_exact::<1>(&mut stream).await?[0])];
            stream.read_exact(&mut text).await.ok()?;
            said += &format!("{} ", String::from_utf8(text).unwrap());
        }
        stream.write_all(&[1, 0]).await.ok()?;
    } else {
        stream.write_all(&[5, 0]).await.ok()?;
    }
    let [_, _, _, kind] = read_exact::<4>(&mut stream).await?;
    assert_eq!(kind, 3, "an address instead of a name was sent");
    let mut name = vec![0; usize::from(read_exact::<1>(&mut stream).await?[0])];
    stream.read_exact(&mut name).await.ok()?;
    let port = u16::from_be_bytes(read_exact::<2>(&mut stream).await?);
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    Some((format!("{said}{}:{port}", String::from_utf8(name).unwrap()), stream))
}

async fn read_exact<const N: usize>(stream: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn read_head(mut stream: TcpStream) -> (String, TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap(), stream)
}

#[tokio::test]
async fn socks5_finds_a_name_that_only_the_proxy_knows() {
    let cluster = Cluster::start(1).await.unwrap();
    let proxy = Proxy::socks(authority(&cluster.node(0).api_url())).await;
    let through = format!("socks5h://{}", proxy.door.address);
    let node = json!({"id": "n", "api": "http://node.invalid:5001", "proxy": through});
    ask(&node).await.unwrap();
    assert_eq!(proxy.asked(), ["node.invalid:5001"]);
    let through = format!("socks5h://me:pass%20word@{}", proxy.door.address);
    ask(&json!({"id": "n", "api": "http://node.invalid:5001", "proxy": through})).await.unwrap();
    assert_eq!(proxy.asked()[1], "me pass word node.invalid:5001");
}

#[tokio::test]
async fn tls_goes_through_socks5_and_is_checked_by_the_name() {
    let cluster = Cluster::start(1).await.unwrap();
    let ca = Authority::new();
    let server = ca.issue(&["node.invalid"], When::Now).served();
    let door = tls_before(server, authority(&cluster.node(0).api_url())).await;
    let proxy = Proxy::socks(door.address.to_string()).await;
    let through = format!("socks5h://{}", proxy.door.address);
    let at = |host: &str| json!({"id": "n", "api": format!("https://{host}"), "proxy": through, "ca": ca.pem(), "token": "t"});
    ask(&at("node.invalid")).await.unwrap();
    let told = ask(&at("other.invalid")).await.unwrap_err();
    assert_eq!(told.message(), "its certificate is for another host");
}

#[tokio::test]
async fn an_http_proxy_carries_plain_requests_and_tunnels_tls() {
    let cluster = Cluster::start(1).await.unwrap();
    let backend = authority(&cluster.node(0).api_url());
    let proxy = Proxy::http(backend.clone()).await;
    let through = format!("http://me:pw@{}", proxy.door.address);
    ask(&json!({"id": "n", "api": "http://node.invalid:5001", "proxy": through})).await.unwrap();
    assert!(proxy.asked()[0].starts_with("POST http://node.invalid:5001/api/v0/id"), "{:?}", proxy.asked());
    assert!(proxy.asked()[1].ends_with("Basic bWU6cHc="), "{:?}", proxy.asked());

    let ca = Authority::new();
    let door = tls_before(ca.issue(&["node.invalid"], When::Now).served(), backend).await;
    let proxy = Proxy::http(door.address.to_string()).await;
    let through = format!("http://{}", proxy.door.address);
    let node =
        json!({"id": "n", "api": "https://node.invalid", "proxy": through, "ca": ca.pem(), "token": "t"});
    ask(&node).await.unwrap();
    assert_eq!(
        proxy.asked(),
        ["CONNECT node.invalid:443 HTTP/1.1"],
        "the proxy sees the name and nothing else"
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_as_that() {
    let cluster = Cluster::start(1).await.unwrap();
    let api = cluster.node(0).api_url();
    for proxy in ["socks5h://127.0.0.1:9", "http://127.0.0.1:9"] {
        let told = ask(&json!({"id": "n", "api": api, "proxy": proxy})).await.unwrap_err();
        assert_eq!(told.message(), "no connection through the proxy", "the node is not asked past it");
    }
}
