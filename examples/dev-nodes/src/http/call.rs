//! One RPC call: its arguments, options, deadline and uploaded file.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::header;
use bytes::{Bytes, BytesMut};
use tauri_plugin_wallet_sync::clock;
use tauri_plugin_wallet_sync::model::identity::Name;
use tokio::time::Instant;

use super::reply::Refusal;
use crate::node::Node;

/// Largest uploaded file, bytes: many first-upload CARs of 8 MiB fit, a runaway does not.
const UPLOAD_BYTES: usize = 256 * 1024 * 1024;

pub(crate) struct Call {
    pub node: Arc<Node>,
    arguments: Vec<String>,
    options: Vec<(String, String)>,
    deadline: Option<Instant>,
    /// Taken by whoever reads the file; a lock only because a body cannot be shared between threads.
    upload: Mutex<Option<(String, Body)>>,
}

impl Call {
    /// Takes a request apart; `None` if its timeout is not a duration.
    pub fn new(node: Arc<Node>, request: Request) -> Option<Self> {
        let Query(options) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).unwrap_or_default();
        let (arguments, options): (Vec<_>, Vec<_>) = options.into_iter().partition(|(key, _)| key == "arg");
        let deadline = match options.iter().find(|(key, _)| key == "timeout") {
            Some((_, text)) => Some(clock::monotonic() + go_duration(text)?),
            None => None,
        };
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
        Some(Self {
            node,
            arguments: arguments.into_iter().map(|(_, value)| value).collect(),
            options,
            deadline,
            upload: Mutex::new(boundary.map(|boundary| (boundary, request.into_body()))),
        })
    }

    /// Argument `at`, or Kubo's complaint that `what` is missing.
    pub fn argument(&self, at: usize, what: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::usage(format!("argument \"{what}\" is required"));
        self.arguments.get(at).map(String::as_str).ok_or_else(missing)
    }

    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// A CID argument, with or without `/ipfs/`.
    pub fn cid(&self, at: usize, what: &str) -> Result<cid::Cid, Refusal> {
        let text = self.argument(at, what)?;
        cid::Cid::try_from(text.strip_prefix("/ipfs/").unwrap_or(text)).map_err(|_| {
            Refusal::rpc(format!("invalid path \"{text}\": path does not have enough components"))
        })
    }

    /// A name argument: for `routing/*` behind `/ipns/`, which `name/*` does not need.
    pub fn name(&self, prefix_needed: bool, what: &str) -> Result<Name, Refusal> {
        let text = self.argument(0, what)?;
        if prefix_needed && !text.starts_with("/ipns/") {
            return Err(Refusal::rpc("invalid key"));
        }
        Name::parse(text)
            .map_err(|_| Refusal::rpc("failed to parse peer ID: invalid cid: selected encoding not supported"))
    }

    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A switch; one without a value is on.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Refusal> {
        match self.option(key) {
            None => Ok(default),
            Some("" | "1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(other) => Err(Refusal::usage(format!(
                "could not convert value \"{other}\" to type \"bool\" (for option \"-{key}\")"
            ))),
        }
    }

    /// Runs work within the call's own timeout, if it has one; `None` when that is over.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
            None => Some(work.await),
        }
    }

    /// When the call's own timeout is over.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The uploaded file, or Kubo's complaint that `what` is missing.
    pub async fn file(&self, what: &str) -> Result<Bytes, Refusal> {
        let missing = || Refusal::usage(format!("file argument '{what}' is required"));
        let broken = |e: multer::Error| Refusal::rpc(format!("multipart: {e}"));
        let upload = self.upload.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (boundary, body) = upload.ok_or_else(missing)?;
        let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
        let mut part = form.next_field().await.map_err(broken)?.ok_or_else(missing)?;
        let mut file = BytesMut::new();
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            if file.len().saturating_add(chunk.len()) > UPLOAD_BYTES {
                return Err(Refusal::rpc("http: request body too large"));
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file.freeze())
    }
}

/// Reads a duration as Go writes it: numbers with units, `1m30s`, `1.5s`, `200ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let unit = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_writes_them() {
        assert_eq!(go_duration("2s"), Some(Duration::from_secs(2)));
        assert_eq!(go_duration("1m1.5s"), Some(Duration::from_millis(61_500)));
        assert_eq!(go_duration("200ms"), Some(Duration::from_millis(200)));
        for wrong in ["", "abc", "5", "s", "-1s", "5 s"] {
            assert_eq!(go_duration(wrong), None, "{wrong}");
        }
    }
}
