//! The bounds of one node's settings, and where its credentials may go. No message repeats a credential.

use url::{Host, Url};

use super::NodeConfig;
use super::validate::{bad, peer_addresses};
use crate::error::Error;
use crate::limits;

/// Names of headers that this client sets itself, or that would change how a request is framed.
const OWN_HEADERS: [&str; 13] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "origin",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl NodeConfig {
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.id.is_empty() || self.id.chars().count() > limits::KEY_CHARS {
            return Err(bad("id: 1–128 characters"));
        }
        if self.api.is_none() && self.gateway.is_none() {
            return Err(bad("api or gateway is needed"));
        }
        peer_addresses("swarm", &self.swarm, limits::SWARM_ADDRESSES)?;
        for (key, text) in self.addresses() {
            base_url(text).map_err(|e| e.within(key))?;
        }
        self.validate_credentials()?;
        self.validate_headers()?;
        if let Some(proxy) = &self.proxy {
            proxy_url(proxy.expose()).map_err(|e| e.within("proxy"))?;
        }
        match self.sent_in_clear().into_iter().next() {
            Some((field, to)) if !self.dangerous_plain_http => Err(self.refused_in_clear(field, to)),
            _ => Ok(()),
        }
    }

    /// Its base URLs, with their keys.
    fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("api", self.api.as_deref()), ("gateway", self.gateway.as_deref())];
        all.into_iter().filter_map(|(key, text)| Some((key, text?)))
    }

    fn validate_credentials(&self) -> Result<(), Error> {
        if self.token.is_some() && self.basic.is_some() {
            return Err(bad("token or basic, not both"));
        }
        if self.basic.as_ref().is_some_and(|basic| !basic.has_sound_user()) {
            return Err(bad("basic: a user without a colon"));
        }
        if self.client_key.is_some() && self.client_cert.is_none() {
            return Err(bad("clientKey: clientCert is needed too"));
        }
        for (key, pem) in
            [("ca", &self.ca), ("clientCert", &self.client_cert), ("clientKey", &self.client_key)]
        {
            let Some(pem) = pem else { continue };
            if pem.len() == 0 || pem.len() > limits::PEM_BYTES {
                return Err(bad(format!(
                    "{key}: the path of a PEM file, or up to {} bytes of PEM",
                    limits::PEM_BYTES
                )));
            }
        }
        // It would not be shown to anybody.
        let is_plain = |(_, text): (_, &str)| {
            base_url(text).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
        };
        if self.client_cert.is_some() && !self.dangerous_plain_http && self.addresses().all(is_plain) {
            let id = &self.id;
            return Err(bad(format!(
                "clientCert: node {id} has plain http alone; use https, or set dangerousPlainHttp"
            )));
        }
        Ok(())
    }

    fn validate_headers(&self) -> Result<(), Error> {
        if self.headers.len() > limits::NODE_HEADERS {
            return Err(bad(format!(
                "headers: {} given, at most {}",
                self.headers.len(),
                limits::NODE_HEADERS
            )));
        }
        for (name, value) in &self.headers {
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || name.len() > limits::KEY_CHARS || !name.bytes().all(is_token) {
                return Err(bad("headers: a name is 1–128 characters of a header's name"));
            }
            if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                return Err(bad(format!("headers.{name}: is set by this client")));
            }
            let text = value.expose();
            let is_plain = text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
            if text.len() > limits::HEADER_BYTES || !is_plain {
                return Err(bad(format!(
                    "headers.{name}: at most {} printable ASCII characters",
                    limits::HEADER_BYTES
                )));
            }
        }
        Ok(())
    }

    /// Whether credentials go over plain http to another machine, as `dangerousPlainHttp` allows.
    pub(crate) fn sends_in_clear(&self) -> bool {
        !self.sent_in_clear().is_empty()
    }

    /// Credentials that would go over plain http to another machine, and by which address.
    fn sent_in_clear(&self) -> Vec<(&'static str, &'static str)> {
        let mut sent = Vec::new();
        let proxy = self.proxy.as_ref().and_then(|proxy| Url::parse(proxy.expose()).ok());
        // Behind a proxy on another machine the loopback is that one's. One on this machine is a tunnel: what leaves it is not plain.
        let is_tunnel = proxy.as_ref().is_some_and(is_loopback);
        let is_near = |url: &Url| match proxy {
            Some(_) => is_tunnel && (is_loopback(url) || is_onion(url)),
            None => is_loopback(url),
        };
        for (to, text) in self.addresses() {
            let is_safe = |url: &Url| url.scheme() == "https" || is_near(url);
            if base_url(text).is_ok_and(|url| is_safe(&url)) {
                continue;
            }
            let authorizes = to == "api" || self.authorizes_gateway();
            let fields = [
                ("token", authorizes && self.token.is_some()),
                ("basic", authorizes && self.basic.is_some()),
                ("headers", !self.headers.is_empty()),
            ];
            sent.extend(fields.into_iter().filter(|(_, is_sent)| *is_sent).map(|(field, _)| (field, to)));
        }
        if proxy.is_some_and(|url| has_password(&url) && !is_loopback(&url)) {
            sent.push(("proxy", "proxy"));
        }
        sent
    }

    fn refused_in_clear(&self, field: &str, to: &str) -> Error {
        let id = &self.id;
        let what = match field {
            "proxy" => format!("proxy: node {id} would send its password unencrypted to another machine"),
            _ => format!("{field}: node {id} would send it over plain http to another machine ({to})"),
        };
        bad(format!("{what}; use https, or set dangerousPlainHttp"))
    }
}

/// Parses a base URL: http or https, a host, no credentials, query or fragment.
pub(crate) fn base_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|e| bad(format!("not a URL: {e}")))?;
    let plain = url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain || has_password(&url) {
        return Err(bad("an http or https URL with a host, without credentials, query or fragment"));
    }
    Ok(url)
}

/// Parses the address of a proxy; the message never repeats it.
pub(crate) fn proxy_url(text: &str) -> Result<Url, Error> {
    let wrong = || bad("a URL of socks5h:// or http:// with a host, and nothing after the port");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if matches!(url.scheme(), "socks5h" | "http") && has_host && is_bare { Ok(url) } else { Err(wrong()) }
}

fn has_password(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether a URL names an onion service, which Tor encrypts to the end.
fn is_onion(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host.ends_with(".onion"))
}

/// Whether a URL leads to this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        // The host of a scheme that the parser does not know is never an address.
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
