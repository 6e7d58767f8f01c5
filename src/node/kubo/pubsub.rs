//! Pubsub: one stream of JSON lines for each subscription, and messages as files.
//!
//! Each line costs something before anybody knows whose it is: a stream that brings more than devices send is given up.

use std::ops::ControlFlow;
use std::pin::pin;

use bytes::Bytes;
use multibase::Base;
use serde::Deserialize;

use super::KuboNode;
use super::classify::{Meaning, refusal, refused_verb, says};
use super::http::{Bounds, HttpAnswer, exchange, open};
use super::line::Again;
use super::verbs::file;
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::push::Topic;
use crate::node::pubsub::{Arrival, Ear, flooded, no_pubsub};
use crate::node::{Bucket, Call};

const SUBSCRIBE: &str = "pubsub/sub";
const PUBLISH: &str = "pubsub/pub";
/// Multibase's letter for base64url without padding, in which topics and messages are written.
const PREFIX: char = 'u';

impl KuboNode {
    pub(super) async fn listen(&self, topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        let arg = argument(topic);
        let request = self.rpc(SUBSCRIBE, &[("arg", &arg)])?.again(Again::Broken);
        let bounds = Bounds {
            bytes: limits::ERROR_BODY_BYTES,
            head: limits::PUSH_SILENCE,
            idle: limits::PUSH_SILENCE,
            total: limits::PUSH_STREAM,
        };
        let mut opening = pin!(open(request, None, 0, bounds, call));
        let mut is_begun = false;
        let mut answer = tokio::select! {
            biased;
            answer = &mut opening => answer?,
            // nginx keeps the head of an answer over HTTP/2 until the first line comes (measured, 1.22), and that may be the message that
            // waits for the subscription. If the node did not take it, no message comes back, and nothing is believed.
            () = tokio::time::sleep(limits::PUSH_HEAD) => {
                is_begun = true;
                if ear(Arrival::Begun).is_break() {
                    return Ok(());
                }
                opening.await?
            }
        };
        if !answer.status.is_success() {
            return settled(&answer.read(limits::ERROR_BODY_BYTES, call).await?);
        }
        if answer.content_type != "application/json" {
            return Err(Error::new(Code::Unreachable, "the answer is no stream of messages"));
        }
        if !is_begun && ear(Arrival::Begun).is_break() {
            return Ok(());
        }
        let mut lines = Lines::default();
        let mut bucket = Bucket::new(limits::PUSH_LINES, monotonic());
        while let Some(chunk) = answer.chunk(call).await? {
            let (now, mut is_flooded) = (monotonic(), false);
            let heard = lines.feed(&chunk, &mut |line| {
                is_flooded = !bucket.take(now);
                if is_flooded { ControlFlow::Break(()) } else { ear(arrival(line)) }
            });
            match heard {
                ControlFlow::Break(()) if is_flooded => return Err(flooded()),
                ControlFlow::Break(()) => return Ok(()),
                ControlFlow::Continue(()) => {}
            }
        }
        Err(Error::new(Code::Unreachable, "the stream of messages ended"))
    }

    pub(super) async fn tell(&self, topic: &Topic, message: &Bytes, call: &Call) -> Result<(), Error> {
        let mut tries = 1..limits::PUSH_TRIES;
        loop {
            match self.tell_once(topic, message, call).await {
                Err((_, true)) if tries.next().is_some() => {}
                told => return told.map_err(|(e, _)| e),
            }
        }
    }

    /// Sends it once; of an error, whether the node itself failed. Kubo numbers its messages before it checks them, and refuses one that
    /// another has overtaken (500 "validation ignored", measured).
    async fn tell_once(&self, topic: &Topic, message: &Bytes, call: &Call) -> Result<(), (Error, bool)> {
        let (arg, bytes) = (argument(topic), message.len() as u64);
        let fails = |e| (e, false);
        let request = self.rpc(PUBLISH, &[("arg", &arg)]).map_err(fails)?;
        let request = request.multipart(file(message, "message"), call).again(Again::Broken);
        let bounds = self.short(limits::ERROR_BODY_BYTES);
        let answer = exchange(request, None, bytes, bounds, call).await.map_err(fails)?;
        let is_its_own = answer.status.as_u16() == 500 && !says(&answer, Meaning::NoPubsub);
        settled(&answer).map_err(|e| (e, is_its_own))
    }
}

/// A topic as an argument of the RPC.
fn argument(topic: &Topic) -> String {
    format!("{PREFIX}{}", Base::Base64Url.encode(topic.bytes()))
}

/// Whether the node did it. That it has no pubsub says nothing of its other verbs.
fn settled(answer: &HttpAnswer) -> Result<(), Error> {
    if let Some(refused) = refused_verb(answer) {
        return Err(refused);
    }
    if says(answer, Meaning::NoPubsub) {
        return Err(no_pubsub());
    }
    if answer.status.is_success() { Ok(()) } else { Err(refusal(answer)) }
}

#[derive(Deserialize)]
struct Message<'a> {
    data: &'a str,
}

/// What a line says; none is one that was too long.
fn arrival(line: Option<&[u8]>) -> Arrival {
    let data = line.and_then(|line| serde_json::from_slice::<Message<'_>>(line).ok());
    let data = data.and_then(|message| message.data.strip_prefix(PREFIX));
    let bytes = data.and_then(|data| Base::Base64Url.decode(data).ok());
    match bytes.filter(|bytes| bytes.len() <= limits::PUSH_BYTES) {
        Some(bytes) => Arrival::Message(bytes.into()),
        None => Arrival::Noise,
    }
}

/// Takes chunks apart into lines of bounded length.
#[derive(Default)]
struct Lines {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// The line is too long: what is left of it is skipped.
    skips: bool,
}

impl Lines {
    /// Gives each line that ends in this chunk, and nothing for each that became too long.
    fn feed(
        &mut self,
        mut chunk: &[u8],
        each: &mut dyn FnMut(Option<&[u8]>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = chunk.split_at(end);
            chunk = tail.get(1..).unwrap_or_default();
            if std::mem::take(&mut self.skips) {
                continue;
            }
            if self.begun.len() + head.len() > limits::PUSH_LINE_BYTES {
                self.begun.clear();
                each(None)?;
                continue;
            }
            if self.begun.is_empty() {
                each(Some(head))?;
            } else {
                self.begun.extend_from_slice(head);
                each(Some(&self.begun))?;
                self.begun.clear();
            }
        }
        if self.begun.len() + chunk.len() > limits::PUSH_LINE_BYTES {
            // Counted chunk by chunk, or a line without an end would cost as much as it likes.
            (self.begun, self.skips) = (Vec::new(), true);
            return each(None);
        }
        if self.skips {
            return if chunk.is_empty() { ControlFlow::Continue(()) } else { each(None) };
        }
        self.begun.extend_from_slice(chunk);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
