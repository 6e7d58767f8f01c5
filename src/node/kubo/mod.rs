//! The Kubo client: RPC, gateway and CAR over HTTP. Only this folder names reqwest.
//!
//! Only requests that have been measured to be fast and reliable: reads of a node's own store (`offline=true`), puts
//! that report a refusal, imports and pins with a timeout on the node's side as well.

mod body;
mod classify;
mod content;
mod http;
mod opening;
mod pin;
mod record;
mod shown;
mod verbs;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use self::http::Bounds;
pub use self::http::Http;
use crate::config::{NodeConfig, Timeouts, base_url};
use crate::error::{Code, Error};
use crate::limits;

/// One configured Kubo.
pub struct KuboNode {
    id: String,
    api: Option<Url>,
    gateway: Option<Url>,
    token: Option<HeaderValue>,
    http: Http,
    timeouts: Timeouts,
}

impl KuboNode {
    /// Prepares a configured node; nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for a URL or token that cannot be used; the message never repeats the token.
    pub fn new(config: &NodeConfig, http: &Http, timeouts: &Timeouts) -> Result<Self, Error> {
        let url = |text: &Option<String>| text.as_deref().map(base_url).transpose();
        let token = match &config.token {
            None => None,
            Some(token) => {
                let wrong = |_| {
                    Error::new(
                        Code::BadRequest,
                        format!("node {}: the token is not a header value", config.id),
                    )
                };
                let mut value =
                    HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(wrong)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self {
            id: config.id.clone(),
            api: url(&config.api)?,
            gateway: url(&config.gateway)?,
            token,
            http: http.clone(),
            timeouts: timeouts.clone(),
        })
    }

    /// A request to the RPC, with the token.
    fn rpc(&self, path: &str, query: &[(&str, &str)]) -> Result<reqwest::RequestBuilder, Error> {
        let Some(api) = &self.api else {
            return Err(Error::new(Code::Unreachable, "the node has no API configured"));
        };
        let mut url = joined(api, &format!("api/v0/{path}"));
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.0.post(url);
        Ok(match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        })
    }

    /// A request to the gateway for a path in a format.
    fn gateway_get(&self, path: &str, format: &str) -> Result<reqwest::RequestBuilder, Error> {
        let Some(gateway) = &self.gateway else {
            return Err(Error::new(Code::Unreachable, "the node has no gateway configured"));
        };
        let mut url = joined(gateway, path);
        url.query_pairs_mut().append_pair("format", format);
        Ok(self.http.0.get(url))
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
