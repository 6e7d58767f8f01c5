//! Counting and cutting bodies.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::node::{Logged, Node};
use crate::port::ResetSwitch;

/// The last bytes before a reset get this long to leave; a reset throws away what is still queued.
const LAST_BYTES: Duration = Duration::from_millis(20);

/// Opens a line of the node's log for a request and counts its body into it.
pub(crate) fn log(node: &Node, request: Request) -> (Arc<Logged>, Request) {
    let line = Arc::new(Logged {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        status: AtomicU16::new(0),
        bytes_in: AtomicU64::new(0),
        bytes_out: AtomicU64::new(0),
    });
    node.log(line.clone());
    let counted = line.clone();
    let request = request.map(|body| {
        Body::from_stream(body.into_data_stream().inspect_ok(move |chunk: &Bytes| {
            counted.bytes_in.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        }))
    });
    (line, request)
}

/// Counts the answer's body, and cuts it where a fault says so.
pub(crate) fn count(line: Arc<Logged>, response: Response, cut: Option<(u64, ResetSwitch)>) -> Response {
    line.status.store(response.status().as_u16(), Ordering::SeqCst);
    let response = match cut {
        Some((after_bytes, reset)) => response.map(|body| cut_body(body, after_bytes, reset)),
        None => response,
    };
    if let Some(len) = response.body().size_hint().exact() {
        // Left as it is, so that its length is announced.
        if line.method != "HEAD" {
            line.bytes_out.fetch_add(len, Ordering::SeqCst);
        }
        return response;
    }
    response.map(|body| {
        Body::from_stream(body.into_data_stream().inspect_ok(move |chunk: &Bytes| {
            line.bytes_out.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        }))
    })
}

fn cut_body(body: Body, after_bytes: u64, reset: ResetSwitch) -> Body {
    let mut left = after_bytes;
    let head = body.into_data_stream().map_err(io::Error::other).scan(false, move |over, chunk| {
        let next = match chunk {
            _ if *over => None,
            Ok(chunk) => {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                left = left.saturating_sub(len as u64);
                *over = left == 0;
                Some(Ok(chunk.slice(..len)))
            }
            Err(error) => Some(Err(error)),
        };
        std::future::ready(next)
    });
    let end = stream::once(async move {
        tokio::time::sleep(LAST_BYTES).await;
        reset.pull();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(head.chain(end))
}
