//! The state behind its lock, read by many or changed by one.
//!
//! Who reads it may read it again in a function that he calls. With most locks such a thread waits for ever once another one asks to write
//! in between: a rare standstill of the whole account. Here a reader is let in as long as others read.

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::state::State;

/// The state, for as long as this lives.
pub type Reading<'a> = RwLockReadGuard<'a, State>;
/// The state, to be changed.
pub type Writing<'a> = RwLockWriteGuard<'a, State>;

/// The state and its lock.
pub struct Guarded(RwLock<State>);

impl Guarded {
    pub fn new(state: State) -> Self {
        Self(RwLock::new(state))
    }

    /// The state as it is now. Not to be held across an await.
    pub fn read(&self) -> Reading<'_> {
        self.0.read_recursive()
    }

    /// The only right to change it; never asked for while it is read.
    pub fn write(&self) -> Writing<'_> {
        self.0.write()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use crate::engine::local::guarded::Guarded;
    use crate::engine::local::state::State;

    #[test]
    fn who_reads_may_read_again_though_somebody_waits_to_write() {
        let guarded = Guarded::new(State::default());
        thread::scope(|scope| {
            let outer = guarded.read();
            let (sender, began) = channel();
            let waiting = &guarded;
            let writer = scope.spawn(move || {
                sender.send(()).unwrap();
                drop(waiting.write());
            });
            began.recv().unwrap();
            // The writer gets as far as it can meanwhile.
            for _ in 0..10_000 {
                thread::yield_now();
                drop(guarded.read());
            }
            drop(outer);
            writer.join().unwrap();
        });
    }
}
