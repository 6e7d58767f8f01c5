use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::ThreadId;

use super::*;

type Task = Box<dyn FnOnce() + Send>;

/// A handle of a loop on some thread, which tells where it was dropped. Without a loop, what is posted runs in place.
struct Fake {
    queue: Option<Sender<Task>>,
    dropped: Sender<ThreadId>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.dropped.send(thread::current().id());
    }
}

impl MainThreadHandle for Fake {
    fn post(&self, work: impl FnOnce() + Send + 'static) -> tauri::Result<()> {
        match &self.queue {
            Some(queue) => queue.send(Box::new(work)).map_err(|_| tauri::Error::FailedToReceiveMessage),
            None => {
                work();
                Ok(())
            }
        }
    }
}

fn fake(queue: Option<Sender<Task>>) -> (Fake, Receiver<ThreadId>) {
    let (dropped, heard) = channel();
    (Fake { queue, dropped }, heard)
}

#[test]
fn a_worker_gives_the_handle_back_to_the_loop_which_alone_drops_it() {
    let (queue, tasks) = channel::<Task>();
    let (handle, dropped) = fake(Some(queue));
    let (done, worked) = channel();
    let worker = thread::spawn(move || hand_back(handle, move || done.send(thread::current().id()).unwrap()));
    worker.join().unwrap();
    assert!(dropped.try_recv().is_err(), "not before the loop comes to it");
    tasks.recv().unwrap()();
    let here = thread::current().id();
    assert_eq!((worked.recv(), dropped.recv()), (Ok(here), Ok(here)));
}

#[test]
fn where_it_runs_in_place_nothing_waits_and_the_handle_goes_too() {
    let (handle, dropped) = fake(None);
    let (done, worked) = channel();
    hand_back(handle, move || done.send(()).unwrap());
    assert_eq!((worked.recv(), dropped.recv()), (Ok(()), Ok(thread::current().id())));
}

#[test]
fn once_the_loop_is_over_nothing_is_dropped_elsewhere() {
    for is_queued in [false, true] {
        let (queue, tasks) = channel::<Task>();
        let (handle, dropped) = fake(Some(queue));
        // What the work holds stays as well: a channel's handle, a resolver's.
        let (held, held_dropped) = fake(None);
        let tasks = is_queued.then_some(tasks);
        hand_back(handle, move || drop(held));
        drop(tasks);
        assert!(dropped.try_recv().is_err() && held_dropped.try_recv().is_err(), "queued: {is_queued}");
    }
}
