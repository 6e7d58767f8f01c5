//! One node: where it is, and what it takes to be let in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use url::{Origin, Url};
use zeroize::Zeroizing;

use crate::error::{Code, Error};
use crate::limits;
use crate::secret::{Bearer, SecretText};

/// What a text in PEM has, and no path.
const PEM_BEGIN: &str = "-----BEGIN";

/// One node. No secret of it is shown in debug output.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeConfig {
    /// A name for reports, 1–128 characters.
    pub id: String,
    /// In a pool, what the machine is ranked by, 1–64 characters: it stays as long as the machine has its data.
    #[serde(default)]
    pub key: Option<String>,
    /// In a pool, its first version that has this machine. Default: 1.
    #[serde(default)]
    pub since: Option<u32>,
    /// In a pool, its first version that has it no more: it is read only then. Default: none.
    #[serde(default)]
    pub until: Option<u32>,
    /// Base URL of the RPC, for example `http://127.0.0.1:5001`. Without it the node is read-only.
    #[serde(default)]
    pub api: Option<String>,
    /// Base URL of the gateway.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Bearer token. Sent to the RPC, and to the gateway if that is the same server or there is no RPC. Default: none.
    #[serde(default)]
    pub token: Option<Bearer>,
    /// User and password, sent where a token would be; one of the two. Default: none.
    #[serde(default)]
    pub basic: Option<Basic>,
    /// Further headers of every request, at most 16, each value at most 8,192 bytes. Default: none.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretText>,
    /// Certificates that are trusted beside those of the system. Default: none.
    #[serde(default)]
    pub ca: Option<Pem>,
    /// The certificate that is shown to the node, with those that lead to its issuer. Default: none.
    #[serde(default)]
    pub client_cert: Option<Pem>,
    /// Its key. Default: in `client_cert` too.
    #[serde(default)]
    pub client_key: Option<Pem>,
    /// A proxy for every request to this node: `socks5h://` (which finds the node's address) or `http://`, with user and
    /// password where it wants them. Default: none, whatever the environment says.
    #[serde(default)]
    pub proxy: Option<SecretText>,
    /// Allows credentials over plain http to another machine: everyone on the way can read them. Default: false.
    #[serde(default)]
    pub dangerous_plain_http: bool,
    /// Multiaddresses of its libp2p host, each with `/p2p/<peer id>` at the end, at most 64. They are used when HTTP fails.
    #[serde(default)]
    pub swarm: Vec<String>,
}

/// User and password: `"user:password"`, or `{"user": …, "password": …}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    user: SecretText,
    password: SecretText,
}

/// PEM: the text itself, or the path of a file that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Pem(SecretText);

impl NodeConfig {
    /// A node with only an id; set `api` or `gateway` before use.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            key: None,
            since: None,
            until: None,
            api: None,
            gateway: None,
            token: None,
            basic: None,
            headers: BTreeMap::new(),
            ca: None,
            client_cert: None,
            client_key: None,
            proxy: None,
            dangerous_plain_http: false,
            swarm: Vec::new(),
        }
    }

    /// Whether it holds anything that others must not read.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        let is_key = |pem: &Option<Pem>| pem.as_ref().is_some_and(Pem::is_text);
        let in_proxy = self.proxy.as_ref().is_some_and(|proxy| proxy.expose().contains('@'));
        self.token.is_some()
            || self.basic.is_some()
            || !self.headers.is_empty()
            || in_proxy
            || is_key(&self.client_cert)
            || is_key(&self.client_key)
    }

    /// Makes paths of files relative to this folder; absolute ones stay.
    pub fn resolve_files(&mut self, folder: &Path) {
        for pem in [&mut self.ca, &mut self.client_cert, &mut self.client_key].into_iter().flatten() {
            if let Some(file) = pem.file() {
                *pem = Pem::new(folder.join(file).to_string_lossy());
            }
        }
    }

    /// Reads every file that it names, to find out whether that can be done.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming the field.
    pub fn check_files(&self) -> Result<(), Error> {
        for (key, pem) in
            [("ca", &self.ca), ("clientCert", &self.client_cert), ("clientKey", &self.client_key)]
        {
            if let Some(pem) = pem {
                pem.load().map_err(|e| e.within(key))?;
            }
        }
        Ok(())
    }

    /// Whether token or password go to the gateway too: it is the only address, or the same server as the RPC.
    pub(crate) fn authorizes_gateway(&self) -> bool {
        let origin = |text: &Option<String>| Some(Url::parse(text.as_deref()?).ok()?.origin());
        match (origin(&self.api), origin(&self.gateway)) {
            (None, Some(_)) => true,
            (Some(api @ Origin::Tuple(..)), Some(gateway)) => api == gateway,
            _ => false,
        }
    }
}

impl Basic {
    /// Takes user and password; the user has no colon.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: SecretText::new(user.into()), password: SecretText::new(password.into()) }
    }

    /// `user:password`.
    pub(crate) fn joined(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}:{}", self.user.expose(), self.password.expose()))
    }

    pub(crate) fn has_sound_user(&self) -> bool {
        !self.user.expose().is_empty() && !self.user.expose().contains(':')
    }
}

impl Pem {
    /// Takes the text or the path.
    pub fn new(text_or_path: impl Into<String>) -> Self {
        Self(SecretText::new(text_or_path.into()))
    }

    /// Whether it is the text itself.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.0.expose().contains(PEM_BEGIN)
    }

    /// The path of the file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        (!self.is_text()).then(|| Path::new(self.0.expose()))
    }

    /// The text, from the file where it is one.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for a file that cannot be read; the message repeats neither path nor content.
    pub fn load(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bad = |what: &str| Error::new(Code::BadRequest, what);
        let Some(path) = self.file() else { return Ok(Zeroizing::new(self.0.expose().into())) };
        let unreadable = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => bad("there is no such file"),
            kind => bad(&format!("the file cannot be read: {kind}")),
        };
        // Looked at before it is opened: opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(bad("not a regular file"));
        }
        // Never grows: growing would leave copies of a key behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(limits::PEM_BYTES + 1));
        let most = limits::PEM_BYTES as u64 + 1;
        File::open(path).map_err(unreadable)?.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
        if !bytes.windows(PEM_BEGIN.len()).any(|part| part == PEM_BEGIN.as_bytes()) {
            return Err(bad("the file is not PEM"));
        }
        if bytes.len() > limits::PEM_BYTES {
            return Err(bad(&format!("more than {} bytes", limits::PEM_BYTES)));
        }
        Ok(bytes)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.expose().len()
    }
}

impl<'de> Deserialize<'de> for Basic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BasicVisitor)
    }
}

struct BasicVisitor;

/// Never repeats what it was given.
impl<'de> Visitor<'de> for BasicVisitor {
    type Value = Basic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"user:password\", or an object of user and password")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Basic, E> {
        let (user, password) =
            text.split_once(':').ok_or_else(|| E::custom("user and password with a colon between them"))?;
        Ok(Basic::new(user, password))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Basic, A::Error> {
        let (mut user, mut password) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            let place = match key.as_str() {
                "user" => &mut user,
                "password" => &mut password,
                _ => return Err(de::Error::unknown_field(&key, &["user", "password"])),
            };
            if place.replace(map.next_value::<SecretText>()?).is_some() {
                return Err(de::Error::custom("user or password is given twice"));
            }
        }
        let user = user.ok_or_else(|| de::Error::missing_field("user"))?;
        Ok(Basic { user, password: password.ok_or_else(|| de::Error::missing_field("password"))? })
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Basic, E> {
        Err(E::custom("expected user and password"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Basic, E> {
        Err(E::custom("expected user and password"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Basic, E> {
        Err(E::custom("expected user and password"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Basic, E> {
        Err(E::custom("expected user and password"))
    }
}
