//! The HTTP face of a node: which request goes where, and the faults that show on every request.

mod call;
mod content;
mod drops;
mod gateway;
mod names;
mod pins;
mod pubsub;
mod reply;
mod routing;
mod traffic;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::fault::Fault;
use crate::node::Node;
use crate::port::{Accept, ResetSwitch};
use call::Call;
use reply::Refusal;

/// One of a node's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    Api,
    Gateway,
}

#[derive(Clone)]
struct Door {
    node: Arc<Node>,
    surface: Surface,
}

/// Answers requests on one port of a node, for ever.
pub(crate) async fn serve(node: Arc<Node>, surface: Surface) {
    let port = match surface {
        Surface::Api => node.api.clone(),
        Surface::Gateway => node.gateway.clone(),
    };
    let router = Router::new().fallback(answer).with_state(Door { node, surface });
    let service = router.into_make_service_with_connect_info::<ResetSwitch>();
    if let Err(error) = axum::serve(Accept(port), service).await {
        tracing::error!(%error, "a node stopped serving");
    }
}

async fn answer(
    State(door): State<Door>,
    ConnectInfo(reset): ConnectInfo<ResetSwitch>,
    request: Request,
) -> Response {
    let (line, request) = traffic::log(&door.node, request);
    let wait = door.node.wait();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let response = match everywhere(&door) {
        Some(response) => response,
        None => match door.surface {
            Surface::Api => rpc(door.node.clone(), request).await,
            Surface::Gateway => gateway::answer(door.node.clone(), request).await,
        }
        .unwrap_or_else(IntoResponse::into_response),
    };
    let cut = door
        .node
        .find_fault(|fault| if let Fault::Reset { after_bytes } = fault { Some(*after_bytes) } else { None });
    traffic::count(line, response, cut.map(|after_bytes| (after_bytes, reset)))
}

/// What a fault answers to every request.
fn everywhere(door: &Door) -> Option<Response> {
    let node = &door.node;
    if node.has(Fault::Html) {
        let page = "<!DOCTYPE html><html><body><h1>Welcome to the hotel</h1>Please log in.</body></html>";
        return Some(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response());
    }
    if let Some(status) =
        node.find_fault(|fault| if let Fault::ServerError(s) = fault { Some(*s) } else { None })
    {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Some(Refusal::text(status, status.canonical_reason().unwrap_or("error")).into_response());
    }
    let denied = node.has(Fault::Denied) && door.surface == Surface::Api;
    denied.then(|| access_denied().into_response())
}

fn access_denied() -> Refusal {
    Refusal::text(
        StatusCode::FORBIDDEN,
        "Kubo RPC Access Denied: Please provide a valid authorization token as defined in the API.Authorizations configuration.",
    )
}

/// The commands of the RPC that are there.
const COMMANDS: [&str; 21] = [
    "block/get",
    "block/put",
    "block/rm",
    "block/stat",
    "dag/export",
    "dag/import",
    "dag/stat",
    "id",
    "name/get",
    "name/put",
    "pin/add",
    "pin/ls",
    "pin/rm",
    "pin/update",
    "pubsub/pub",
    "pubsub/sub",
    "repo/gc",
    "routing/get",
    "routing/put",
    "swarm/peers",
    "version",
];

async fn rpc(node: Arc<Node>, request: Request) -> Result<Response, Refusal> {
    let missing = || Refusal::text(StatusCode::NOT_FOUND, "404 page not found");
    let command =
        request.uri().path().strip_prefix("/api/v0/").unwrap_or_default().trim_end_matches('/').to_owned();
    if !COMMANDS.contains(&command.as_str()) {
        return Err(missing());
    }
    match *request.method() {
        Method::POST => {}
        Method::OPTIONS => {
            return Ok(
                (StatusCode::NO_CONTENT, [(header::ALLOW, "OPTIONS, POST")], Body::empty()).into_response()
            );
        }
        _ => {
            let refusal = Refusal::text(StatusCode::METHOD_NOT_ALLOWED, "405 - Method Not Allowed");
            return Ok(([(header::ALLOW, "OPTIONS, POST")], refusal).into_response());
        }
    }
    check_origin(&node, &request)?;
    check_token(&node, &request)?;
    let Some(call) = Call::new(node, request) else {
        // A timeout that does not parse: Kubo answers 200 and nothing.
        return Ok(StatusCode::OK.into_response());
    };
    match command.as_str() {
        "version" => Ok(reply::json(&json!({
            "Version": call.node.dialect().version(), "Commit": "", "Repo": "18", "System": "dev-nodes", "Golang": "none",
        }))),
        "id" => Ok(reply::json(&json!({
            "ID": call.node.id, "PublicKey": "", "Addresses": [], "AgentVersion": format!("kubo/{}", call.node.dialect().version()), "Protocols": [],
        }))),
        "swarm/peers" => Ok(reply::json(&json!({
            "Peers": call.node.reachable_peers().map(|peer| json!({"Peer": peer.id})).collect::<Vec<_>>(),
        }))),
        "block/get" => content::block_get(&call).await,
        "block/put" => content::block_put(&call).await,
        "block/rm" => drops::block_rm(&call),
        "block/stat" => content::block_stat(&call).await,
        "dag/export" => content::dag_export(&call).await,
        "dag/import" => content::dag_import(&call).await,
        "dag/stat" => content::dag_stat(&call).await,
        "name/get" => names::name_get(&call).await,
        "name/put" => names::name_put(&call).await,
        "pin/add" => pins::add(&call).await,
        "pin/ls" => pins::list(&call),
        "pin/rm" => pins::remove(&call),
        "pin/update" => pins::update(&call).await,
        "pubsub/pub" => pubsub::publish(&call).await,
        "pubsub/sub" => pubsub::subscribe(&call),
        "repo/gc" => pins::collect_garbage(&call).await,
        "routing/get" => names::routing_get(&call).await,
        "routing/put" => names::routing_put(&call).await,
        _ => Err(missing()),
    }
}

/// Browsers are kept out: a foreign origin or referrer, or a browser that sends neither.
fn check_origin(node: &Node, request: &Request) -> Result<(), Refusal> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let own = |origin: &str| {
        let port = node.api.address().port();
        ["127.0.0.1", "localhost"].iter().any(|host| origin == format!("http://{host}:{port}"))
    };
    let origin = text(header::ORIGIN);
    let referer = text(header::REFERER);
    let browser = text(header::USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla"));
    let from_own_page = |page: &str| own(page.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").as_str());
    if origin.is_some_and(|origin| !own(origin))
        || referer.is_some_and(|page| !from_own_page(page))
        || (browser && origin.is_none() && referer.is_none())
    {
        return Err(Refusal::text(StatusCode::FORBIDDEN, "403 - Forbidden"));
    }
    Ok(())
}

fn check_token(node: &Node, request: &Request) -> Result<(), Refusal> {
    let Some(token) = &node.token else { return Ok(()) };
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent.and_then(|sent| sent.strip_prefix("Bearer ")) == Some(token) {
        Ok(())
    } else {
        Err(access_denied())
    }
}
