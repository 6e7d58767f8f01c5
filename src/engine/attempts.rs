//! Roots on their way here: one attempt at a time for each, whoever wants it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::model::cid::Cid;

type Running = BTreeMap<Cid, watch::Receiver<()>>;

/// The attempts under way.
#[derive(Default)]
pub struct Attempts(Arc<Mutex<Running>>);

/// The right to try; the attempt is over when this is dropped.
pub struct Attempt {
    root: Cid,
    running: Arc<Mutex<Running>>,
    _ends: watch::Sender<()>,
}

impl Attempts {
    /// Begins one.
    ///
    /// # Errors
    /// Where one is under way: what ends with it.
    pub fn begin(&self, root: Cid) -> Result<Attempt, watch::Receiver<()>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ends) = running.get(&root) {
            return Err(ends.clone());
        }
        let (sender, ends) = watch::channel(());
        running.insert(root, ends);
        Ok(Attempt { root, running: self.0.clone(), _ends: sender })
    }

    /// What ends with each of those that are under way.
    pub fn under_way(&self) -> Vec<watch::Receiver<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.root);
    }
}
