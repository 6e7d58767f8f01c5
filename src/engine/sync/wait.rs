//! The publishing part of a sync: publishes again and again until a level is reached, nothing moves any more, or the
//! deadline passes; each publish is measured by itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::report::Publishing;
use crate::engine::account::Account;
use crate::engine::api::event::Progress;
use crate::engine::api::report::SyncFailure;
use crate::engine::api::request::{OnProgress, SyncRequest};
use crate::engine::api::status::Ack;
use crate::engine::api::warning::{Word, of_node};
use crate::engine::publish::run::{Published, Run};
use crate::engine::publish::{is_needed, lingering, publish_once};
use crate::error::{Code, Error};
use crate::limits;
use crate::node::{Meter, Traffic};
use crate::store::Level;

/// Publishes until the level is reached, nothing moves any more, or the deadline passes.
pub async fn publish_pending(
    account: &Arc<Account>,
    request: &SyncRequest,
    had_pending: bool,
    end: Option<Instant>,
    progress: &OnProgress,
) -> Result<Option<Publishing>, SyncFailure> {
    if account.network.is_empty() || !is_needed(account) {
        return Ok(None);
    }
    let pending = account.local.read().levels().pending() > 0;
    // What the reading found to be gone is mended behind the answer.
    let wanted = request.wait.or((pending && had_pending).then_some(Level::Published));
    let before = account.local.read().levels().ack();
    let mut waiting = Waiting::new(account, wanted, end, progress);
    // With nothing of its own to wait for, it is the merged edition whose proof the caller wants.
    waiting.is_newest_wanted = wanted == Some(Level::Verified) && !pending;
    let result = waiting.run().await;
    let after = account.local.read().levels().ack();
    let ok = result.is_ok() && wanted.is_none_or(|level| after >= Ack::from(level));
    waiting.measure(ok, result.as_ref().err());
    result?;
    let raised = after > before || (pending && after >= Ack::Published);
    Ok(Some(Publishing { traffic: waiting.meter.totals(), raised, warnings: waiting.warnings }))
}

/// What follows a run that has ended.
enum Next {
    /// Another one at once: something came in between that it had not reckoned with.
    Again,
    /// What it carried has the level; changes were made meanwhile.
    Newer,
    /// Lanes are still at it; what was changed meanwhile goes to those that are free.
    Beside,
    /// Nothing, if the level is reached. Else another one after a pause that grows.
    Rest,
}

/// Runs that follow each other at once; from then on there is a pause between them.
const AT_ONCE: u32 = 4;

struct Waiting<'a> {
    account: &'a Arc<Account>,
    wanted: Option<Level>,
    /// Whether the newest edition has to have the level, beside the changes of this device.
    is_newest_wanted: bool,
    started: Instant,
    end: Option<Instant>,
    progress: &'a OnProgress,
    meter: Arc<Meter>,
    /// When the publish that is measured began, and what had gone over the wire before.
    measured: (Instant, Traffic),
    warnings: Vec<String>,
}

impl<'a> Waiting<'a> {
    fn new(
        account: &'a Arc<Account>,
        wanted: Option<Level>,
        end: Option<Instant>,
        progress: &'a OnProgress,
    ) -> Self {
        let (started, meter) = (account.clock.monotonic(), Arc::new(Meter::default()));
        let measured = (started, meter.totals());
        Self {
            account,
            wanted,
            is_newest_wanted: false,
            started,
            end,
            progress,
            meter,
            measured,
            warnings: Vec::new(),
        }
    }

    async fn run(&mut self) -> Result<(), Error> {
        let mut steps = self.account.events.steps();
        let mut idle = self.started + limits::WAIT_IDLE;
        let (mut attempt, mut again) = (0_u32, 0_u32);
        let mut advances = self.account.events.advances();
        let mut running = self.start().await;
        loop {
            let reached = self.reached();
            let until = if reached { self.lingers() } else { self.until(idle) };
            // The end of the wait comes before further steps, which a node may send without end.
            tokio::select! {
                biased;
                result = &mut running => {
                    match self.take(result)? {
                        Next::Again => {
                            // What comes up again and again is not waited for by spinning.
                            again += 1;
                            let pause = limits::RERUN_PAUSE.saturating_mul(again / AT_ONCE);
                            if !pause.is_zero() && !self.pause(pause, idle).await {
                                return Ok(());
                            }
                        }
                        _ if self.reached() => return Ok(()),
                        Next::Beside => attempt = 0,
                        Next::Newer => {
                            // That publish is over: what follows is one of its own, as if it had been asked for now.
                            self.measure(true, None);
                            (attempt, idle) = (0, self.account.clock.monotonic() + limits::WAIT_IDLE);
                            if !self.pause(self.account.config.coalesce, idle).await {
                                return Ok(());
                            }
                            self.measured.0 = self.account.clock.monotonic();
                        }
                        Next::Rest => {
                            attempt += 1;
                            let pause = limits::RERUN_PAUSE.saturating_mul(1 << attempt.min(limits::RERUN_DOUBLINGS));
                            if !self.pause(pause, idle).await {
                                return Ok(());
                            }
                        }
                    }
                    running = self.start().await;
                }
                () = tokio::time::sleep_until(until) => {
                    self.name_left(reached);
                    return Ok(());
                }
                changed = steps.changed() => {
                    let now = self.account.events.advances();
                    if changed.is_ok() && now != advances {
                        advances = now;
                        idle = self.account.clock.monotonic() + limits::WAIT_IDLE;
                    }
                    let verified = self.account.local.read().verified_nodes();
                    (self.progress)(Progress::Publishing { verified, nodes: self.account.network.api_nodes().len() });
                }
            }
        }
    }

    /// Names what the end of the wait leaves behind.
    fn name_left(&mut self, reached: bool) {
        if !reached {
            self.warnings.push(Word::Deadline.to_string());
        } else if self.wanted.is_some_and(|level| level > Level::Local) {
            let named = |at: usize| {
                let id = self.account.network.id(at);
                Word::Node.say(format_args!("{id}: it comes no further; the next sync goes on there"))
            };
            self.warnings.extend(self.account.lanes.running().into_iter().map(named));
        }
    }

    /// Waits before the next run; `false` when no time is left for one.
    async fn pause(&mut self, pause: Duration, idle: Instant) -> bool {
        let until = self.until(idle);
        let wake = (self.account.clock.monotonic() + pause).min(until);
        tokio::time::sleep_until(wake).await;
        if wake >= until {
            self.warnings.push(Word::Deadline.to_string());
            return false;
        }
        true
    }

    /// Runs in the background, so that leaving this wait does not stop it.
    async fn start(&self) -> oneshot::Receiver<Result<Published, Error>> {
        let (sender, receiver) = oneshot::channel();
        let (account, run) = (self.account.clone(), Arc::new(Run::new(self.account, self.meter.clone())));
        let is_for_nobody = self.wanted.is_none();
        let publish = Box::pin(async move {
            let published = publish_once(&account, &run).await;
            let again = published.as_ref().is_ok_and(|published| published.again);
            // What it came upon is taken up although nobody waits.
            if sender.send(published).is_err() && again && is_for_nobody {
                account.events.wake_outbox();
            }
        });
        self.account.tasks.behind(publish).await;
        receiver
    }

    /// Looks at a run that has ended.
    fn take(
        &mut self,
        result: Result<Result<Published, Error>, oneshot::error::RecvError>,
    ) -> Result<Next, Error> {
        match result {
            Err(_) => Err(Error::new(Code::TaskFailed, "publishing ended unexpectedly")),
            Ok(Ok(published)) => {
                for (node, error) in &published.errors {
                    self.warnings.push(of_node(node, error));
                }
                Ok(self.after(&published))
            }
            Ok(Err(e)) if matches!(e.code(), Code::Unreachable | Code::Invalid | Code::Denied) => {
                self.warnings.push(Word::of(e.code(), Word::Offline).say(e.message()));
                Ok(Next::Rest)
            }
            Ok(Err(e)) => Err(e),
        }
    }

    fn after(&self, published: &Published) -> Next {
        if published.again {
            return Next::Again;
        }
        let has_level = published.level.is_some_and(|level| self.wanted.is_none_or(|wanted| level >= wanted));
        if has_level && self.account.local.read().levels().last() > published.upto {
            Next::Newer
        } else if published.newer {
            Next::Beside
        } else {
            Next::Rest
        }
    }

    /// Notes what is over since the last time.
    fn measure(&mut self, ok: bool, error: Option<&Error>) {
        let totals = self.meter.totals();
        let (started, before) =
            std::mem::replace(&mut self.measured, (self.account.clock.monotonic(), totals));
        self.account.measure.publish(started, totals - before, ok, error);
    }

    fn reached(&self) -> bool {
        if self.is_newest_wanted && self.account.local.has_pending() {
            return false;
        }
        let ack = self.account.local.read().levels().ack();
        // Who changed nothing may still have to put back what others wrote.
        let is_nothing = || ack == Ack::None && !self.account.local.has_pending();
        self.wanted.is_none_or(|level| is_nothing() || ack >= Ack::from(level))
    }

    fn until(&self, idle: Instant) -> Instant {
        let total = self.started + limits::WAIT_TOTAL;
        let until = idle.min(total);
        self.end.map_or(until, |end| end.min(until))
    }

    /// The level is reached; the other healthy nodes get as much time again to come along.
    fn lingers(&self) -> Instant {
        let now = self.account.clock.monotonic();
        let took = now.saturating_duration_since(self.started);
        let until = if self.wanted.is_none_or(|level| level == Level::Local) {
            now
        } else {
            lingering(self.account, self.started + took, took)
        };
        self.end.map_or(until, |end| end.min(until))
    }
}
