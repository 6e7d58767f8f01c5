//! A cluster of embedded nodes beside a test that blocks.

use std::ops::Deref;

use dev_nodes::{Cluster, Fault, Options, RequestLine, Settings};

/// Running nodes and the runtime they run on.
pub struct Nodes {
    cluster: Cluster,
    _runtime: tokio::runtime::Runtime,
}

impl Nodes {
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Nodes that ask for this bearer token.
    pub fn start_guarded(token: &str) -> Self {
        Self::start_with(Options { token: Some(token.to_owned()), ..Options::default() })
    }

    /// Nodes with pubsub.
    pub fn start_with_pubsub() -> Self {
        let settings = Settings { pubsub: true, ..Settings::default() };
        Self::start_with(Options { settings, ..Options::default() })
    }

    fn start_with(options: Options) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = Options { count: 5, ..options };
        let cluster = runtime.block_on(Cluster::start_with(options)).unwrap();
        Self { cluster, _runtime: runtime }
    }

    pub fn fault(&self, fault: Fault, which: &[usize]) {
        which.iter().for_each(|at| self.node(*at).set_fault(fault));
    }
}

/// Whatever was tested on them, nobody has asked them for a list of pins.
impl Drop for Nodes {
    fn drop(&mut self) {
        let asked = (0..self.cluster.len()).flat_map(|at| self.node(at).request_log());
        let asks = |query: &str| query.contains("arg=baf") || query.contains("arg=%2Fipns%2Fk51");
        let is_list = |line: &RequestLine| line.path.ends_with("/pin/ls") && !asks(&line.query);
        let lists: Vec<RequestLine> = asked.filter(is_list).collect();
        assert!(lists.is_empty() || std::thread::panicking(), "{lists:?}");
    }
}

impl Deref for Nodes {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}
