//! The Kubo client: RPC, gateway and CAR over HTTP. Only this folder names reqwest.
//!
//! Only requests that have been measured to be fast and reliable: reads of a node's own store (`offline=true`), puts
//! that report a refusal, imports and pins with a timeout on the node's side as well.

mod about;
mod asking;
mod body;
mod classify;
mod client;
mod content;
mod discard;
mod first;
mod http;
mod line;
mod opening;
mod own_store;
mod pin;
mod pubsub;
mod put;
mod record;
mod refusals;
mod shown;
mod single;
mod tls;
mod verbs;
mod words;

use std::sync::atomic::AtomicBool;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Request};
use url::Url;

use self::asking::Asking;
use self::classify::refused_verb;
pub use self::client::Http;
use self::client::{authorization, further_headers};
use self::http::{Bounds, HttpAnswer, exchange};
use self::line::{Again, Line};
use self::refusals::Refusals;
use crate::config::{NodeConfig, Timeouts, base_url};
use crate::error::{Code, Error};
use crate::limits;
use crate::node::Call;

/// One configured Kubo.
pub struct KuboNode {
    id: String,
    api: Option<Url>,
    gateway: Option<Url>,
    authorization: Option<HeaderValue>,
    /// Whether the gateway gets it too.
    authorizes_gateway: bool,
    headers: HeaderMap,
    line: Line,
    timeouts: Timeouts,
    refusals: Refusals,
    /// It said that it runs with `--offline`.
    is_offline: AtomicBool,
}

impl KuboNode {
    /// Prepares a configured node; nothing is sent yet. A file that it names and that cannot be read makes it unreachable, until
    /// it can.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for a setting that cannot be used; the message names it and repeats no secret.
    pub fn new(config: &NodeConfig, http: &Http, timeouts: &Timeouts) -> Result<Self, Error> {
        let url = |text: &Option<String>| text.as_deref().map(base_url).transpose();
        let named = |e: Error| e.within(&format!("node {}", config.id));
        Ok(Self {
            id: config.id.clone(),
            api: url(&config.api)?,
            gateway: url(&config.gateway)?,
            authorization: authorization(config).map_err(named)?,
            authorizes_gateway: config.authorizes_gateway(),
            headers: further_headers(config).map_err(named)?,
            line: Line::new(config, http).map_err(named)?,
            timeouts: timeouts.clone(),
            refusals: Refusals::default(),
            is_offline: AtomicBool::new(false),
        })
    }

    /// A request to the RPC, with the credentials.
    fn rpc(&self, path: &str, query: &[(&str, &str)]) -> Result<Asking<'_>, Error> {
        let Some(api) = &self.api else {
            return Err(Error::new(Code::Unreachable, "the node has no API configured"));
        };
        let mut url = joined(api, &format!("api/v0/{path}"));
        url.query_pairs_mut().extend_pairs(query);
        Ok(self.asking(Method::POST, url, true).again(Again::of(path, query)))
    }

    /// Asks one verb; whether it is refused is remembered.
    ///
    /// # Errors
    /// `denied` when the verb is refused as such; any other answer, good or bad, is the caller's to judge.
    async fn ask(
        &self,
        verb: &'static str,
        query: &[(&str, &str)],
        bounds: Bounds,
        call: &Call,
    ) -> Result<HttpAnswer, Error> {
        let answer = exchange(self.rpc(verb, query)?, None, 0, bounds, call).await?;
        self.noted(verb, answer)
    }

    /// The answer of a verb, unless it is refused.
    fn noted(&self, verb: &'static str, answer: HttpAnswer) -> Result<HttpAnswer, Error> {
        match refused_verb(&answer) {
            Some(refused) => {
                let is_missing = !matches!(answer.status.as_u16(), 401 | 403);
                self.refusals.note(verb, refused.message(), is_missing);
                Err(refused)
            }
            None => {
                self.refusals.note_answered(verb);
                Ok(answer)
            }
        }
    }

    /// A request to the gateway for a path in a format.
    fn gateway_get(&self, path: &str, format: &str) -> Result<Asking<'_>, Error> {
        let Some(gateway) = &self.gateway else {
            return Err(Error::new(Code::Unreachable, "the node has no gateway configured"));
        };
        let mut url = joined(gateway, path);
        url.query_pairs_mut().append_pair("format", format);
        let again = if format == "ipns-record" { Again::Silent } else { Again::Found };
        Ok(self.asking(Method::GET, url, self.authorizes_gateway).again(again))
    }

    fn asking(&self, method: Method, url: Url, authorizes: bool) -> Asking<'_> {
        let mut request = Request::new(method, url);
        request.headers_mut().extend(self.headers.clone());
        if let Some(value) = self.authorization.as_ref().filter(|_| authorizes) {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        Asking::new(&self.line, request)
    }

    /// Before much is sent on connections that have rested: one short question finds out whether they are still there.
    async fn line_is_there(&self, call: &Call) {
        if self.line.has_rested()
            && let Ok(asking) = self.rpc("version", &[])
        {
            let _ = exchange(asking, None, 0, self.short(limits::ERROR_BODY_BYTES), call).await;
        }
    }

    /// Bounds of a short request.
    fn short(&self, bytes: usize) -> Bounds {
        let http = self.timeouts.http;
        Bounds { bytes, head: http, idle: http, total: http }
    }

    /// Bounds of an answer with content: it may take as long as its call where bytes flow.
    fn content(&self, bytes: usize) -> Bounds {
        let Timeouts { http, content_idle, .. } = self.timeouts;
        Bounds { bytes, head: http, idle: content_idle, total: limits::WAIT_TOTAL }
    }

    /// Whether to try the gateway after this error: yes for a missing verb or refused credentials, no for false or missing answers.
    fn may_try_gateway(&self, error: &Error) -> bool {
        self.gateway.is_some() && matches!(error.code(), Code::Unreachable | Code::Denied)
    }
}

/// Appends to the path of a base URL, whether it ends in a slash or not.
fn joined(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let prefix = base.path().trim_end_matches('/');
    url.set_path(&format!("{prefix}/{path}"));
    url
}

impl std::fmt::Debug for KuboNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KuboNode({})", self.id)
    }
}
