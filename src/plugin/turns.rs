//! Turns at work that costs: of all that there are, one window gets a share, so that another one is never kept waiting by it alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Error};

/// Turns that are waited for, first come, first served within a window.
pub(super) struct Queue {
    all: Arc<Semaphore>,
    per_window: usize,
    windows: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

/// A turn of a [`Queue`]; over when it is dropped.
pub(super) struct QueueTurn {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Queue {
    pub(super) fn new(all: usize, per_window: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), per_window, windows: Mutex::default() }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Code::Closed`] when there are none any more.
    ///
    /// # Cancel safety
    /// Who waits no more has no turn.
    pub(super) async fn turn(&self, window: &str) -> Result<QueueTurn, Error> {
        let closed = |_| Error::new(Code::Closed, "the account is closed");
        let own = self.own(window).acquire_owned().await.map_err(closed)?;
        let all = self.all.clone().acquire_owned().await.map_err(closed)?;
        Ok(QueueTurn { _all: all, _own: own })
    }

    fn own(&self, window: &str) -> Arc<Semaphore> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody has a turn of or waits for.
        windows.retain(|_, own| Arc::strong_count(own) > 1);
        windows.entry(window.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_window))).clone()
    }
}

/// Turns that are there or not.
pub(super) struct Turns {
    all: usize,
    per_window: usize,
    /// Windows that get their first turn whatever the others hold.
    firsts: usize,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// One of [`Turns`]; over when it is dropped.
pub(super) struct Turn {
    window: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Turns {
    pub(super) fn new(all: usize, per_window: usize, firsts: usize) -> Self {
        Self { all, per_window, firsts, taken: Arc::default() }
    }

    /// A turn, if there is one for this window.
    pub(super) fn take(&self, window: &str) -> Option<Turn> {
        let mut taken = lock(&self.taken);
        let (sum, own) = (taken.values().sum::<usize>(), taken.get(window).copied().unwrap_or(0));
        let is_first = own == 0 && taken.len() < self.firsts;
        if !is_first && (own >= self.per_window || sum >= self.all) {
            return None;
        }
        taken.insert(window.to_owned(), own.saturating_add(1));
        Some(Turn { window: window.to_owned(), taken: self.taken.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.window) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.window)),
        }
    }
}

fn lock(taken: &Mutex<BTreeMap<String, usize>>) -> MutexGuard<'_, BTreeMap<String, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_window_never_has_all_turns_and_another_always_gets_its_first() {
        let turns = Turns::new(16, 8, 64);
        let take = |window: &str| -> Vec<Turn> { std::iter::from_fn(|| turns.take(window)).collect() };
        let (one, two) = (take("one"), take("two"));
        assert_eq!((one.len(), two.len()), (8, 8));
        let third = take("three");
        assert_eq!(third.len(), 1, "all are taken, and it gets one");
        drop((one, two, third));
        assert_eq!(take("three").len(), 8);
        let many: Vec<Vec<Turn>> = (0..100).map(|n| take(&n.to_string())).collect();
        assert!(many.iter().map(Vec::len).sum::<usize>() <= 64 + 16);
        drop(many);
        assert!(turns.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn a_window_that_waits_for_its_own_turns_keeps_no_other_waiting() {
        let queue = Queue::new(4, 2);
        let mut greedy: Vec<QueueTurn> = Vec::new();
        while let Some(turn) = queue.turn("greedy").now_or_never() {
            greedy.push(turn.unwrap());
        }
        assert_eq!(greedy.len(), 2);
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(queue.turn("greedy"))).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        let other = queue.turn("other").now_or_never().unwrap().unwrap();
        greedy.pop();
        assert!(waiting.iter_mut().any(|turn| turn.now_or_never().is_some()));
        drop((greedy, waiting, other));
        assert_eq!(queue.windows.lock().unwrap().len(), 2);
        drop(queue.turn("third").now_or_never());
        assert_eq!(queue.windows.lock().unwrap().len(), 1, "no window is remembered for ever");
    }
}
