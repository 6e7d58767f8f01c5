//! Reads one IPNS record: from the node's own store over the RPC, or through its gateway.

use std::sync::atomic::Ordering;

use futures_util::future::join;
use serde_json::Value;

use super::KuboNode;
use super::classify::{Meaning, RECORD, refusal, says};
use super::http::{HttpAnswer, exchange};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::{Call, Outcome, Source, is_refused};

const NAME_GET: &str = "name/get";
const ROUTING_GET: &str = "routing/get";

/// What came of one way to read a record.
enum Read {
    Said(Outcome),
    Refused(Error),
    /// The daemon runs with `--offline`: its RPC gives no records.
    Offline,
}

impl KuboNode {
    /// The record in the node's own store, by `name/get`, and by `routing/get` where that is refused.
    pub(super) async fn own_record(&self, name: &Name, call: &Call) -> Outcome {
        let ways = if self.refusals.is_better(ROUTING_GET, NAME_GET) {
            [ROUTING_GET, NAME_GET]
        } else {
            [NAME_GET, ROUTING_GET]
        };
        let mut refused = None;
        for way in ways {
            match self.read_by(way, name, call).await {
                Read::Said(outcome) => return outcome,
                Read::Refused(e) => refused = refused.or(Some(e)),
                Read::Offline => return self.record_of_offline_daemon(name, call).await,
            }
        }
        if self.refusals.are_missing(&ways) {
            return unreachable(
                "neither name/get nor routing/get is there: is it the address of a Kubo's RPC?",
            );
        }
        let why = || Error::new(Code::Denied, "records are refused");
        Outcome::Unreachable(refused.unwrap_or_else(why))
    }

    async fn read_by(&self, way: &'static str, name: &Name, call: &Call) -> Read {
        let (is_named, k51) = (way == NAME_GET, name.k51());
        let arg = if is_named { k51 } else { format!("/ipns/{k51}") };
        // Room for base64, which is a third longer, and the JSON around it.
        let bytes = if is_named { limits::RECORD_BYTES } else { limits::RECORD_BYTES * 2 };
        match self.ask(way, &[("arg", &arg), ("offline", "true")], self.short(bytes), call).await {
            Err(e) if is_refused(&e) => Read::Refused(e),
            Err(e) => Read::Said(failure(e)),
            Ok(answer) if answer.status.is_success() => {
                self.is_offline.store(false, Ordering::Relaxed);
                Read::Said(if is_named { named(answer, name) } else { routed(&answer, name) })
            }
            Ok(answer) => {
                let is_offline = says(&answer, Meaning::OfflineDaemon);
                self.is_offline.store(is_offline, Ordering::Relaxed);
                if is_offline { Read::Offline } else { Read::Said(no_record(&answer)) }
            }
        }
    }

    /// What the gateway of a daemon without a network shows, if the RPC says that its store has it too: the two addresses may
    /// lead to two machines.
    async fn record_of_offline_daemon(&self, name: &Name, call: &Call) -> Outcome {
        let (value, shown) = join(self.own_value(name, call), self.gateway_record(name, call)).await;
        match (value, shown) {
            (Err(e), _) => Outcome::Unreachable(e),
            (Ok(None), _) => Outcome::Absent,
            (Ok(value), Outcome::Found(record, source)) if record.root() == value => {
                Outcome::Found(record, source)
            }
            (_, Outcome::Invalid(e)) => Outcome::Invalid(e),
            _ => {
                let words = "the daemon runs with --offline, where only its gateway gives records: start it without, \
                             or configure the gateway of the same daemon";
                Outcome::Unreachable(Error::new(Code::Denied, words))
            }
        }
    }

    /// What the record in a node's own store points at.
    async fn own_value(&self, name: &Name, call: &Call) -> Result<Option<Cid>, Error> {
        let query = [("arg", &*name.k51()), ("offline", "true"), ("nocache", "true"), ("recursive", "false")];
        let answer = self.ask("name/resolve", &query, self.short(limits::RECORD_BYTES), call).await?;
        if says(&answer, Meaning::NoRecord) {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let path = value.as_ref().and_then(|value| value.get("Path")?.as_str()?.strip_prefix("/ipfs/"));
        path.and_then(|cid| cid.parse().ok())
            .map(Some)
            .ok_or_else(|| Error::new(Code::Unreachable, "the answer names no value of the record"))
    }

    /// The record of a name that is known to exist, through the gateway.
    pub(super) async fn gateway_record(&self, name: &Name, call: &Call) -> Outcome {
        let bounds = self.short(limits::RECORD_BYTES);
        let answer = match self.gateway_get(&format!("ipns/{}", name.k51()), "ipns-record") {
            Ok(request) => exchange(request, Some(RECORD), 0, bounds, call).await,
            Err(e) => Err(e),
        };
        match answer {
            Err(e) => failure(e),
            Ok(answer) if answer.status.is_success() && answer.content_type == RECORD => {
                parsed(answer.body, name, Source::HttpGateway)
            }
            Ok(answer) => no_record(&answer),
        }
    }
}

fn named(answer: HttpAnswer, name: &Name) -> Outcome {
    if answer.content_type == RECORD {
        parsed(answer.body, name, Source::HttpRouting)
    } else {
        unreachable("the answer is not an IPNS record")
    }
}

fn routed(answer: &HttpAnswer, name: &Name) -> Outcome {
    match record_in(&answer.body) {
        Some(raw) => parsed(raw, name, Source::HttpRouting),
        None => unreachable("the answer holds no record"),
    }
}

fn parsed(raw: impl Into<bytes::Bytes>, name: &Name, source: Source) -> Outcome {
    match Record::parse(raw, name) {
        Ok(record) => Outcome::Found(Box::new(record), source),
        Err(e) => Outcome::Invalid(e),
    }
}

fn failure(error: Error) -> Outcome {
    match error.code() {
        Code::TooLarge | Code::Invalid => Outcome::Invalid(error),
        _ => Outcome::Unreachable(error),
    }
}

fn no_record(answer: &HttpAnswer) -> Outcome {
    if says(answer, Meaning::NoRecord) { Outcome::Absent } else { Outcome::Unreachable(refusal(answer)) }
}

fn unreachable(what: &str) -> Outcome {
    Outcome::Unreachable(Error::new(Code::Unreachable, what))
}

/// The record inside an NDJSON answer of `routing/get`.
fn record_in(body: &[u8]) -> Option<Vec<u8>> {
    body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).find_map(|line| {
        let value: Value = serde_json::from_slice(line).ok()?;
        let text = value.get("Extra")?.as_str().filter(|text| !text.is_empty())?;
        multibase::Base::Base64Pad.decode(text).ok()
    })
}
