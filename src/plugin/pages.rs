//! The page that each window shows: what was waited for by one that is gone is not waited for any longer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The pages of all windows.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<BTreeMap<String, watch::Sender<()>>>);

/// The page that a call came from.
#[derive(Debug)]
pub(super) struct Page(watch::Receiver<()>);

impl Pages {
    /// The page that a window shows now.
    pub(super) fn of(&self, window: &str) -> Page {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Page(pages.entry(window.to_owned()).or_insert_with(|| watch::channel(()).0).subscribe())
    }

    /// The page of a window is gone.
    pub(super) fn leave(&self, window: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(window);
    }
}

impl Page {
    /// Waits until the page is gone.
    pub(super) async fn end(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_page_that_is_loaded_again_ends_what_waits_for_the_one_before() {
        let pages = Pages::default();
        let (first, other) = (pages.of("main"), pages.of("second"));
        pages.leave("main");
        assert!(first.end().now_or_never().is_some());
        assert!(other.end().now_or_never().is_none());
        assert!(pages.of("main").end().now_or_never().is_none(), "the next one is there");
    }
}
