//! Makes the HTTP clients: no redirects, no proxy but a node's own, no decompression, HTTP/2 where TLS offers it.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, NoProxy, Proxy};
use zeroize::Zeroizing;

use super::first::FirstAlone;
use super::tls::Trust;
use super::words::was_not_taken;
use crate::config::{NodeConfig, proxy_url};
use crate::error::{Code, Error};
use crate::limits;

/// Without it Kubo takes a request for one of a browser.
const USER_AGENT: &str = concat!("tauri-plugin-wallet-sync/", env!("CARGO_PKG_VERSION"));

/// Makes the clients of every node of every account. One for each node: what they trust and how they get there differs.
#[derive(Clone, Debug)]
pub struct Http(Arc<Trust>);

impl Http {
    /// Prepares TLS: rustls with ring, and the certificate authorities that this system trusts.
    ///
    /// # Errors
    /// [`Code::Unreachable`] when TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        let trust = Trust::new();
        trust.none()?;
        Ok(Self(Arc::new(trust)))
    }

    /// A client for one node, without any connection yet.
    pub(super) fn client(&self, node: &NodeConfig) -> Result<Client, Error> {
        let uses_tls = [&node.api, &node.gateway].into_iter().flatten().any(|url| url.starts_with("https:"));
        // The system's store is read for those only that need it.
        let tls = if uses_tls { self.0.client(node)? } else { self.0.none()? };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(again_if_not_taken())
            .no_proxy()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connector_layer(FirstAlone)
            .connect_timeout(limits::CONNECT)
            .pool_idle_timeout(limits::POOL_IDLE)
            .http2_keep_alive_interval(limits::H2_PING)
            .http2_keep_alive_timeout(limits::H2_PONG)
            .http1_max_headers(limits::ANSWER_HEADERS)
            .http2_max_header_list_size(limits::ANSWER_HEADER_BYTES)
            .http2_initial_stream_window_size(limits::H2_STREAM_BYTES)
            .http2_initial_connection_window_size(limits::H2_CONNECTION_BYTES)
            .tcp_nodelay(true);
        let client = match &node.proxy {
            Some(proxy) => client.proxy(through(proxy.expose())?),
            None => client,
        };
        let failed =
            |e: reqwest::Error| Error::new(Code::Unreachable, format!("no TLS: {}", e.without_url()));
        client.build().map_err(failed)
    }
}

/// Several connections may end one after the other under many requests at once, each after a few of them.
fn again_if_not_taken() -> reqwest::retry::Builder {
    reqwest::retry::for_host(AnyHost)
        .no_budget()
        .max_retries_per_request(limits::NOT_TAKEN_AGAIN)
        .classify_fn(|tried| match tried.error() {
            Some(error) if was_not_taken(error) => tried.retryable(),
            _ => tried.success(),
        })
}

/// API and gateway of one node may be on two.
struct AnyHost;

impl PartialEq<&str> for AnyHost {
    fn eq(&self, _: &&str) -> bool {
        true
    }
}

/// A proxy for everything, the loopback too.
fn through(address: &str) -> Result<Proxy, Error> {
    let unusable = |_| Error::new(Code::BadRequest, "proxy: it cannot be used");
    let proxy = Proxy::all(proxy_url(address).map_err(|e| e.within("proxy"))?).map_err(unusable)?;
    Ok(proxy.no_proxy(None::<NoProxy>))
}

/// The value of `Authorization` for a node, if it has any.
pub(super) fn authorization(node: &NodeConfig) -> Result<Option<HeaderValue>, Error> {
    let (field, text) = match (&node.token, &node.basic) {
        (Some(token), _) => ("token", Zeroizing::new(format!("Bearer {}", token.expose()))),
        (None, Some(basic)) => {
            let sealed = multibase::Base::Base64Pad.encode(basic.joined().as_bytes());
            ("basic", Zeroizing::new(format!("Basic {sealed}")))
        }
        (None, None) => return Ok(None),
    };
    let wrong = || Error::new(Code::BadRequest, format!("{field}: it is not a header's value"));
    secret_value(text).map(Some).ok_or_else(wrong)
}

/// A header's value that is wiped when its last copy is dropped, and is kept out of HTTP/2's table of headers and of debug output.
fn secret_value(text: Zeroizing<String>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The further headers of a node.
pub(super) fn further_headers(node: &NodeConfig) -> Result<HeaderMap, Error> {
    let mut all = HeaderMap::new();
    for (name, value) in &node.headers {
        let wrong = || Error::new(Code::BadRequest, "headers: a name or value that is none of a header");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = secret_value(Zeroizing::new(value.expose().to_owned())).ok_or_else(wrong)?;
        all.insert(name, value);
    }
    Ok(all)
}
