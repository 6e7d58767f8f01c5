//! The nodes: the user's own from a file, else five embedded ones that misbehave on demand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dev_nodes::{Cluster, Fault, Options, Settings};
use serde::{Deserialize, Serialize};
use tauri_plugin_wallet_sync::config::Nodes as NodeList;
use tauri_plugin_wallet_sync::{Code, Config, Error};

/// Names a nodes file; only the program's own environment can.
const FILE_VARIABLE: &str = "WALLET_NODES";
/// The nodes file in the app's configuration folder.
const FILE_NAME: &str = "nodes.json";
const EMBEDDED: usize = 5;
/// Long enough to be seen, short enough to stay usable.
const SLOWNESS: Duration = Duration::from_millis(600);

/// Where the nodes are.
pub enum Nodes {
    /// In this process.
    Embedded(Cluster),
    /// The user's own, as the file says.
    Own(NodeList),
}

/// What can be wrong with an embedded node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ill {
    /// Gives out altered bytes.
    Forge,
    /// Accepts connections and never answers.
    Hang,
    /// Its ports are closed.
    Kill,
    /// Answers late.
    Slow,
    /// Shows its records as they were, and drops new ones.
    Stale,
}

/// An embedded node and what is wrong with it.
#[derive(Debug, Serialize)]
pub struct Illness {
    /// The node's configured id.
    pub node: String,
    /// Its faults.
    pub faults: Vec<Ill>,
}

impl Ill {
    const fn fault(self) -> Fault {
        match self {
            Self::Forge => Fault::Forge,
            Self::Hang => Fault::Hang,
            Self::Kill => Fault::Refuse,
            Self::Slow => Fault::Slow(SLOWNESS),
            Self::Stale => Fault::Stale,
        }
    }

    const fn of(fault: Fault) -> Option<Self> {
        match fault {
            Fault::Forge => Some(Self::Forge),
            Fault::Hang => Some(Self::Hang),
            Fault::Refuse => Some(Self::Kill),
            Fault::Slow(_) => Some(Self::Slow),
            Fault::Stale => Some(Self::Stale),
            _ => None,
        }
    }
}

impl Nodes {
    /// Reads the nodes file if there is one, else starts the embedded nodes.
    pub async fn start(config_folder: &Path) -> Result<Self, Error> {
        let named = std::env::var_os(FILE_VARIABLE).map(PathBuf::from);
        let lying = Some(config_folder.join(FILE_NAME)).filter(|path| path.exists());
        let Some(path) = named.or(lying) else {
            let settings = Settings { pubsub: true, ..Settings::default() };
            let options = Options { count: EMBEDDED, settings, ..Options::default() };
            return Ok(Self::Embedded(Cluster::start_with(options).await?));
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|e| Error::with_source(Code::BadRequest, "the nodes file cannot be read", e))?;
        Ok(Self::Own(Config::parse_nodes(&text)?))
    }

    /// The nodes as the plugin is told them. Embedded ones get names that a person can tell apart.
    pub fn config(&self) -> Result<NodeList, Error> {
        match self {
            Self::Own(nodes) => Ok(nodes.clone()),
            Self::Embedded(cluster) => {
                let mut nodes = Config::parse_nodes(&cluster.nodes_json())?;
                for (at, node) in nodes.iter_mut().enumerate() {
                    node.id = name(at);
                }
                Ok(nodes)
            }
        }
    }

    /// What is wrong with each embedded node; `None` where the nodes are the user's own.
    pub fn illnesses(&self) -> Option<Vec<Illness>> {
        let Self::Embedded(cluster) = self else { return None };
        let ill = |(at, node): (usize, &dev_nodes::DevNode)| Illness {
            node: name(at),
            faults: node.faults().into_iter().filter_map(Ill::of).collect(),
        };
        Some(cluster.nodes().iter().enumerate().map(ill).collect())
    }

    /// Makes an embedded node ill, or well again.
    pub fn set(&self, id: &str, ill: Ill, on: bool) -> Result<(), Error> {
        let Self::Embedded(cluster) = self else {
            return Err(Error::new(Code::Denied, "these nodes are the user's own"));
        };
        let found = cluster.nodes().iter().enumerate().find(|(at, _)| name(*at) == id);
        let (_, node) = found.ok_or_else(|| Error::new(Code::NotFound, "no such node"))?;
        let others = node.faults().into_iter().filter(|fault| *fault != ill.fault());
        let wanted: Vec<_> = others.chain(on.then(|| ill.fault())).collect();
        // A fault that stays must not be taken away in between: a stale node would take a new look at its records.
        if on {
            node.add_fault(ill.fault());
        } else {
            node.set_fault(Fault::None);
            wanted.into_iter().for_each(|fault| node.add_fault(fault));
        }
        Ok(())
    }
}

fn name(at: usize) -> String {
    format!("node-{}", at + 1)
}
