//! Over TLS one connection to a server is opened first. Where it speaks HTTP/2 all questions share it; where it does not, each opens
//! its own. Without this the first dozen questions to a node make a dozen connections, for none knows yet what is spoken there.
//!
//! The pool of hyper-util races a free connection against one that is being opened, and when the free one wins, the other is opened to
//! its end behind, by a task of its own. So whoever waits here wins by the pool as soon as the first connection is in it, and what is
//! left behind is told by its task: [`SERVER`] is set for those only whom a request still waits for.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::Connection;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tower::{Layer, Service};
use url::{Origin, Url};

use crate::clock::monotonic;
use crate::limits;

tokio::task_local! {
    /// The server that the request at work is for, if it is one over TLS.
    static SERVER: Arc<Server>;
}

/// The servers over TLS that one client asks.
#[derive(Default)]
pub(super) struct Servers(Mutex<Vec<(Origin, Arc<Server>)>>);

impl Servers {
    /// The same, of which only the protocol is known: for a client that is new.
    pub fn renewed(&self) -> Self {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let renewed = known.iter().map(|(origin, server)| (origin.clone(), Arc::new(server.renewed())));
        Self(Mutex::new(renewed.collect()))
    }

    /// `None` for one without TLS.
    fn of(&self, url: &Url) -> Option<Arc<Server>> {
        if url.scheme() != "https" {
            return None;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = url.origin();
        if let Some((_, server)) = known.iter().find(|(of, _)| *of == origin) {
            return Some(server.clone());
        }
        let server = Arc::<Server>::default();
        known.push((origin, server.clone()));
        Some(server)
    }

    /// A request by a client that has the layer [`FirstAlone`].
    pub fn asked<T>(
        &self,
        url: &Url,
        sending: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let server = self.of(url);
        async move {
            match server {
                Some(server) => SERVER.scope(server, sending).await,
                None => sending.await,
            }
        }
    }
}

/// What is known of connections to one server.
#[derive(Default)]
struct Server(watch::Sender<Known>);

#[derive(Clone, Copy, Default)]
struct Known {
    /// Connections that are being opened.
    under_way: usize,
    /// How many could not be opened.
    failed: u64,
    /// The last one speaks HTTP/1, which serves one question at a time.
    is_http1: bool,
    /// When the last one that all share was opened.
    shared_at: Option<Instant>,
}

impl Known {
    /// How long a request that began to wait then, and knew of so many failures, waits on; `None` if it opens a connection now.
    fn waits_until(&self, began: Instant, failed: u64, now: Instant) -> Option<Instant> {
        let after = |since: Instant, wait: Duration| Some(since + wait).filter(|until| now < *until);
        let own = after(began, limits::OWN_CONNECTION)?;
        if self.is_http1 || self.failed != failed {
            return None;
        }
        // It is on its way into the pool.
        if let Some(soon) = self.shared_at.and_then(|at| after(at, limits::SHARED_SOON)) {
            return Some(soon.min(own));
        }
        match self.under_way {
            0 => None,
            1 => after(began, limits::SECOND_CONNECTION),
            _ => Some(own),
        }
    }
}

impl Server {
    fn renewed(&self) -> Self {
        let is_http1 = self.0.borrow().is_http1;
        Self(watch::channel(Known { is_http1, ..Known::default() }).0)
    }

    /// Waits for the turn to open a connection; `None` when a request no longer needs one.
    async fn turn(self: Arc<Self>) -> Option<UnderWay> {
        let began = monotonic();
        let mut changes = self.0.subscribe();
        let failed = changes.borrow_and_update().failed;
        loop {
            let mut until = None;
            self.0.send_if_modified(|known| {
                until = known.waits_until(began, failed, monotonic());
                known.under_way += usize::from(until.is_none());
                until.is_none()
            });
            let Some(until) = until else { return Some(UnderWay(self)) };
            tokio::select! {
                biased;
                () = left_behind() => return None,
                // It does not end: the sender is here.
                _ = changes.changed() => {}
                () = sleep_until(until) => {}
            }
        }
    }
}

/// Ends when no request waits for this connection any more.
async fn left_behind() {
    std::future::poll_fn(|_| if SERVER.try_with(|_| ()).is_ok() { Poll::Pending } else { Poll::Ready(()) })
        .await;
}

/// A connection that is being opened; dropped when it was given up.
struct UnderWay(Arc<Server>);

impl UnderWay {
    fn opened(&self, is_http1: bool) {
        let shared_at = (!is_http1).then(monotonic);
        self.0.0.send_modify(|known| (known.is_http1, known.shared_at) = (is_http1, shared_at));
    }

    fn failed(&self) {
        self.0.0.send_modify(|known| known.failed = known.failed.wrapping_add(1));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|known| known.under_way = known.under_way.saturating_sub(1));
    }
}

/// Makes whoever opens a connection over TLS wait for its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstAlone;

impl<S> Layer<S> for FirstAlone {
    type Service = InTurn<S>;

    fn layer(&self, inner: S) -> InTurn<S> {
        InTurn(inner)
    }
}

/// Opens connections in turn.
#[derive(Clone, Debug)]
pub(super) struct InTurn<S>(S);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, Target> Service<Target> for InTurn<S>
where
    S: Service<Target, Error = BoxError> + Clone + Send + 'static,
    S::Response: Connection,
    S::Future: Send,
    Target: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let Ok(server) = SERVER.try_with(Arc::clone) else { return Box::pin(self.0.call(target)) };
        // The one that is ready goes, and leaves another like it.
        let other = self.0.clone();
        let mut inner = std::mem::replace(&mut self.0, other);
        Box::pin(async move {
            let Some(turn) = server.turn().await else { return Err("another connection serves it".into()) };
            let opened = inner.call(target).await;
            match &opened {
                Ok(connection) => turn.opened(!connection.connected().is_negotiated_h2()),
                Err(_) => turn.failed(),
            }
            opened
        })
    }
}

#[cfg(test)]
mod tests;
