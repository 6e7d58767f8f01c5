//! Missing blocks one by one: as many at once as the line carries in about a second, so that on a thin one block after block is whole.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::watch;
use tokio::time::Instant;

use super::content::{CHUNK_BLOCKS, ContentFetch, STREAM_SHARE};
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::node::rate::ByteRate;

/// The same where the peers are asked: their windows stay full.
const PEER_CHUNK_BLOCKS: usize = 512;

/// How single requests went so far.
struct Steps {
    count: u32,
    /// More at once than the line seems to need, as long as that brings more: each answer may have a rate of its own.
    factor: usize,
    best: Option<ByteRate>,
}

/// What one step did.
#[derive(Default)]
struct Step {
    /// So many of the first blocks were to be fetched.
    taken: usize,
    /// Those of them that were asked for and did not come.
    failed: Vec<Cid>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { count: 0, factor: 1, best: None }
    }
}

impl Steps {
    /// What is asked for at once is doubled as long as nothing was measured.
    fn unmeasured(&self) -> u64 {
        1 << self.count.min(6)
    }

    fn note(&mut self, bytes: u64, took: Duration) {
        let rate = ByteRate::of(bytes, took);
        if self.best.is_some_and(|best| rate >= best.percent(125)) {
            self.factor = self.factor.saturating_mul(2).min(limits::BLOCK_REQUESTS);
        }
        self.best = self.best.max(Some(rate));
        self.count = self.count.saturating_add(1);
    }
}

impl ContentFetch<'_> {
    pub(super) async fn singly(&self) -> Result<(), Error> {
        let rest = self.due();
        let is_large = rest.first().is_some_and(|(_, size)| *size > limits::UNMEASURED_BYTES);
        let is_measured = self.account.network.pace.rate(self.account.clock.monotonic()).is_some();
        let alone = usize::from(is_large && !is_measured && !self.account.network.http_fails());
        let (first, others) = rest.split_at_checked(alone).unwrap_or((&[], &rest));
        let (ended, has_ended) = watch::channel(first.is_empty());
        let first = async {
            let fetched = if first.is_empty() { Ok(Vec::new()) } else { self.each(first, false).await };
            let _ = ended.send(true);
            fetched
        };
        let others = async {
            self.measured(has_ended).await;
            self.each(others, false).await
        };
        let (first, others) = join(first, others).await;
        let mut silent = first?;
        silent.extend(others?);
        self.each(&silent, true).await.map(drop)
    }

    /// Fetches these, and gives those that did not come: one that is nowhere keeps no other away, it has its time at the end.
    async fn each(&self, some: &[(Cid, u64)], is_last: bool) -> Result<Vec<(Cid, u64)>, Error> {
        let (mut steps, mut silent, mut rest) = (Steps::default(), Vec::new(), some.to_vec());
        while !rest.is_empty() && !self.is_over() {
            let Step { taken, failed } = self.step(&rest, is_last, &mut steps).await?;
            let later = rest.split_off(taken.min(rest.len()));
            let state = self.account.local.read();
            let left = rest.into_iter().filter(|(cid, _)| state.holdings().is_missing(cid));
            // What had not its turn before a silence goes on.
            let (tried, open): (Vec<_>, Vec<_>) = left.partition(|(cid, _)| failed.contains(cid));
            silent.extend(tried);
            rest = open;
            rest.extend(later);
        }
        Ok(silent)
    }

    /// Waits until the rate is known at which a block comes that is asked for alone, or that is over.
    async fn measured(&self, mut has_ended: watch::Receiver<bool>) {
        let (clock, pace) = (&self.account.clock, &self.account.network.pace);
        let before = self.call.meter.totals().bytes_in;
        let mut begun: Option<(Instant, u64)> = None;
        let measuring = async {
            loop {
                tokio::time::sleep(limits::PACE_LOOK).await;
                let (now, bytes) = (clock.monotonic(), self.call.meter.totals().bytes_in - before);
                match begun {
                    None if bytes > 0 => begun = Some((now, bytes)),
                    Some((at, first)) if bytes - first >= limits::PACE_BYTES * 2 => {
                        return pace.note(bytes - first, now - at, Duration::ZERO, now);
                    }
                    _ => {}
                }
            }
        };
        tokio::select! {
            biased;
            _ = has_ended.wait_for(|ended| *ended) => {}
            () = measuring => {}
        }
    }

    /// Fetches some of these, as a measure of the line.
    pub(super) async fn first_step(&self, rest: &[(Cid, u64)]) -> Result<(), Error> {
        self.step(rest, false, &mut Steps::default()).await.map(drop)
    }

    /// Fetches the first of these, as many as the line brings in about a second.
    async fn step(&self, rest: &[(Cid, u64)], is_last: bool, steps: &mut Steps) -> Result<Step, Error> {
        let (network, clock) = (&self.account.network, &self.account.clock);
        let now = clock.monotonic();
        let left = self.waited_until.saturating_duration_since(now);
        let first = rest.first().map_or(1, |(_, size)| *size);
        let way = network.health().usual();
        let net = left.saturating_sub(way);
        let (most, bytes) = match network.pace.rate(now) {
            _ if network.http_fails() => (PEER_CHUNK_BLOCKS, u64::MAX),
            None => (CHUNK_BLOCKS, limits::UNMEASURED_BYTES.saturating_mul(steps.unmeasured())),
            Some(rate) => {
                let time = if left.is_zero() { limits::PACE_TIME } else { net.min(limits::PACE_TIME) };
                (CHUNK_BLOCKS, rate.bytes_in(time))
            }
        };
        if !left.is_zero() && bytes < first && self.pauses_before(first, way, left).await {
            return Ok(Step::default());
        }
        let was_silent = |cid: &Cid| self.account.local.read().holdings().was_silent(cid);
        let is_known = rest.first().is_some_and(|(cid, _)| was_silent(cid));
        let mut sum = 0_u64;
        let fits = rest.iter().take(most).take_while(|(cid, size)| {
            sum = sum.saturating_add(*size);
            sum <= bytes && (is_last || was_silent(cid) == is_known)
        });
        let chunk: Vec<Cid> = fits.map(|(cid, _)| *cid).collect();
        let chunk = if chunk.is_empty() { rest.iter().take(1).map(|(cid, _)| *cid).collect() } else { chunk };
        let at_once = network.pace.at_once(first, way, now).saturating_mul(steps.factor);
        let before = self.call.meter.totals().bytes_in;
        let is_last = is_last || network.http_fails();
        let moment = limits::BLOCK_SILENT.max(way * 3);
        let first = if is_known { moment * limits::SILENT_AGAIN } else { moment };
        let failed = self.some(&chunk, at_once, (!is_last).then_some((first, moment))).await?;
        let (bytes, took) =
            (self.call.meter.totals().bytes_in - before, clock.monotonic().saturating_duration_since(now));
        let rounds = u32::try_from(chunk.len().div_ceil(at_once.max(1))).unwrap_or(1);
        network.pace.note(bytes, took, way * rounds, clock.monotonic());
        steps.note(bytes, took);
        Ok(Step { taken: chunk.len(), failed })
    }

    /// A block that comes too late for who waits, and would not for who waits from the start, is left until then: what is cut off
    /// with the process would come twice.
    async fn pauses_before(&self, block: u64, way: Duration, left: Duration) -> bool {
        let now = self.account.clock.monotonic();
        let whole = self.account.config.timeouts.sync.mul_f64(STREAM_SHARE);
        let is_late = |time: Duration| time + way > left && time + way <= whole;
        if !self.account.network.pace.time_of(block, now).is_some_and(is_late) {
            return false;
        }
        self.pauses.store(true, Ordering::Relaxed);
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.account.tasks.closing() => {}
            () = tokio::time::sleep_until(self.waited_until) => {}
        }
        self.pauses.store(false, Ordering::Relaxed);
        true
    }
}
