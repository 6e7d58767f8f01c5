//! Places of calls: how many of one window may be under way or wait for their answer to be taken. A place is held, with whatever else a call
//! takes up, until the answer was handed over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::call_limiter::CallClass;
use crate::error::{Code, Error};
use crate::limits;

type Taken = Arc<Mutex<BTreeMap<(String, CallClass), usize>>>;

/// The places of all windows.
#[derive(Debug, Default)]
pub(super) struct Places(Taken);

/// One place; free again when it is dropped.
#[derive(Debug)]
struct Place {
    key: (String, CallClass),
    taken: Taken,
}

impl Places {
    /// A place for a call, and for what it takes up.
    ///
    /// # Errors
    /// [`Code::RateLimited`] where the window has as many.
    pub(super) fn take(&self, window: &str, class: CallClass) -> Result<Held, Error> {
        let most = match class {
            CallClass::Read => limits::READS_PER_WINDOW,
            CallClass::Write => limits::WRITES_PER_WINDOW,
        };
        let key = (window.to_owned(), class);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.entry(key.clone()).or_default();
        if *here >= most {
            return Err(Error::new(Code::RateLimited, "too many calls wait for their answers"));
        }
        *here += 1;
        let held = Held::default();
        held.keep(Place { key, taken: self.0.clone() });
        Ok(held)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = taken.get_mut(&self.key) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

/// What a call takes up until its answer was handed over: its place, memory, turns.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<Vec<Box<dyn Send>>>>);

impl Held {
    /// Holds something until then.
    pub(super) fn keep(&self, thing: impl Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(thing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_so_many_places_and_each_is_free_once_the_answer_was_taken() {
        let places = Places::default();
        let mut held: Vec<Held> = Vec::new();
        for _ in 0..limits::WRITES_PER_WINDOW {
            held.push(places.take("main", CallClass::Write).unwrap());
        }
        assert_eq!(places.take("main", CallClass::Write).err().unwrap().code(), Code::RateLimited);
        assert!(
            places.take("main", CallClass::Read).is_ok() && places.take("other", CallClass::Write).is_ok()
        );
        drop(held.pop());
        assert!(places.take("main", CallClass::Write).is_ok());
        held.clear();
        assert!(
            places.0.lock().unwrap().is_empty(),
            "nothing is remembered of a window that waits for nothing"
        );
    }

    #[test]
    fn what_a_call_keeps_is_held_as_long_as_anybody_has_the_place() {
        let (places, thing) = (Places::default(), Arc::new(()));
        let held = places.take("main", CallClass::Read).unwrap();
        let answer = held.clone();
        held.keep(thing.clone());
        drop(held);
        assert_eq!(Arc::strong_count(&thing), 2);
        drop(answer);
        assert_eq!(Arc::strong_count(&thing), 1);
    }
}
