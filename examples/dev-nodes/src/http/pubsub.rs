//! `pubsub/*` of the RPC.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use futures_util::stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::call::Call;
use super::reply::Refusal;
use crate::pubsub::Message;

const OFF: &str =
    "experimental pubsub feature not enabled, run daemon with --enable-pubsub-experiment to use";

/// The topic; pubsub has to be on.
fn topic(call: &Call) -> Result<Vec<u8>, Refusal> {
    let text = call.argument(0, "topic")?;
    let bytes = text.strip_prefix('u').and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let wrong = || Refusal::rpc("URL arg must be multibase encoded: selected encoding not supported");
    let topic = bytes.ok_or_else(wrong)?;
    if call.node.shared.settings().pubsub { Ok(topic) } else { Err(Refusal::rpc(OFF)) }
}

/// The head of the answer comes at once, then one line a message without end.
pub(super) fn subscribe(call: &Call) -> Result<Response, Refusal> {
    let topic = topic(call)?;
    let heard = call.node.shared.topics.listen(&topic);
    let name = text(&topic);
    let lines = stream::unfold((heard, name), |(mut heard, name)| async move {
        loop {
            match heard.recv().await {
                Ok(message) => return Some((Ok::<_, Infallible>(line(&message, &name)), (heard, name))),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(lines)).into_response())
}

pub(super) async fn publish(call: &Call) -> Result<Response, Refusal> {
    let topic = topic(call)?;
    let data = call.file("data").await?;
    call.node.shared.topics.send(&call.node.id, &topic, data);
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], Body::empty()).into_response())
}

fn text(bytes: &[u8]) -> String {
    format!("u{}", BASE64URL_NOPAD.encode(bytes))
}

fn line(message: &Message, topic: &str) -> String {
    let (data, number) = (text(&message.data), text(&message.number.to_be_bytes()));
    let line = json!({"from": &*message.from, "data": data, "seqno": number, "topicIDs": [topic]});
    format!("{line}\n")
}
