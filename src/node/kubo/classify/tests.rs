//! The table of dialects against what real nodes of each version were heard to say. `tests/harness/tests/contract` asks them
//! again.

use std::collections::BTreeSet;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::Value;

use super::{DIALECTS, EVERY, Meaning, meant, refused_verb, says};
use crate::error::Code;
use crate::node::is_refused;
use crate::node::kubo::http::HttpAnswer;

const HEARD: &str = include_str!("../../../../tests/data/kubo-words.json");

/// A situation, what its words mean, and the words by version.
struct Heard {
    when: String,
    meaning: Meaning,
    says: Vec<(String, String)>,
}

fn heard() -> Vec<Heard> {
    let lines: Vec<Value> = serde_json::from_str(HEARD).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |line: &Value| Heard {
        when: text(&line["when"]),
        meaning: meaning(&text(&line["means"])),
        says: line["says"].as_object().unwrap().iter().map(|(on, said)| (on.clone(), text(said))).collect(),
    };
    lines.iter().map(one).collect()
}

fn meaning(text: &str) -> Meaning {
    match text {
        "no_record" => Meaning::NoRecord,
        "older_record" => Meaning::OlderRecord,
        "bad_record" => Meaning::BadRecord,
        "not_local" => Meaning::NotLocal,
        "not_pinned" => Meaning::NotPinned,
        "nothing_pinned" => Meaning::NothingPinned,
        "new_pinned" => Meaning::NewPinned,
        "old_not_pinned" => Meaning::OldNotPinned,
        "offline_daemon" => Meaning::OfflineDaemon,
        "no_pubsub" => Meaning::NoPubsub,
        other => panic!("{other}"),
    }
}

fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> HttpAnswer {
    HttpAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        asked: "name/get".to_owned(),
        content_type: content_type.to_owned(),
        retry_after: None,
        wants_credentials: false,
        body: body.into(),
        _room: None,
    }
}

fn rpc_error(message: &str) -> HttpAnswer {
    let body = serde_json::json!({"Message": message, "Code": 0, "Type": "error"}).to_string();
    answer(500, "application/json", body)
}

#[test]
fn each_version_is_understood() {
    for Heard { when, meaning, says: said } in heard() {
        let on: Vec<&str> = said.iter().map(|(on, _)| on.as_str()).collect();
        assert_eq!(on, EVERY, "{when}");
        for (on, message) in said {
            assert!(says(&rpc_error(&message), meaning), "{when} on {on}: {message}");
        }
    }
}

#[test]
fn each_line_was_heard_on_the_versions_that_it_names_and_on_no_other() {
    for line in DIALECTS {
        let of_line = heard().into_iter().filter(|heard| heard.meaning == line.meaning);
        let on: BTreeSet<String> = of_line
            .flat_map(|heard| heard.says)
            .filter(|(_, message)| line.words.fit(message).is_some())
            .map(|(on, _)| on)
            .collect();
        let on: Vec<&str> = on.iter().map(String::as_str).collect();
        assert_eq!(on, line.heard, "{:?}", line.meaning);
    }
}

#[test]
fn absent_is_said_in_words_of_kubo_and_in_no_others() {
    for message in [
        "not found",
        "routing: not found (cached)",
        "record is expired?",
        "could not resolve name: timeout",
        "",
    ] {
        assert!(!says(&rpc_error(message), Meaning::NoRecord), "{message:?}");
    }
    // Of the gateway, with the line feed that ends its errors.
    assert!(says(&answer(500, "text/plain", "routing: not found\n"), Meaning::NoRecord));
    assert!(!says(&answer(404, "text/plain", "routing: not found\n"), Meaning::NoRecord));
    assert!(!says(&answer(500, "text/html", "routing: not found\n"), Meaning::NoRecord));
    assert!(!says(&answer(500, "text/plain", "old record\n"), Meaning::OlderRecord));
}

#[test]
fn a_pin_that_is_not_there_is_named() {
    assert_eq!(meant("path '/ipns/k51' is not pinned", Meaning::NotPinned), Some("/ipns/k51"));
    assert_eq!(meant("path '/ipns/k51' is not pinned, or so", Meaning::NotPinned), None);
}

#[test]
fn a_verb_that_is_not_let_through_or_not_there_is_named() {
    let told = |status, body: &'static str| refused_verb(&answer(status, "text/plain", body));
    for (status, words) in [
        (403, "name/get was refused (status 403)"),
        (401, "name/get was refused (status 401)"),
        (404, "name/get is not offered (status 404)"),
        (405, "name/get is not offered (status 405)"),
    ] {
        let e = told(status, "no").unwrap();
        assert_eq!((e.code(), e.message()), (Code::Denied, words));
    }
    // A page is of something before the node, which is no word about a token; the verb is refused all the same.
    let page = told(403, "<html>no</html>").unwrap();
    assert!(page.code() == Code::Unreachable && is_refused(&page), "{page:?}");
    for status in [200, 413, 429, 500, 502, 503] {
        assert!(told(status, "").is_none(), "{status}");
    }
    // Kubo itself says so of what was asked for.
    assert!(told(404, r#"{"Message":"no such thing","Code":0,"Type":"error"}"#).is_none());
}
