//! The HTTP client, and reading of answers within bounds.
//!
//! No redirects, no proxy from the environment, no decompression. Each body is limited in bytes, in the pause between
//! two chunks, and by the call's deadline.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::timeout_at;

use super::opening::Opening;
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::Call;

/// The client shared by every node of every account.
#[derive(Clone, Debug)]
pub struct Http(pub(super) Client);

impl Http {
    /// Builds the client: rustls with ring and the web's public roots, HTTP/2 where TLS offers it.
    ///
    /// # Errors
    /// [`Code::Unreachable`] when TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::new(Code::Unreachable, format!("no TLS: {e}"));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .default_headers(headers)
            .connect_timeout(limits::CONNECT)
            .pool_idle_timeout(limits::POOL_IDLE)
            .tcp_nodelay(true)
            .build()
            .map_err(|e| failed(&e.without_url()))?;
        Ok(Self(client))
    }
}

/// Limits for reading one answer.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Maximum of body bytes.
    pub bytes: usize,
    /// Maximum time until the answer begins.
    pub head: Duration,
    /// Maximum pause between chunks.
    pub idle: Duration,
    /// Maximum time for everything, within the call's deadline.
    pub total: Duration,
}

/// An answer: head and whole body.
pub(super) struct HttpAnswer {
    pub status: StatusCode,
    /// What was asked: the verb, or the interface.
    pub asked: String,
    pub content_type: String,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// An answer whose body is still to be read.
pub(super) struct StreamedAnswer {
    pub status: StatusCode,
    asked: String,
    pub content_type: String,
    pub retry_after: Option<Duration>,
    response: Response,
    deadline: tokio::time::Instant,
    idle: Duration,
}

/// Sends a request and returns the head of the answer.
pub(super) async fn open(
    request: RequestBuilder,
    accept: Option<&'static str>,
    body_bytes: u64,
    bounds: Bounds,
    call: &Call,
) -> Result<StreamedAnswer, Error> {
    call.meter.sent(body_bytes);
    let now = monotonic();
    // A caller that gives more time than usual gets more of each request.
    let share = (call.deadline.saturating_duration_since(now) / 4).min(limits::LONGEST_SHARE);
    let deadline = call.deadline.min(now + bounds.total.max(share));
    let request = match accept {
        Some(accept) => request.header(ACCEPT, accept),
        None => request,
    };
    let (client, request) = request.build_split();
    let request = request.map_err(failed)?;
    let asked = asked_by(request.url().path());
    let begins = deadline.min(now + bounds.head.max(share));
    let is_short = request.body().is_none() && bounds.bytes <= limits::SHORT_ANSWER_BYTES;
    let sending = Opening::new(client.execute(request), is_short);
    let response = timeout_at(begins, sending).await.map_err(|_| too_slow())?.map_err(failed)?;
    if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
        && encoding.as_bytes() != b"identity"
    {
        return Err(Error::new(Code::Invalid, "the answer is compressed although that was refused"));
    }
    let text = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    Ok(StreamedAnswer {
        status: response.status(),
        asked,
        content_type: text(CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("").trim().to_owned(),
        retry_after: text(RETRY_AFTER)
            .and_then(|value| value.trim().parse::<u64>().ok())
            .map(|seconds| Duration::from_secs(seconds).min(limits::RETRY_AFTER)),
        response,
        deadline,
        idle: bounds.idle,
    })
}

impl StreamedAnswer {
    /// The next chunk of the body.
    pub async fn chunk(&mut self, call: &Call) -> Result<Option<Bytes>, Error> {
        let until = self.deadline.min(monotonic() + self.idle);
        let chunk =
            timeout_at(until, self.response.chunk()).await.map_err(|_| too_slow())?.map_err(failed)?;
        if let Some(chunk) = &chunk {
            call.meter.received(chunk.len() as u64);
            // The deadline counts here too.
            let _ = timeout_at(self.deadline, call.meter.let_in(chunk.len())).await;
        }
        Ok(chunk)
    }

    /// The whole body, refused as soon as it exceeds its bound.
    pub async fn read(mut self, most: usize, call: &Call) -> Result<HttpAnswer, Error> {
        let most = if self.status.is_success() { most } else { limits::ERROR_BODY_BYTES };
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk(call).await? {
            if body.len() + chunk.len() > most {
                if self.status.is_success() {
                    return Err(Error::new(Code::TooLarge, format!("an answer of more than {most} bytes")));
                }
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer {
            status: self.status,
            asked: self.asked,
            content_type: self.content_type,
            retry_after: self.retry_after,
            body: body.freeze(),
        })
    }
}

/// Sends a request and reads its answer.
pub(super) async fn exchange(
    request: RequestBuilder,
    accept: Option<&'static str>,
    body_bytes: u64,
    bounds: Bounds,
    call: &Call,
) -> Result<HttpAnswer, Error> {
    open(request, accept, body_bytes, bounds, call).await?.read(bounds.bytes, call).await
}

/// The verb of a path, or the interface; nothing that a configured address may hold before it.
fn asked_by(path: &str) -> String {
    if let Some((_, verb)) = path.rsplit_once("/api/v0/") {
        return verb.to_owned();
    }
    let is_routing = path.contains("/routing/v1/");
    if is_routing { "routing/v1".to_owned() } else { "the gateway".to_owned() }
}

fn too_slow() -> Error {
    Error::new(Code::Deadline, "no answer in time")
}

/// A transport failure, without its URL.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the answer broke off"
    };
    Error::with_source(Code::Unreachable, what, error)
}
