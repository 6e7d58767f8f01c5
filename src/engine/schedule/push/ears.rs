//! One of the streams: on the best node that is free, until it breaks; then on the next one.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::desk::{Desk, Judged};
use super::nodes::{Ended, Lost, Times};
use crate::engine::push::Switches;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::pubsub::Arrival;
use crate::node::{Bucket, Call, is_refused};

/// Runs until the schedule ends.
pub async fn run(desk: &Desk, place: usize) {
    let mut switches = desk.account.push.switches();
    loop {
        let chosen = desk.nodes(|nodes| nodes.choose(&desk.account, place, desk.now()));
        let at = match chosen {
            Ok(at) => at,
            Err(until) => {
                tokio::select! {
                    biased;
                    () = switches.next() => {}
                    () = tokio::time::sleep_until(until) => {}
                }
                continue;
            }
        };
        let began = desk.now();
        let (ended, heard_at) = tokio::select! {
            biased;
            () = out_of_use(desk, at, &mut switches) => (Ended::Over, began),
            heard = hear(desk, place, at) => heard,
        };
        let (now, luck) = (desk.now(), if ended == Ended::Refused { 0.0 } else { desk.luck() });
        let times = Times {
            lasted: now.saturating_duration_since(began),
            silent: now.saturating_duration_since(heard_at),
        };
        tracing::debug!(node = desk.account.network.id(at), ?ended, "a stream of messages ended");
        let is_told = desk.nodes(|nodes| {
            nodes.note_ended(place, ended, times, now, luck);
            nodes.is_to_be_told()
        });
        if ended != Ended::Refused && ended != Ended::Over {
            desk.account.push.disprove();
        }
        if is_told {
            tracing::info!("some nodes have no pubsub: live push uses the others");
        }
    }
}

/// Waits until the user takes the node out of use.
async fn out_of_use(desk: &Desk, at: usize, switches: &mut Switches) {
    while desk.account.network.writable().contains(&at) {
        switches.next().await;
    }
}

/// What a stream was worth so far.
struct Stream {
    /// When a message last came that opens.
    heard_at: Instant,
    /// What is none of ours.
    noise: Bucket,
    is_flooded: bool,
}

/// Listens until it ends; why it did, and when a message that opens last came.
async fn hear(desk: &Desk, place: usize, at: usize) -> (Ended, Instant) {
    let now = desk.now();
    let Some(node) = desk.account.network.shared(at) else { return (Ended::Broken, now) };
    let stream = Stream { heard_at: now, noise: Bucket::new(limits::PUSH_NOISE, now), is_flooded: false };
    let stream = Mutex::new(stream);
    let lock = || stream.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ear = |arrival: Arrival| {
        let is_noise = match arrival {
            Arrival::Begun => {
                begun(desk, place);
                false
            }
            Arrival::Message(bytes) => desk.take(at, &bytes) == Judged::Noise,
            Arrival::Noise => true,
        };
        let (now, mut stream) = (desk.now(), lock());
        if !is_noise {
            stream.heard_at = now;
            return ControlFlow::Continue(());
        }
        stream.is_flooded = !stream.noise.take(now);
        if stream.is_flooded { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // The streams are not renewed at the same moment.
    let lasts = limits::PUSH_STREAM.mul_f64(4.0 / (4 + place) as f64);
    let call = Call { deadline: now + lasts, meter: Arc::default() };
    let silence = async {
        loop {
            let until = lock().heard_at + limits::PUSH_SILENCE;
            if desk.now() >= until {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    };
    let ended = tokio::select! {
        biased;
        ended = node.subscribe(desk.keys.topic(), &mut ear, &call) => ended,
        () = silence => Err(Error::new(Code::Deadline, "no answer in time")),
    };
    let ended = match ended {
        Ok(()) => Ended::Flooded,
        Err(e) if e.code() == Code::RateLimited => Ended::Flooded,
        Err(e) if is_refused(&e) => Ended::Refused,
        Err(_) if desk.now() >= call.deadline => Ended::Over,
        Err(_) => Ended::Broken,
    };
    let heard_at = lock().heard_at;
    (ended, heard_at)
}

/// From now on what is new comes by itself; what was missed since an earlier stream broke is read.
fn begun(desk: &Desk, place: usize) {
    let every = match desk.nodes(|nodes| nodes.note_begun(place)) {
        Lost::Nothing => None,
        Lost::Spare => Some(limits::PUSH_READ_SPARE),
        Lost::All => Some(limits::PUSH_READ_EVERY),
    };
    if let Some(every) = every {
        let jitter = limits::PUSH_READ_JITTER.mul_f64(desk.luck());
        desk.account.push.want_reading_every(every, desk.now(), jitter);
    }
    desk.stirred.notify_one();
}
