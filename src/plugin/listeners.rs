//! Who listens: the copies of the package in each window, by account.
//!
//! A page may hold several copies of the package, and frames with further ones; each is a listener of its own, under a name that it
//! drew. A listener stays when its account is closed, and may come before it is opened. Nothing here waits for a window: one that
//! hangs gets [`limits::SUBSCRIPTION_CREDIT`] messages and no more until it subscribes again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::main_thread::Outlet;
use super::wire::WalletEvent;
use crate::error::{Code, Error};
use crate::limits;

/// The listeners of all windows.
#[derive(Default)]
pub(super) struct Listeners(Mutex<BTreeMap<Place, Listener>>);

/// Who listens to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub account: String,
    pub window: String,
    /// The copy of the package in that window; empty for a page that names none.
    pub copy: String,
}

struct Listener {
    channel: Outlet<Vec<WalletEvent>>,
    credit: u32,
    missed: bool,
}

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listeners")
    }
}

impl Listeners {
    /// Sends there from now on, in place of an earlier channel. Returns whether messages to that one were dropped.
    ///
    /// # Errors
    /// `rate_limited` when the window has as many listeners as it may, and all of them are alive.
    pub(super) fn listen(&self, place: Place, channel: Outlet<Vec<WalletEvent>>) -> Result<bool, Error> {
        let listener = Listener { channel, credit: limits::SUBSCRIPTION_CREDIT, missed: false };
        let mut all = self.all();
        if !all.contains_key(&place) {
            let of_window = all.iter().filter(|(other, _)| other.window == place.window);
            if of_window.clone().count() >= limits::LISTENERS_PER_WINDOW {
                let weakest = of_window.min_by_key(|(_, listener)| listener.credit);
                let silent = weakest.filter(|(_, listener)| listener.credit < limits::CREDIT_OF_THE_LIVING);
                let Some(silent) = silent.map(|(place, _)| place.clone()) else {
                    return Err(Error::new(Code::RateLimited, "too many listeners in this window"));
                };
                all.remove(&silent);
            }
        }
        let old = all.insert(place, listener);
        drop(all);
        Ok(old.is_some_and(|old| old.missed))
    }

    /// Sends nothing more to a window.
    pub(super) fn forget(&self, window: &str) {
        self.all().retain(|place, _| place.window != window);
    }

    /// Sends to all who listen to an account.
    pub(super) fn send(&self, account: &str, events: &[WalletEvent]) {
        self.all().retain(|place, listener| {
            if place.account != account {
                return true;
            }
            match listener.credit.checked_sub(1) {
                // The window is closed.
                Some(_) if !listener.channel.send(events.to_vec()) => false,
                Some(left) => {
                    listener.credit = left;
                    true
                }
                None => {
                    listener.missed = true;
                    true
                }
            }
        });
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Place, Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tauri::ipc::Channel;

    use super::*;

    fn place(copy: &str) -> Place {
        Place { account: "a".into(), window: "main".into(), copy: copy.into() }
    }

    fn counting() -> (Arc<AtomicU32>, Outlet<Vec<WalletEvent>>) {
        let heard = Arc::new(AtomicU32::new(0));
        let count = heard.clone();
        let channel = Channel::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        (heard, Outlet::unbound(channel))
    }

    fn event() -> WalletEvent {
        WalletEvent::MetricsUpdated { account: "a".into(), revision: 1 }
    }

    #[test]
    fn every_copy_of_the_package_in_a_window_hears() {
        let listeners = Listeners::default();
        let (first, to_first) = counting();
        let (second, to_second) = counting();
        assert!(!listeners.listen(place("esm"), to_first).unwrap());
        assert!(!listeners.listen(place("iife"), to_second).unwrap());
        listeners.send("a", &[event()]);
        listeners.send("b", &[event()]);
        assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (1, 1));
        listeners.forget("main");
        listeners.send("a", &[event()]);
        assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn a_window_has_so_many_listeners_and_those_that_renew_keep_their_place() {
        let listeners = Listeners::default();
        for copy in 0..limits::LISTENERS_PER_WINDOW {
            listeners.listen(place(&copy.to_string()), counting().1).unwrap();
        }
        let refused = listeners.listen(place("one more"), counting().1).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        let other = Place { window: "second".into(), ..place("one more") };
        assert!(listeners.listen(other, counting().1).is_ok(), "another window has its own");
        // All but one renew in time.
        for _ in 0..=limits::SUBSCRIPTION_CREDIT - limits::CREDIT_OF_THE_LIVING {
            listeners.send("a", &[event()]);
        }
        for copy in 1..limits::LISTENERS_PER_WINDOW {
            listeners.listen(place(&copy.to_string()), counting().1).unwrap();
        }
        assert!(listeners.listen(place("one more"), counting().1).is_ok());
        assert!(listeners.listen(place("two more"), counting().1).is_err());
    }
}
