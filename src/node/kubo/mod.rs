//! The Kubo client: RPC, gateway and CAR over HTTP. Only this folder names reqwest.
//!
//! Requests are those that were measured to be fast and honest: reads of a node's own store (`offline=true`), puts that
//! say when they refuse, imports and pins with a timeout on the node's side as well.

mod classify;
mod gateway;
mod http;
mod rpc;

use std::collections::HashSet;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::Url;

pub use self::http::Http;
use super::{BlockSink, Call, Node, Outcome, Put, PutMode, Repin};
use crate::config::{NodeConfig, Timeouts, base_url};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;

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
    /// Takes a node of the configuration.
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
}

/// Appends to the path of a base URL, whether it ends in a slash or not.
fn joined(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let prefix = base.path().trim_end_matches('/');
    url.set_path(&format!("{prefix}/{path}"));
    url
}

/// Whether the node's other surface may do better: a missing verb, refused credentials; not a lie, and not silence.
fn is_other_way(error: &Error) -> bool {
    matches!(error.code(), Code::Unreachable | Code::Denied)
}

impl std::fmt::Debug for KuboNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KuboNode({})", self.id)
    }
}

#[async_trait]
impl Node for KuboNode {
    fn id(&self) -> &str {
        &self.id
    }

    fn has_api(&self) -> bool {
        self.api.is_some()
    }

    async fn warm(&self, connections: usize) {
        rpc::warm(self, connections).await;
    }

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        let by_rpc = match &self.api {
            Some(_) => rpc::record(self, name, call).await,
            None => Outcome::Skipped,
        };
        match by_rpc {
            // A missing name would walk the DHT on the gateway: only names that have existed go there.
            Outcome::Unreachable(e) if self.gateway.is_some() && known && e.code() != Code::Deadline => {
                match gateway::record(self, name, call).await {
                    Outcome::Unreachable(_) => Outcome::Unreachable(e),
                    other => other,
                }
            }
            Outcome::Skipped if self.gateway.is_some() && known => gateway::record(self, name, call).await,
            other => other,
        }
    }

    /// By RPC where there is one: its connections are open already from asking for the record. By the gateway where the
    /// RPC does not offer the verb.
    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        let by_rpc = match &self.api {
            Some(_) => rpc::block(self, cid, call).await,
            None => Err(Error::new(Code::Unreachable, "the node has no API configured")),
        };
        match by_rpc {
            Err(e) if self.gateway.is_some() && is_other_way(&e) => gateway::block(self, cid, call).await,
            other => other,
        }
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let by_rpc = match &self.api {
            Some(_) => rpc::car(self, root, held.clone(), sink, call).await,
            None => Err(Error::new(Code::Unreachable, "the node has no API configured")),
        };
        match by_rpc {
            Err(e) if self.gateway.is_some() && is_other_way(&e) => {
                gateway::car(self, root, held, sink, call).await
            }
            other => other,
        }
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        rpc::import(self, car, call).await
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        rpc::pin(self, root, name, progress, call).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        rpc::repin(self, old, new, call).await
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        rpc::unpin(self, root, call).await
    }

    async fn pins(&self, name: &Name, call: &Call) -> Result<Vec<Cid>, Error> {
        rpc::pins(self, name, call).await
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        rpc::put_record(self, record, mode, call).await
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        rpc::holds(self, cid, call).await
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        rpc::holds_dag(self, root, call).await
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        rpc::own_block(self, cid, call).await
    }
}
