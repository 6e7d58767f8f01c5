//! What goes to a node with each request, and what a refusal means.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use serde_json::json;
use tauri_plugin_wallet_sync::node::is_refused;
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::net::TcpListener;

use super::front::ask;

/// What a filter of a company says: a page.
const FILTER: &str = "<!DOCTYPE html><html><body><h1>Blocked</h1>This site is not allowed.</body></html>";
/// What nginx 1.22 says.
const NGINX: &str = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1>\
    </center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
/// What Kubo 0.40 to 0.43 says.
const KUBO: &str = "Kubo RPC Access Denied: Please provide a valid authorization token as defined in the \
    API.Authorizations configuration.\n";

/// Headers of each request, answered in the same way.
async fn answers(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let app = Router::new().fallback(move |request: Request| {
        let line = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        log.lock().unwrap().extend(request.headers().iter().map(line));
        async move {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            response.body(Body::from(body)).unwrap()
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, seen)
}

async fn refusal(status: u16, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Error {
    let (url, _) = answers(status, headers, body).await;
    ask(&json!({"id": "n", "api": url})).await.unwrap_err()
}

#[tokio::test]
async fn only_kubos_own_words_mean_that_credentials_are_refused() {
    const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
    const TEXT: &[(&str, &str)] = &[("content-type", "text/plain; charset=utf-8")];
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    const BASIC: &[(&str, &str)] =
        &[("content-type", "text/html"), ("www-authenticate", "Basic realm=\"kubo\"")];
    for (headers, body) in
        [(TEXT, KUBO), (JSON, r#"{"Message":"no","Code":0,"Type":"error"}"#), (&[][..], "")]
    {
        assert_eq!(refusal(403, headers, body).await.code(), Code::Denied, "{body}");
    }
    assert_eq!(refusal(401, BASIC, NGINX).await.code(), Code::Denied, "it says how to be let in");
    for body in [FILTER, NGINX] {
        let told = refusal(403, HTML, body).await;
        assert_eq!(told.code(), Code::Unreachable, "{told}");
        assert!(is_refused(&told) && !told.message().contains("Blocked"), "{told}");
    }
    assert!(refusal(403, &[], FILTER).await.code() == Code::Unreachable, "whatever it is called");
}

#[tokio::test]
async fn a_front_that_asks_for_something_is_told_in_our_words() {
    const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
    let none = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
    let told = refusal(400, HTML, none).await;
    assert_eq!(told.message(), "it wants a client certificate: set clientCert");
    let told = refusal(400, HTML, "<title>400 The plain HTTP request was sent to HTTPS port</title>").await;
    assert_eq!(told.message(), "https is spoken there, not http");
    let told = refusal(413, HTML, "<html>").await;
    assert_eq!(told.code(), Code::TooLarge);
}

#[tokio::test]
async fn credentials_headers_and_the_agent_are_sent() {
    let (url, seen) = answers(200, &[], r#"{"ID":"12D3KooW"}"#).await;
    let headers = json!({"X-Tenant": "blue", "CF-Access-Client-Secret": "s"});
    ask(&json!({"id": "n", "api": url, "basic": "me:pass:word", "headers": headers})).await.unwrap();
    ask(&json!({"id": "n", "api": url, "basic": {"user": "me", "password": "pass:word"}})).await.unwrap();
    ask(&json!({"id": "n", "api": url, "token": "abc"})).await.unwrap();
    let seen = seen.lock().unwrap();
    let count = |line: &str| seen.iter().filter(|one| *one == line).count();
    assert_eq!(count("authorization: Basic bWU6cGFzczp3b3Jk"), 2, "{seen:?}");
    assert_eq!(count("authorization: Bearer abc"), 1);
    assert_eq!((count("x-tenant: blue"), count("cf-access-client-secret: s")), (1, 1));
    assert_eq!(count(concat!("user-agent: tauri-plugin-wallet-sync/", env!("CARGO_PKG_VERSION"))), 3);
    assert!(!seen.iter().any(|line| line.starts_with("origin") || line.starts_with("referer")));
}

#[tokio::test]
async fn credentials_stay_away_from_a_gateway_of_another_server() {
    use tauri_plugin_wallet_sync::node::Node;
    let (api, _) = answers(404, &[], "").await;
    let (gateway, seen) = answers(404, &[], "").await;
    let cid = *tauri_plugin_wallet_sync::model::block::Block::new(
        tauri_plugin_wallet_sync::model::cid::Codec::Raw,
        vec![1],
    )
    .cid();
    let node = super::front::node(&json!({"id": "n", "api": api, "gateway": gateway, "token": "abc"}));
    let _ = node.block(&cid, &super::front::call()).await;
    assert!(!seen.lock().unwrap().is_empty(), "the gateway was asked");
    assert!(!seen.lock().unwrap().iter().any(|line| line.starts_with("authorization")));
    let alone = super::front::node(&json!({"id": "n", "gateway": gateway, "token": "abc"}));
    let _ = alone.block(&cid, &super::front::call()).await;
    assert!(seen.lock().unwrap().iter().any(|line| line == "authorization: Bearer abc"));
}
