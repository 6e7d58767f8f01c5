//! A thread that owns a connection and does what it is sent, in order.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{Code, Error};
use crate::limits;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// Handle to a thread that owns a `T`. When the handle goes, the thread finishes what it was sent, drops the `T` and ends.
pub(super) struct Worker<T> {
    jobs: Mutex<Option<mpsc::Sender<Job<T>>>>,
    ended: watch::Receiver<bool>,
}

impl<T: Send + 'static> Worker<T> {
    pub(super) fn start(name: &str, mut owned: T) -> Result<Self, Error> {
        let (jobs, mut queue) = mpsc::channel::<Job<T>>(limits::STORE_QUEUE);
        let (end, ended) = watch::channel(false);
        let run = move || {
            while let Some(job) = queue.blocking_recv() {
                job(&mut owned);
            }
            drop(owned);
            end.send_replace(true);
        };
        match std::thread::Builder::new().name(name.into()).spawn(run) {
            Ok(_) => Ok(Self { jobs: Mutex::new(Some(jobs)), ended }),
            Err(_) => Err(Error::new(Code::TaskFailed, "a thread of the store could not be started")),
        }
    }

    /// Runs `work` on the thread and gives its result back.
    ///
    /// # Errors
    /// [`Code::Closed`] after [`Worker::end`], [`Code::TaskFailed`] when the thread died.
    ///
    /// # Cancel safety
    /// Work that was queued is done whether or not anyone waits for it.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(jobs) = jobs else {
            return Err(Error::new(Code::Closed, "the store is closed"));
        };
        let (reply, answer) = oneshot::channel();
        let job: Job<T> = Box::new(move |owned| {
            // Nobody waiting is no failure of the work.
            let _ = reply.send(work(owned));
        });
        jobs.send(job).await.map_err(|_| died())?;
        drop(jobs);
        answer.await.map_err(|_| died())
    }

    /// Takes no more work and waits until the thread has finished what it has and let go of what it owns.
    pub(super) async fn end(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        // An error means that the thread is gone, which is what is waited for.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

fn died() -> Error {
    Error::new(Code::TaskFailed, "a thread of the store ended unexpectedly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_in_order_and_its_result_comes_back() {
        let worker = Worker::start("test", Vec::new()).unwrap();
        for number in 0..5 {
            worker.call(move |list| list.push(number)).await.unwrap();
        }
        assert_eq!(worker.call(|list| list.clone()).await.unwrap(), [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn w06_a_panic_is_an_error_and_not_a_hang() {
        let worker = Worker::start("test", ()).unwrap();
        let died = worker.call(|()| panic!("expected by this test")).await;
        assert_eq!(died.err().map(|error| error.code()), Some(Code::TaskFailed));
        let after = worker.call(|()| 1).await;
        assert_eq!(after.err().map(|error| error.code()), Some(Code::TaskFailed));
        worker.end().await;
    }

    #[tokio::test]
    async fn after_the_end_it_is_closed_and_nothing_is_owned() {
        let owned = std::sync::Arc::new(());
        let worker = Worker::start("test", owned.clone()).unwrap();
        worker.end().await;
        worker.end().await;
        assert_eq!(std::sync::Arc::strong_count(&owned), 1);
        assert_eq!(worker.call(|_| ()).await.err().map(|error| error.code()), Some(Code::Closed));
    }
}
