//! Sends requests and reads answers within bounds: each body is limited in bytes, in the pause between two chunks, and by
//! the call's deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout_at;

use super::asking::Asking;
use super::line::Line;
use super::words::failed;
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::Call;

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
    /// It says how to be let in.
    pub wants_credentials: bool,
    pub body: Bytes,
    /// Of a large body, its room: given back when it was judged.
    pub _room: Option<OwnedSemaphorePermit>,
}

/// An answer whose body is still to be read.
pub(super) struct StreamedAnswer<'a> {
    line: &'a Line,
    pub status: StatusCode,
    asked: String,
    pub content_type: String,
    retry_after: Option<Duration>,
    wants_credentials: bool,
    response: Response,
    deadline: tokio::time::Instant,
    idle: Duration,
}

/// Sends a request and returns the head of the answer.
pub(super) async fn open<'a>(
    asking: Asking<'a>,
    accept: Option<&'static str>,
    body_bytes: u64,
    bounds: Bounds,
    call: &Call,
) -> Result<StreamedAnswer<'a>, Error> {
    let Asking { line, mut request, again } = asking;
    call.meter.sent(body_bytes);
    let now = monotonic();
    // A caller that gives more time than usual gets more of each request.
    let share = (call.deadline.saturating_duration_since(now) / 4).min(limits::LONGEST_SHARE);
    let deadline = call.deadline.min(now + bounds.total.max(share));
    if let Some(accept) = accept {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
    }
    let asked = asked_by(request.url().path());
    let begins = deadline.min(now + bounds.head.max(share));
    let is_short = request.body().is_none() && bounds.bytes <= limits::SHORT_ANSWER_BYTES;
    let sending = line.send(request, again, is_short, body_bytes, call);
    let response = timeout_at(begins, sending).await.map_err(|_| too_slow())??;
    if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
        && encoding.as_bytes() != b"identity"
    {
        return Err(Error::new(Code::Invalid, "the answer is compressed although that was refused"));
    }
    let text = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    Ok(StreamedAnswer {
        line,
        status: response.status(),
        asked,
        content_type: text(CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("").trim().to_owned(),
        retry_after: text(RETRY_AFTER)
            .and_then(|value| value.trim().parse::<u64>().ok())
            .map(|seconds| Duration::from_secs(seconds).min(limits::RETRY_AFTER)),
        wants_credentials: response.headers().contains_key(WWW_AUTHENTICATE),
        response,
        deadline,
        idle: bounds.idle,
    })
}

impl StreamedAnswer<'_> {
    /// How HTTP was spoken: `HTTP/1.1`, `HTTP/2.0`.
    pub fn protocol(&self) -> String {
        format!("{:?}", self.response.version())
    }

    /// What the answer says of the time, unread.
    pub fn date(&self) -> Option<String> {
        let value = self.response.headers().get(DATE)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// The next chunk of the body.
    pub async fn chunk(&mut self, call: &Call) -> Result<Option<Bytes>, Error> {
        let until = self.deadline.min(monotonic() + self.idle);
        let chunk = timeout_at(until, self.response.chunk()).await.map_err(|_| too_slow())?;
        let chunk = chunk.map_err(|e| failed(e, self.line.has_proxy()))?;
        if let Some(chunk) = &chunk {
            self.line.note_chunk(chunk.len());
            call.meter.received(chunk.len() as u64);
            // The deadline counts here too.
            let _ = timeout_at(self.deadline, call.meter.let_in(chunk.len())).await;
        }
        Ok(chunk)
    }

    /// The whole body, refused as soon as it exceeds its bound.
    pub async fn read(mut self, most: usize, call: &Call) -> Result<HttpAnswer, Error> {
        let most = if self.status.is_success() { most } else { limits::ERROR_BODY_BYTES };
        let (mut body, mut room) = (BytesMut::new(), None);
        while let Some(chunk) = self.chunk(call).await? {
            if body.len() + chunk.len() > most {
                if self.status.is_success() {
                    return Err(Error::new(Code::TooLarge, format!("an answer of more than {most} bytes")));
                }
                break;
            }
            if room.is_none() && body.len() + chunk.len() > limits::SMALL_ANSWER_BYTES {
                room = timeout_at(self.deadline, self.line.room()).await.map_err(|_| too_slow())?;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer {
            status: self.status,
            asked: self.asked,
            content_type: self.content_type,
            retry_after: self.retry_after,
            wants_credentials: self.wants_credentials,
            body: body.freeze(),
            _room: room,
        })
    }
}

/// Sends a request and reads its answer.
pub(super) async fn exchange(
    asking: Asking<'_>,
    accept: Option<&'static str>,
    body_bytes: u64,
    bounds: Bounds,
    call: &Call,
) -> Result<HttpAnswer, Error> {
    open(asking, accept, body_bytes, bounds, call).await?.read(bounds.bytes, call).await
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
