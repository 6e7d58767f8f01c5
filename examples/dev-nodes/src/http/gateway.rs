//! The gateway port: `/ipns`, `/ipfs` and the way to `/routing/v1`.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use cid::Cid;
use futures_util::{StreamExt, stream};
use tauri_plugin_wallet_sync::model::identity::Name;

use super::content::RAW;
use super::names::RECORD;
use super::reply::Refusal;
use super::routing;
use crate::node::Node;
use crate::xxhash::{base32, xxhash64};
use crate::{car, dag};

const CAR: &str = "application/vnd.ipld.car";
/// Bytes a gateway gathers before it sends the first ones.
const SEND_BUFFER: usize = 4096;
const FOREVER: &str = "public, max-age=29030400, immutable";
const PATH: HeaderName = HeaderName::from_static("x-ipfs-path");
const ROOTS: HeaderName = HeaderName::from_static("x-ipfs-roots");

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Car,
    DagJson,
    Json,
    Native,
    Raw,
    Record,
}

/// A content request with everything that shapes its answer.
struct Ask {
    node: Arc<Node>,
    head: bool,
    path: String,
    format: Format,
    options: Vec<(String, String)>,
    headers: HeaderMap,
    /// Whether the path never points at anything else.
    immutable: bool,
}

impl Ask {
    fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same complaint with the path that was asked for.
    fn refuse(&self, status: StatusCode, text: impl Into<String>) -> Response {
        ([(PATH, self.path.clone())], Refusal::text(status, text)).into_response()
    }
}

pub(super) async fn answer(node: Arc<Node>, request: Request) -> Result<Response, Refusal> {
    let path = request.uri().path().to_owned();
    if let Some(name) = path.strip_prefix("/routing/v1/ipns/") {
        return routing::ipns(node, name, request).await;
    }
    let missing = || Refusal::text(StatusCode::NOT_FOUND, "404 page not found");
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let below = parts.next().unwrap_or_default();
    if !matches!(kind, "ipfs" | "ipns") || name.is_empty() {
        return Err(missing());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = format!("Method {} not allowed: read only access", request.method());
        return Err(Refusal::text(StatusCode::METHOD_NOT_ALLOWED, text));
    }
    let Query(options) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).unwrap_or_default();
    let mut ask = Ask {
        node,
        head: *request.method() == Method::HEAD,
        format: Format::Native,
        options,
        headers: request.headers().clone(),
        immutable: kind == "ipfs",
        path: path.clone(),
    };
    ask.format = format(&ask);
    if kind == "ipns" {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        drop(request);
        return ipns(ask, name, below, &query).await;
    }
    let cid = Cid::try_from(name).map_err(|_| {
        let text = format!("invalid path \"{path}\": invalid cid: selected encoding not supported");
        Refusal::text(StatusCode::BAD_REQUEST, text)
    })?;
    if !below.is_empty() {
        return Ok(
            ask.refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("failed to resolve {path}: no link"))
        );
    }
    drop(request);
    content(&ask, &cid).await
}

/// The parameter wins over the header; a value nobody knows is ignored.
fn format(ask: &Ask) -> Format {
    let accept = ask.header(&header::ACCEPT);
    match ask.option("format") {
        Some("raw") => Format::Raw,
        Some("car") => Format::Car,
        Some("ipns-record") => Format::Record,
        Some("json") => Format::Json,
        Some("dag-json") => Format::DagJson,
        Some(_) => Format::Native,
        None if accept.contains(RAW) => Format::Raw,
        None if accept.contains(CAR) => Format::Car,
        None if accept.contains(RECORD) => Format::Record,
        None => Format::Native,
    }
}

async fn ipns(ask: Ask, text: &str, below: &str, query: &str) -> Result<Response, Refusal> {
    let unresolved = format!("failed to resolve {}: could not resolve name", ask.path);
    let Ok(name) = Name::parse(text) else {
        return Ok(ask.refuse(StatusCode::INTERNAL_SERVER_ERROR, unresolved));
    };
    if !text.starts_with("k51") {
        let target = format!("/ipns/{}{query}", name.k51());
        return Ok((StatusCode::FOUND, [(header::LOCATION, target)]).into_response());
    }
    if ask.format == Format::Record {
        if !below.is_empty() {
            return Ok(ask.refuse(StatusCode::BAD_REQUEST, "cannot find ipns key for subpath"));
        }
        return record(&ask, &name).await;
    }
    let wait = ask.node.shared.settings().gateway_wait;
    let value = tokio::time::timeout(wait, ask.node.resolve(&name)).await.map_err(|_| given_up())?;
    match value.as_deref().and_then(|value| value.strip_prefix("/ipfs/")).map(Cid::try_from) {
        Some(Ok(cid)) if below.is_empty() => content(&ask, &cid).await,
        _ => Ok(ask.refuse(StatusCode::INTERNAL_SERVER_ERROR, unresolved)),
    }
}

async fn record(ask: &Ask, name: &Name) -> Result<Response, Refusal> {
    let wait = ask.node.shared.settings().gateway_wait;
    let found = tokio::time::timeout(wait, ask.node.get_online(name)).await.map_err(|_| given_up())?;
    let Some((raw, record)) = found else {
        return Ok(ask.refuse(StatusCode::INTERNAL_SERVER_ERROR, "routing: not found"));
    };
    let ttl = record.map_or(0, |record| record.ttl_ns / 1_000_000_000);
    let headers = [
        (header::CACHE_CONTROL, format!("public, max-age={ttl}")),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.ipns-record\"", name.k51())),
        (header::CONTENT_TYPE, RECORD.to_owned()),
        // Without quotes, and no condition is ever matched against it.
        (header::ETAG, base32(xxhash64(&raw))),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (PATH, ask.path.clone()),
    ];
    Ok((headers, raw).into_response())
}

async fn content(ask: &Ask, cid: &Cid) -> Result<Response, Refusal> {
    if ask.header(&header::CACHE_CONTROL).contains("only-if-cached") {
        let here = ask.node.own_block(cid).is_some();
        if ask.head {
            return Ok(if here { StatusCode::OK } else { StatusCode::PRECONDITION_FAILED }.into_response());
        }
        if !here {
            let text = format!("\"{}\" not in local datastore", ask.path);
            return Err(Refusal::text(StatusCode::PRECONDITION_FAILED, text));
        }
    }
    let plain_cbor = cid.codec() == 0x71;
    match ask.format {
        Format::Car => car(ask, cid).await,
        Format::DagJson if plain_cbor => Ok(ask.refuse(
            StatusCode::NOT_ACCEPTABLE,
            "format \"application/vnd.ipld.dag-json\" requested but block has codec \"dag-cbor\": codec conversion is not supported, fetch raw block with ?format=raw and convert client-side",
        )),
        Format::Json if plain_cbor => {
            Ok(ask.refuse(StatusCode::BAD_REQUEST, "converting to requested format is not supported"))
        }
        Format::Record => Ok(ask.refuse(StatusCode::BAD_REQUEST, "ipns records are found under /ipns")),
        Format::Raw => raw(ask, cid, RAW, "raw").await,
        _ if plain_cbor => raw(ask, cid, "application/vnd.ipld.dag-cbor", "dag-cbor").await,
        _ => raw(ask, cid, "application/octet-stream", "bin").await,
    }
}

async fn raw(ask: &Ask, cid: &Cid, content_type: &str, suffix: &str) -> Result<Response, Refusal> {
    let wait = ask.node.shared.settings().gateway_wait;
    let Ok(bytes) = tokio::time::timeout(wait, ask.node.block(cid)).await else {
        return Err(given_up());
    };
    Ok(found(ask, cid, content_type, &format!("\"{cid}.{suffix}\""), || ask.node.forged(&bytes).into()))
}

/// Nothing was found in the time a gateway gives it.
fn given_up() -> Refusal {
    Refusal::text(
        StatusCode::GATEWAY_TIMEOUT,
        "Unable to retrieve content within timeout period: no providers found for the CID (phase: provider discovery)",
    )
}

async fn car(ask: &Ask, root: &Cid) -> Result<Response, Refusal> {
    let scope = ask.option("dag-scope").unwrap_or("all");
    if !["all", "block", "entity"].contains(&scope) {
        return Ok(
            ask.refuse(StatusCode::BAD_REQUEST, "unsupported application/vnd.ipld.car scope parameter")
        );
    }
    let wait = ask.node.shared.settings().gateway_wait;
    let mut out = car::header(root);
    let mut seen = HashSet::new();
    let mut open = vec![*root];
    let mut whole = true;
    // An answer to HEAD reads the root only.
    while let Some(cid) = open.pop() {
        if !seen.insert(cid) {
            continue;
        }
        let Ok(bytes) = tokio::time::timeout(wait, ask.node.block(&cid)).await else {
            whole = false;
            break;
        };
        if scope == "all" && !ask.head {
            open.extend(dag::links(&cid, &bytes).into_iter().rev());
        }
        out.extend(car::block(&cid, &ask.node.forged(&bytes)));
    }
    let tag = base32(xxhash64(format!("{root}{scope}").as_bytes()));
    let content_type = format!("{CAR}; version=1; order=dfs; dups=n");
    let body = || if whole { out.into() } else { cut(out) };
    Ok(found(ask, root, &content_type, &format!("W/\"{root}.car.{tag}\""), body))
}

/// What was gathered before a block could not be found, then a broken connection.
fn cut(mut out: Vec<u8>) -> Body {
    out.truncate(out.len() / SEND_BUFFER * SEND_BUFFER);
    let sent = (!out.is_empty()).then(|| Ok(Bytes::from(out)));
    let end = stream::once(async {
        // Status and headers leave before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    });
    Body::from_stream(stream::iter(sent).chain(end))
}

/// Content with its headers, or 304.
fn found(ask: &Ask, root: &Cid, content_type: &str, etag: &str, body: impl FnOnce() -> Body) -> Response {
    let mut headers = vec![
        (header::ETAG, etag.to_owned()),
        (PATH, ask.path.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if ask.immutable {
        headers.push((header::CACHE_CONTROL, FOREVER.to_owned()));
    }
    if ask.header(&header::IF_NONE_MATCH).split(',').any(|tag| tag.trim() == etag) {
        return (StatusCode::NOT_MODIFIED, table(headers)).into_response();
    }
    headers.push((header::CONTENT_TYPE, content_type.to_owned()));
    headers.push((ROOTS, root.to_string()));
    (table(headers), body()).into_response()
}

fn table(headers: Vec<(HeaderName, String)>) -> HeaderMap {
    headers.into_iter().filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect()
}
