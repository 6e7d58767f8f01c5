//! `/routing/v1/ipns`: records over the gateway's port.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::Name;

use super::names::RECORD;
use super::reply::Refusal;
use crate::node::Node;
use crate::xxhash::xxhash64;

const UNPARSED: &str = "unable to parse CID: invalid cid: selected encoding not supported";

pub(super) async fn ipns(node: Arc<Node>, text: &str, request: Request) -> Result<Response, Refusal> {
    if !matches!(*request.method(), Method::GET | Method::PUT) {
        return Ok(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    // Only the CID forms: a peer id has no multibase prefix.
    let Some(name) = Name::parse(text).ok().filter(|_| !text.starts_with("12D3")) else {
        return Ok(plain(StatusCode::BAD_REQUEST, UNPARSED.to_owned()));
    };
    if *request.method() == Method::PUT {
        put(&node, &name, request).await
    } else {
        get(&node, &name, request).await
    }
}

async fn get(node: &Node, name: &Name, request: Request) -> Result<Response, Refusal> {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let accept = accept.unwrap_or("*/*").to_owned();
    drop(request);
    if !accept.contains(RECORD) && !accept.contains("*/*") {
        let text = format!("content type in 'Accept' header is not supported, retry with '{RECORD}'");
        return Ok(plain(StatusCode::NOT_ACCEPTABLE, text));
    }
    let Some((raw, record)) = node.get_online(name).await else {
        let cache =
            [(header::CACHE_CONTROL, "public, max-age=15, stale-while-revalidate=60, stale-if-error=3600")];
        return Ok(
            (cache, Refusal::text(StatusCode::OK, "delegate error: routing: not found")).into_response()
        );
    };
    let ttl = record.map_or(0, |record| record.ttl_ns / 1_000_000_000);
    let headers = [
        (header::CONTENT_TYPE, RECORD.to_owned()),
        (header::CACHE_CONTROL, format!("public, max-age={ttl}")),
        (header::ETAG, format!("\"{:x}\"", xxhash64(&raw))),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.ipns-record\"", name.k51())),
    ];
    Ok((headers, raw).into_response())
}

async fn put(node: &Node, name: &Name, request: Request) -> Result<Response, Refusal> {
    if request.headers().get(header::CONTENT_TYPE).is_none_or(|value| value.as_bytes() != RECORD.as_bytes()) {
        let text = "content type in 'Content-Type' header is missing or not supported";
        return Ok(plain(StatusCode::NOT_ACCEPTABLE, text.to_owned()));
    }
    // What is beyond the limit is not read, so that a long record is a malformed one.
    let mut raw = to_bytes(request.into_body(), 16 * limits::RECORD_BYTES)
        .await
        .map_err(|_| Refusal::text(StatusCode::BAD_REQUEST, "http: request body too large"))?;
    raw.truncate(limits::RECORD_BYTES);
    match node.check_record(name, &raw) {
        Ok(record) => {
            node.put_online(record).await;
            Ok(StatusCode::OK.into_response())
        }
        Err(reason) => Ok(plain(StatusCode::BAD_REQUEST, format!("provided record is invalid: {reason}"))),
    }
}

/// Text without the line feed that the rest of Kubo ends its errors with.
fn plain(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
