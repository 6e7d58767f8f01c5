//! Answers in the shapes Kubo gives them.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// Whether the text travels in the RPC's JSON.
    rpc: bool,
    text: String,
}

impl Refusal {
    /// A command that failed: 500 and a JSON message.
    pub fn rpc(text: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, rpc: true, text: text.into() }
    }

    /// Plain text and a line feed, as Go's `http.Error` writes it.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, rpc: false, text: text.into() }
    }

    /// A command that was called wrongly: 400.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::text(StatusCode::BAD_REQUEST, text)
    }

    /// The time that came with the request is over.
    pub fn deadline() -> Self {
        Self::rpc("context deadline exceeded")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self.rpc {
            let body = json!({"Message": self.text, "Code": 0, "Type": "error"});
            return (self.status, json(&body)).into_response();
        }
        let plain = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (self.status, plain, self.text + "\n").into_response()
    }
}

/// One JSON value and a line feed, chunked.
pub(crate) fn json(value: &Value) -> Response {
    lines(std::slice::from_ref(value))
}

/// JSON lines, chunked.
pub(crate) fn lines(values: &[Value]) -> Response {
    let text: String = values.iter().map(|value| format!("{value}\n")).collect();
    stream_of("application/json", text)
}

/// Bytes of a type, chunked: the RPC never tells a length.
pub(crate) fn stream_of(content_type: &'static str, bytes: impl Into<Bytes>) -> Response {
    let chunk: Bytes = bytes.into();
    let chunks = (!chunk.is_empty()).then_some(Ok::<_, std::convert::Infallible>(chunk));
    ([(header::CONTENT_TYPE, content_type)], Body::from_stream(stream::iter(chunks))).into_response()
}
