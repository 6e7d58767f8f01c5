//! Pubsub: a stream of lines on every node that listens, wherever a message was sent.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use reqwest::Response;
use serde_json::Value;

use crate::target::Target;
use crate::{Check, checks};

/// Where it is not enabled.
pub const OFF: &[Check] = checks![without_pubsub_both_verbs_say_so];

/// Where it is.
pub const ON: &[Check] = checks![
    the_head_of_a_subscription_comes_at_once,
    a_message_comes_on_every_node_that_listens,
    a_message_is_taken_with_an_empty_answer,
    any_bytes_are_carried_and_any_topic,
    what_was_sent_before_does_not_come,
    a_message_above_a_mebibyte_is_taken_and_dropped,
    a_topic_has_to_be_multibase,
    a_message_has_to_be_a_file,
];

/// Messages are sent this often until the nodes have heard who listens.
const AGAIN: Duration = Duration::from_millis(100);

/// A topic of 32 bytes, as an argument.
fn topic(name: &str) -> String {
    let mut bytes = [0xff; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(out, byte)| *out = byte);
    argument(&bytes)
}

fn argument(bytes: &[u8]) -> String {
    format!("u{}", BASE64URL_NOPAD.encode(bytes))
}

/// A subscription, read line by line.
struct Lines {
    response: Response,
    buffer: Vec<u8>,
}

impl Lines {
    async fn of(target: &Target, i: usize, topic: &str) -> Self {
        let sent = target.rpc_request(i, &format!("pubsub/sub?arg={topic}")).send();
        let response = tokio::time::timeout(crate::target::SOON, sent).await.unwrap().unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!((response.status().as_u16(), kind.as_str()), (200, "application/json"));
        Self { response, buffer: Vec::new() }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            let chunk = tokio::time::timeout(crate::target::SOON, self.response.chunk()).await;
            self.buffer.extend_from_slice(&chunk.unwrap().unwrap().expect("the stream goes on"));
        }
    }
}

async fn send(target: &Target, i: usize, topic: &str, data: &[u8]) {
    let answer = target.upload(i, &format!("pubsub/pub?arg={topic}"), data).await;
    answer.is(200, "application/json");
    assert_eq!(answer.body, b"");
}

/// Sends on one node until it comes on another: who listens has to go round first.
async fn until_heard(target: &Target, from: usize, topic: &str, data: &[u8], lines: &mut Lines) -> Value {
    let mut ticks = tokio::time::interval(AGAIN);
    let sending = async {
        loop {
            ticks.tick().await;
            send(target, from, topic, data).await;
        }
    };
    tokio::select! {
        line = lines.next() => line,
        () = sending => unreachable!(),
    }
}

async fn without_pubsub_both_verbs_say_so(target: &Target) {
    let words = target.words("pubsub_off");
    let topic = topic("off");
    target.rpc(0, &format!("pubsub/sub?arg={topic}")).await.is_rpc_error(&words);
    target.upload(0, &format!("pubsub/pub?arg={topic}"), b"x").await.is_rpc_error(&words);
}

async fn the_head_of_a_subscription_comes_at_once(target: &Target) {
    drop(Lines::of(target, 0, &topic("head")).await);
}

async fn a_message_comes_on_every_node_that_listens(target: &Target) {
    let topic = topic("every");
    let mut own = Lines::of(target, 0, &topic).await;
    let mut other = Lines::of(target, 1, &topic).await;
    let line = until_heard(target, 0, &topic, b"hello", &mut other).await;
    // It may have been sent more often than it crossed.
    let at_home = own.next().await;
    assert_eq!((&at_home["data"], &at_home["from"]), (&line["data"], &line["from"]));
    assert_eq!(line["data"], argument(b"hello"));
    assert_eq!(line["topicIDs"], serde_json::json!([topic]));
    let id = target.rpc(0, "id").await.json()["ID"].clone();
    assert_eq!(line["from"], id);
    assert!(line["seqno"].as_str().unwrap().starts_with('u'));
}

async fn a_message_is_taken_with_an_empty_answer(target: &Target) {
    send(target, 0, &topic("nobody listens"), b"hello").await;
}

async fn any_bytes_are_carried_and_any_topic(target: &Target) {
    let topic = argument(&std::array::from_fn::<u8, 32, _>(|at| 255 - at as u8));
    let mut lines = Lines::of(target, 1, &topic).await;
    let data: Vec<u8> = (0..16 * 1024).map(|at| (at % 251) as u8).collect();
    let line = until_heard(target, 0, &topic, &data, &mut lines).await;
    assert_eq!(line["data"], argument(&data));
}

async fn what_was_sent_before_does_not_come(target: &Target) {
    let topic = topic("before");
    send(target, 0, &topic, b"early").await;
    let mut lines = Lines::of(target, 0, &topic).await;
    send(target, 0, &topic, b"late").await;
    assert_eq!(lines.next().await["data"], argument(b"late"));
}

async fn a_message_above_a_mebibyte_is_taken_and_dropped(target: &Target) {
    let topic = topic("long");
    let mut lines = Lines::of(target, 1, &topic).await;
    until_heard(target, 0, &topic, b"first", &mut lines).await;
    send(target, 0, &topic, &vec![7; 2 * 1024 * 1024]).await;
    send(target, 0, &topic, b"last").await;
    // More of the first may be on their way.
    let mut next = lines.next().await;
    while next["data"] == argument(b"first") {
        next = lines.next().await;
    }
    assert_eq!(next["data"], argument(b"last"));
}

async fn a_topic_has_to_be_multibase(target: &Target) {
    for verb in ["pubsub/sub", "pubsub/pub"] {
        let answer = target.upload(0, &format!("{verb}?arg=!!"), b"x").await;
        answer.is_rpc_error("URL arg must be multibase encoded");
    }
}

async fn a_message_has_to_be_a_file(target: &Target) {
    let call = format!("pubsub/pub?arg={}", topic("no file"));
    target.rpc(0, &call).await.is_text(400, "file argument 'data' is required");
}
