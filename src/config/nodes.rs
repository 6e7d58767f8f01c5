//! The nodes of the configuration: all of them, or a pool of which each wallet uses some.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::NodeConfig;
use super::validate::bad;
use crate::error::Error;
use crate::limits;

/// Copies of a wallet where a pool does not say.
const REPLICAS: usize = 5;

/// The nodes: `[…]`, or `{"pool": […], "replicas": 5, "version": 1}`. It is a list in all else.
#[derive(Clone, Default)]
pub struct Nodes {
    list: Vec<NodeConfig>,
    pool: Option<Pool>,
    /// So many at the end of the list held the wallet before, and are read only.
    former: usize,
}

/// How a pool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// Nodes that hold each wallet, 2–8. Default: 5.
    pub replicas: usize,
    /// Version of the list, from 1 on; the operator raises it with each change. Default: 1.
    pub version: u32,
}

/// A pool as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    pool: Vec<NodeConfig>,
    #[serde(default = "replicas")]
    replicas: usize,
    #[serde(default = "first")]
    version: u32,
}

const fn replicas() -> usize {
    REPLICAS
}

const fn first() -> u32 {
    1
}

impl Nodes {
    /// How the pool is used, where it is one.
    #[must_use]
    pub const fn pool(&self) -> Option<Pool> {
        self.pool
    }

    /// Whether a node is read only because the wallet has moved away from it.
    pub(crate) fn is_former(&self, at: usize) -> bool {
        (self.list.len().saturating_sub(self.former)..self.list.len()).contains(&at)
    }

    /// Those of one wallet: `now` hold it, `former` are read only.
    pub(crate) fn placed(&self, now: &[usize], former: &[usize]) -> Self {
        let all = now.iter().chain(former).filter_map(|at| self.list.get(*at));
        Self { list: all.cloned().collect(), pool: self.pool, former: former.len() }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let most = if self.pool.is_some() { limits::POOL_NODES } else { limits::NODES };
        if self.len() > most {
            return Err(bad(format!("nodes: {} given, at most {most}", self.len())));
        }
        if let Some(pool) = &self.pool {
            self.validate_pool(pool)?;
        }
        for (at, node) in self.iter().enumerate() {
            let place = |e: Error| e.within(&format!("nodes[{at}]"));
            node.validate().map_err(place)?;
            self.validate_place(node).map_err(place)?;
            if self.iter().take(at).any(|other| other.id == node.id) {
                return Err(bad(format!("nodes[{at}].id: another node has the same id")));
            }
            if node.key.is_some() && self.iter().take(at).any(|other| other.key == node.key) {
                return Err(bad(format!("nodes[{at}].key: another node has the same key")));
            }
        }
        Ok(())
    }

    fn validate_pool(&self, pool: &Pool) -> Result<(), Error> {
        let (from, to) = limits::REPLICAS;
        if !(from..=to).contains(&pool.replicas) {
            return Err(bad(format!("nodes.replicas: {}, allowed are {from}–{to}", pool.replicas)));
        }
        if pool.version == 0 {
            return Err(bad("nodes.version: from 1 on"));
        }
        if self.iter().all(|node| node.until.is_some()) {
            return Err(bad("nodes.pool: no node is left in it"));
        }
        Ok(())
    }

    /// What makes a node one of a pool.
    fn validate_place(&self, node: &NodeConfig) -> Result<(), Error> {
        let Some(pool) = &self.pool else {
            let alone = [
                ("key", node.key.is_some()),
                ("since", node.since.is_some()),
                ("until", node.until.is_some()),
            ];
            return match alone.into_iter().find(|(_, is_set)| *is_set) {
                Some((key, _)) => Err(bad(format!("{key}: in a pool only"))),
                None => Ok(()),
            };
        };
        let key = node.key.as_deref().ok_or_else(|| bad("key: needed in a pool"))?;
        if !(1..=limits::POOL_KEY_CHARS).contains(&key.len()) || !key.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(bad(format!(
                "key: 1–{} printable ASCII characters, no blank",
                limits::POOL_KEY_CHARS
            )));
        }
        let since = node.since.unwrap_or(first());
        if !(1..=pool.version).contains(&since) {
            return Err(bad(format!("since: from 1 to the pool's version, {}", pool.version)));
        }
        if node.until.is_some_and(|until| until <= since || until > pool.version) {
            return Err(bad(format!("until: after since, up to the pool's version, {}", pool.version)));
        }
        Ok(())
    }
}

impl From<Vec<NodeConfig>> for Nodes {
    fn from(list: Vec<NodeConfig>) -> Self {
        Self { list, pool: None, former: 0 }
    }
}

impl Deref for Nodes {
    type Target = Vec<NodeConfig>;

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl DerefMut for Nodes {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.list
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodesVisitor)
    }
}

struct NodesVisitor;

impl<'de> Visitor<'de> for NodesVisitor {
    type Value = Nodes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of nodes, or a pool")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Nodes, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Nodes::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Nodes, A::Error> {
        let Written { pool, replicas, version } = Written::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Nodes { list: pool, pool: Some(Pool { replicas, version }), former: 0 })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn complaint(nodes: &str) -> String {
        let mut config = Config::default();
        match Config::parse_nodes(nodes) {
            Ok(nodes) => config.nodes = nodes,
            Err(e) => return e.message().to_owned(),
        }
        config.validate().map_or_else(|e| e.message().to_owned(), |()| "none".to_owned())
    }

    fn node(id: &str, more: &str) -> String {
        format!(r#"{{"id":"{id}","api":"http://127.0.0.1:1"{more}}}"#)
    }

    #[test]
    fn a_pool_is_read_with_its_defaults() {
        let text = format!(r#"{{"pool":[{}]}}"#, node("a", r#","key":"m1""#));
        let nodes = Config::parse_nodes(&text).unwrap();
        let pool = nodes.pool().unwrap();
        assert_eq!((nodes.len(), pool.replicas, pool.version), (1, 5, 1));
        assert_eq!(complaint(&text), "none");
    }

    #[test]
    fn what_is_wrong_in_a_pool_is_named() {
        let (a, b) = (node("a", r#","key":"m1""#), node("b", r#","key":"m1""#));
        let pool = |nodes: &str, more: &str| format!(r#"{{"pool":[{nodes}]{more}}}"#);
        let cases = [
            (pool(&node("a", ""), ""), "nodes[0]: key: needed in a pool"),
            (format!("[{a}]"), "nodes[0]: key: in a pool only"),
            (format!("[{}]", node("a", r#","until":2"#)), "nodes[0]: until: in a pool only"),
            (pool(&format!("{a},{b}"), ""), "nodes[1].key: another node has the same key"),
            (pool(&node("a", r#","key":"m 1""#), ""), "nodes[0]: key: 1–64 printable"),
            (pool(&a, r#","replicas":1"#), "nodes.replicas: 1, allowed are 2–8"),
            (pool(&a, r#","version":0"#), "nodes.version"),
            (pool(&node("a", r#","key":"m1","since":2"#), ""), "nodes[0]: since: from 1 to"),
            (pool(&node("a", r#","key":"m1","until":1"#), ""), "nodes.pool: no node is left"),
            (
                pool(&format!("{a},{}", node("b", r#","key":"m2","since":2,"until":2"#)), r#","version":2"#),
                "nodes[1]: until: after since",
            ),
            (pool(&a, r#","colour":1"#), "unknown field `colour`"),
            (pool("", ""), "nodes.pool: no node is left"),
            (r#"{"replicas":5}"#.to_owned(), "missing field `pool`"),
            ("7".to_owned(), "expected a list of nodes, or a pool"),
        ];
        for (text, words) in cases {
            let told = complaint(&text);
            assert!(told.contains(words), "{text}: {told}");
        }
    }

    #[test]
    fn a_pool_may_be_larger_than_what_one_wallet_uses() {
        let nodes: Vec<String> =
            (0..100).map(|n| node(&format!("n{n}"), &format!(r#","key":"m{n}""#))).collect();
        assert_eq!(complaint(&format!(r#"{{"pool":[{}]}}"#, nodes.join(","))), "none");
        let plain: Vec<String> = (0..33).map(|n| node(&format!("n{n}"), "")).collect();
        assert!(complaint(&format!("[{}]", plain.join(","))).contains("at most 32"));
    }
}
