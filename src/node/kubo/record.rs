//! Reads one IPNS record: from the node's own store over the RPC, or through its gateway.

use reqwest::StatusCode;
use serde_json::Value;

use super::KuboNode;
use super::classify::{RECORD, refusal, says_absent};
use super::http::{HttpAnswer, exchange};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::{Call, Outcome, Source};

impl KuboNode {
    /// The record in the node's own store.
    pub(super) async fn own_record(&self, name: &Name, call: &Call) -> Outcome {
        let k51 = name.k51();
        let answer = match self.rpc("name/get", &[("arg", &k51), ("offline", "true")]) {
            Ok(request) => exchange(request, None, 0, self.short(limits::RECORD_BYTES), call).await,
            Err(e) => Err(e),
        };
        match answer {
            Err(e) => failure(e),
            Ok(answer) if answer.status.is_success() => {
                if answer.content_type != RECORD {
                    return unreachable("the answer is not an IPNS record");
                }
                parsed(answer.body, name, Source::HttpRouting)
            }
            // Before Kubo 0.40 there was no `name/get`.
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                self.routing_record(&k51, name, call).await
            }
            Ok(answer) => no_record(&answer),
        }
    }

    async fn routing_record(&self, k51: &str, name: &Name, call: &Call) -> Outcome {
        let path = format!("/ipns/{k51}");
        // Room for base64, which is a third longer, and the JSON around it.
        let bounds = self.short(limits::RECORD_BYTES * 2);
        let answer = match self.rpc("routing/get", &[("arg", &path), ("offline", "true")]) {
            Ok(request) => exchange(request, None, 0, bounds, call).await,
            Err(e) => Err(e),
        };
        match answer {
            Err(e) => Outcome::Unreachable(e),
            Ok(answer) if answer.status.is_success() => match record_in(&answer.body) {
                Some(raw) => parsed(raw, name, Source::HttpRouting),
                None => unreachable("the answer holds no record"),
            },
            Ok(answer) => no_record(&answer),
        }
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
    if says_absent(answer) { Outcome::Absent } else { Outcome::Unreachable(refusal(answer)) }
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
