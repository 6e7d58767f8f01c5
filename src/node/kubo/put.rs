//! Stores one record: by `routing/put`, which takes any good one, or by `name/put` where that is refused.

use bytes::Bytes;

use super::KuboNode;
use super::classify::{Meaning, meant, refusal, rpc_message, says, shorten};
use super::http::{Bounds, HttpAnswer, exchange};
use super::verbs::{STEP, file, server_timeout};
use crate::error::Error;
use crate::limits;
use crate::model::record::Record;
use crate::node::{Call, Put, PutMode, is_refused};

const ROUTING_PUT: &str = "routing/put";
const NAME_PUT: &str = "name/put";

impl KuboNode {
    pub(super) async fn put(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        if self.refusals.is_better(NAME_PUT, ROUTING_PUT) {
            return self.put_by(NAME_PUT, record, mode, call).await;
        }
        match self.put_by(ROUTING_PUT, record, mode, call).await {
            Err(e) if is_refused(&e) => self
                .put_by(NAME_PUT, record, mode, call)
                .await
                .map_err(|other| if is_refused(&other) { e } else { other }),
            other => other,
        }
    }

    async fn put_by(
        &self,
        verb: &'static str,
        record: &Record,
        mode: PutMode,
        call: &Call,
    ) -> Result<Put, Error> {
        let timeout = server_timeout(call, limits::SPREAD_TIMEOUT);
        let how = match mode {
            PutMode::Offline => ("offline", "true"),
            PutMode::Spread => ("timeout", timeout.as_str()),
        };
        let answer = self.send_record(verb, record, &[how], call).await?;
        if says(&answer, Meaning::OfflineDaemon) {
            // A daemon without a network wants to be told that nobody else will hear of it.
            let how = [("offline", "true"), ("allow-offline", "true")];
            return said(&self.send_record(verb, record, &how, call).await?);
        }
        said(&answer)
    }

    async fn send_record(
        &self,
        verb: &'static str,
        record: &Record,
        how: &[(&str, &str)],
        call: &Call,
    ) -> Result<HttpAnswer, Error> {
        let k51 = record.name().k51();
        let arg = if verb == NAME_PUT { k51 } else { format!("/ipns/{k51}") };
        let query: Vec<(&str, &str)> = std::iter::once(("arg", &*arg)).chain(how.iter().copied()).collect();
        let raw: Bytes = record.raw().clone();
        let bytes = raw.len() as u64;
        let request = self.rpc(verb, &query)?.multipart(file(&raw, "record"), call);
        let bounds = Bounds { bytes: limits::ERROR_BODY_BYTES, ..STEP };
        let answer = exchange(request, None, bytes, bounds, call).await?;
        self.noted(verb, answer)
    }
}

fn said(answer: &HttpAnswer) -> Result<Put, Error> {
    if answer.status.is_success() {
        return Ok(Put::Stored);
    }
    if says(answer, Meaning::OlderRecord) {
        return Ok(Put::Older);
    }
    match rpc_message(answer) {
        Some(message) if meant(&message, Meaning::BadRecord).is_some() => Ok(Put::Refused(shorten(&message))),
        _ => Err(refusal(answer)),
    }
}
