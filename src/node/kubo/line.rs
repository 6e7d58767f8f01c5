//! The line to one node: its client, and what becomes of a request on a connection that is no longer there.
//!
//! A machine that slept, or a router that forgot, leaves connections in the pool on which nothing is ever heard. So a
//! request that may be on such a one and hears nothing is sent once more, on connections that are all new; the old ones
//! are given up for everybody. What may be handled twice without harm is decided by who asks ([`Again`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Client, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::client::Http;
use super::first::Servers;
use super::opening::Opening;
use super::words::{failed, is_break};
use crate::clock::monotonic;
use crate::config::NodeConfig;
use crate::error::Error;
use crate::limits;
use crate::node::Call;

/// Weight of a new time in the usual one, as TCP weighs it (RFC 6298).
const SMOOTHING: f64 = 0.125;

/// A chunk of so many bytes is part of a longer answer.
const MANY_BYTES: usize = 4 * 1024;

/// When a request is sent a second time, on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// When it hears nothing for a while, or the connection breaks: short questions.
    Silent,
    /// When the connection breaks, or another request found the connections dead: what may take long.
    Found,
    /// When the connection breaks.
    Broken,
    /// Never: what must not arrive late.
    Never,
}

impl Again {
    /// What may be done with a verb.
    pub fn of(verb: &str, query: &[(&str, &str)]) -> Self {
        let has = |key, value| query.contains(&(key, value));
        match verb {
            // The same bytes, or the same pin gone: no harm in a second time, but no haste either.
            "name/put" | "pin/rm" | "routing/put" => Self::Broken,
            "pin/add" if has("progress", "true") => Self::Found,
            // A rename has no order and may arrive late; so would a drop, behind the block that was put again.
            "pin/add" | "block/rm" => Self::Never,
            "block/get" if !has("offline", "true") => Self::Found,
            "block/put" | "dag/export" | "dag/import" | "dag/stat" | "pin/update" => Self::Found,
            _ => Self::Silent,
        }
    }
}

/// One node's line.
pub(super) struct Line {
    http: Http,
    node: NodeConfig,
    state: Mutex<State>,
    /// Room for answers that are large and not judged yet.
    room: Arc<Semaphore>,
    /// Which client is in use; a new one for all at once.
    number: watch::Sender<u64>,
}

struct State {
    client: Option<Client>,
    /// What the client's connections over TLS are opened to.
    servers: Arc<Servers>,
    /// It has answered, so that there may be pooled connections.
    has_answered: bool,
    /// The usual time until an answer begins.
    usual: Duration,
    /// How long one is waited for; grows when it came after all.
    patience: Duration,
    heard_at: Option<Instant>,
    /// When it last carried much.
    busy_at: Option<Instant>,
}

/// A client and its number.
struct InUse {
    client: Client,
    servers: Arc<Servers>,
    number: u64,
    has_answered: bool,
}

impl InUse {
    fn sending(&self, request: Request, is_short: bool) -> Opening {
        let url = request.url().clone();
        Opening::new(self.servers.asked(&url, self.client.execute(request)), is_short)
    }
}

impl Line {
    /// Makes the client at once, so that settings which cannot be used are told. What a file lacks may be mended: it is read
    /// again with the next request.
    pub fn new(node: &NodeConfig, http: &Http) -> Result<Self, Error> {
        let (usual, patience) = (Duration::ZERO, limits::POOLED_SILENCE);
        let state = Mutex::new(State {
            client: None,
            servers: Arc::default(),
            has_answered: false,
            usual,
            patience,
            heard_at: None,
            busy_at: None,
        });
        let room = Arc::new(Semaphore::new(limits::LARGE_ANSWERS));
        let line = Self { http: http.clone(), node: node.clone(), state, room, number: watch::channel(0).0 };
        match line.current() {
            Err(e) if line.node.check_files().is_ok() => Err(e),
            _ => Ok(line),
        }
    }

    pub fn has_proxy(&self) -> bool {
        self.node.proxy.is_some()
    }

    /// Room for a large answer, once there is some; given back when it is dropped.
    pub async fn room(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.room.clone().acquire_owned().await.ok()
    }

    /// Whether it has pooled connections, and nothing was heard on them for a while.
    pub fn has_rested(&self) -> bool {
        let state = self.state();
        let is_long = |at: Instant| monotonic().saturating_duration_since(at) > limits::POOLED_RESTED;
        state.has_answered && state.heard_at.is_some_and(is_long)
    }

    /// Bytes came over the line. Of many it is busy, and a question may just wait behind them.
    pub fn note_chunk(&self, bytes: usize) {
        let mut state = self.state();
        state.heard_at = Some(monotonic());
        if bytes >= MANY_BYTES {
            state.busy_at = state.heard_at;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Result<InUse, Error> {
        let mut state = self.state();
        let client = match &state.client {
            Some(client) => client.clone(),
            None => state.client.insert(self.http.client(&self.node)?).clone(),
        };
        let servers = state.servers.clone();
        Ok(InUse { client, servers, number: *self.number.borrow(), has_answered: state.has_answered })
    }

    /// A client that has no connection of the given one's, or of any before.
    fn renewed(&self, number: u64) -> Result<InUse, Error> {
        {
            let mut state = self.state();
            if *self.number.borrow() == number {
                (state.client, state.has_answered) = (Some(self.http.client(&self.node)?), false);
                state.servers = Arc::new(state.servers.renewed());
                self.number.send_replace(number + 1);
                tracing::debug!(node = self.node.id, "its connections are given up: nothing is heard on one");
            }
        }
        self.current()
    }

    /// Sends a request, a second time where that is called for; gives the head of the answer. A short one that is given up is heard to
    /// its end, so that its connection serves the next.
    pub async fn send(
        &self,
        request: Request,
        again: Again,
        is_short: bool,
        bytes: u64,
        call: &Call,
    ) -> Result<Response, Error> {
        let used = self.current()?;
        let may_again = used.has_answered && again != Again::Never;
        let spare = if may_again { request.try_clone() } else { None };
        let began = monotonic();
        let mut first = used.sending(request, is_short);
        let Some(spare) = spare else { return self.heard(used.number, began, first.await) };
        let broke = tokio::select! {
            biased;
            answer = &mut first => match answer {
                Err(e) if is_break(&e) => true,
                other => return self.heard(used.number, began, other),
            },
            () = self.silence(used.number, again) => false,
        };
        let fresh = match self.renewed(used.number) {
            Err(_) if !broke => return self.heard(used.number, began, first.await),
            fresh => fresh?,
        };
        call.meter.sent(bytes);
        let sent = monotonic();
        let mut second = fresh.sending(spare, is_short);
        if broke {
            return self.heard(fresh.number, sent, second.await);
        }
        tokio::select! {
            answer = &mut first => match answer {
                Ok(answer) => {
                    self.was_only_slow(monotonic().saturating_duration_since(began));
                    Ok(answer)
                }
                Err(_) => self.heard(fresh.number, sent, second.await),
            },
            answer = &mut second => match answer {
                Err(_) => self.heard(used.number, began, first.await),
                answer => self.heard(fresh.number, sent, answer),
            },
        }
    }

    /// Ends when a request on the given client is to be sent again.
    async fn silence(&self, number: u64, again: Again) {
        let mut numbers = self.number.subscribe();
        let is_given_up = numbers.wait_for(|current| *current != number);
        match again {
            Again::Silent => {
                tokio::select! {
                    _ = is_given_up => {}
                    () = self.silent_for_long(monotonic()) => {}
                }
            }
            Again::Found => {
                let _ = is_given_up.await;
            }
            Again::Broken | Again::Never => std::future::pending().await,
        }
    }

    /// Ends when nothing was heard for long since the given moment, and the line carried nothing much.
    async fn silent_for_long(&self, since: Instant) {
        loop {
            let until = {
                let state = self.state();
                let patience = state.patience.max(state.usual.saturating_mul(limits::POOLED_TIMES));
                state.busy_at.map_or(since, |at| at.max(since)) + patience
            };
            if monotonic() >= until {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn heard(
        &self,
        number: u64,
        began: Instant,
        answer: Result<Response, reqwest::Error>,
    ) -> Result<Response, Error> {
        if answer.is_ok() {
            let took = monotonic().saturating_duration_since(began);
            let mut state = self.state();
            state.has_answered |= *self.number.borrow() == number;
            state.heard_at = Some(began + took);
            state.usual = match state.usual {
                Duration::ZERO => took,
                usual => usual.mul_f64(1.0 - SMOOTHING) + took.mul_f64(SMOOTHING),
            };
        }
        answer.map_err(|e| failed(e, self.has_proxy()))
    }

    /// The old connection was alive: a busy line, or a node that takes its time. Next time more is waited.
    fn was_only_slow(&self, took: Duration) {
        let mut state = self.state();
        state.patience = took.saturating_mul(2).clamp(state.patience, limits::POOLED_SILENCE_MAX);
    }
}
