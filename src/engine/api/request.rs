//! What a caller asks of a sync.

use std::sync::Arc;
use std::time::Duration;

use super::event::Progress;
use crate::store::Level;

/// What a caller wants of a sync.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncRequest {
    /// Ask the nodes even when the cache is fresh or they just failed. Default: no.
    pub fresh: bool,
    /// End of the whole call. Default: 1.8 s for reading, and for publishing 10 s without progress or ten minutes.
    pub deadline: Option<Duration>,
    /// Stay until every change of ours has this level. Default: `published` when something is pending.
    pub wait: Option<Level>,
}

/// Called at each step of a sync.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;
