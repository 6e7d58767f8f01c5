//! The words by which the engine tells answers apart, situation by situation, exactly as `tests/data/kubo-words.json` has them for
//! the version: the engine's own table is tested against that file.

use std::time::Duration;

use serde_json::Value;

use crate::made::{FAR, Key, PAST, car, leaf, node, some_value, tree};
use crate::reads::expired_soon;
use crate::target::{Answer, Target};
use crate::{Check, checks};

const HEARD: &str = include_str!("../../../data/kubo-words.json");
/// Those that only a daemon that runs with `--offline` says; `versions` asks one.
const OF_OFFLINE_DAEMONS: &str = "offline_daemon_";

pub const CHECKS: &[Check] = checks![each_situation_has_its_words];

/// What this version says in a situation.
pub fn words(version: &str, when: &str) -> String {
    let lines: Vec<Value> = serde_json::from_str(HEARD).unwrap();
    let line = lines.iter().find(|line| line["when"] == when).unwrap_or_else(|| panic!("{when}"));
    line["says"][version].as_str().unwrap_or_else(|| panic!("{when} on {version}")).to_owned()
}

async fn each_situation_has_its_words(target: &Target) {
    let lines: Vec<Value> = serde_json::from_str(HEARD).unwrap();
    let mut wrong = Vec::new();
    for when in lines.iter().map(|line| line["when"].as_str().unwrap()) {
        if when.starts_with(OF_OFFLINE_DAEMONS) {
            continue;
        }
        let answer = ask(target, when).await;
        let (said, wanted) = (said(&answer), words(target.version(), when));
        if answer.status != 500 || said != wanted {
            wrong.push(format!("{when}: {} {said:?} in place of {wanted:?}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "on {}: {wrong:#?}", target.version());
}

/// The message, without what differs from call to call.
fn said(answer: &Answer) -> String {
    let text = answer.json()["Message"].as_str().unwrap_or_default().to_owned();
    let starts = |word: &str| word.trim_start_matches('\'').starts_with("baf");
    let cid = |word: &str| {
        let bare: String = word.chars().filter(|c| !c.is_ascii_alphanumeric()).collect();
        if bare.is_empty() { "<cid>".to_owned() } else { "'<cid>'".to_owned() }
    };
    let words = text.split(' ').map(|word| if starts(word) { cid(word) } else { word.to_owned() });
    words.collect::<Vec<_>>().join(" ")
}

async fn ask(target: &Target, when: &str) -> Answer {
    let (key, value) = (Key::of(&format!("words {when}")), some_value());
    let name = key.k51();
    let put = format!("routing/put?arg=/ipns/{name}&offline=true");
    let own = format!("name/get?arg={name}&offline=true");
    let [root, left, _] = tree(&format!("words {when}"));
    let new = node(&[&left]);
    match when {
        "absent" => target.rpc(0, &own).await,
        "absent_online" => target.rpc(0, &format!("name/get?arg={name}")).await,
        "absent_path" => {
            target
                .rpc(0, &format!("pin/ls?arg=%2Fipns%2F{name}&type=recursive&offline=true&stream=true"))
                .await
        }
        "expired" => {
            target.store(0, &name, &key.record(&value, 9, &expired_soon(Duration::from_secs(2)))).await;
            target.until_not_200(0, &own).await
        }
        "put_older" | "name_put_older" => {
            target.store(0, &name, &key.record(&value, 5, FAR)).await;
            let call = if when == "put_older" { put } else { format!("name/put?arg={name}&offline=true") };
            target.upload(0, &call, &key.record(&value, 4, FAR)).await
        }
        "put_expired" => target.upload(0, &put, &key.record(&value, 7, PAST)).await,
        "put_nonsense" => target.upload(0, &put, b"nonsense").await,
        "put_forged" => target.upload(0, &put, &key.forged(7)).await,
        "put_long" => {
            let long = format!("{value}{}", "x".repeat(11_000));
            target.upload(0, &put, &key.record(&long, 7, FAR)).await
        }
        "put_out_of_range" => target.upload(0, &put, &key.record(&value, 1 << 63, FAR)).await,
        "block_not_here" => target.rpc(0, &format!("block/stat?arg={}&offline=true", root.cid)).await,
        "dag_not_here" => {
            target.import(0, &car(&[&root])).await;
            target.rpc(0, &format!("dag/stat?arg={}&offline=true&progress=false", root.cid)).await
        }
        "not_pinned" => {
            target.import(0, &car(&[&leaf(when)])).await;
            target.rpc(0, &format!("pin/ls?arg={}&type=recursive&names=true", leaf(when).cid)).await
        }
        "nothing_pinned" => {
            target.import(0, &car(&[&leaf(when)])).await;
            target.rpc(0, &format!("pin/rm?arg={}", leaf(when).cid)).await
        }
        "new_pinned" | "old_not_pinned" => {
            target.import(0, &car(&tree(&format!("words {when}")).each_ref())).await;
            target.import(0, &car(&[&new])).await;
            let update = format!("pin/update?arg={}&arg={}&unpin=false&timeout=5s", root.cid, new.cid);
            if when == "new_pinned" {
                target.rpc(0, &format!("pin/add?arg={}", root.cid)).await.is(200, "application/json");
                target.rpc(0, &update).await.is(200, "application/json");
            }
            target.rpc(0, &update).await
        }
        "pubsub_off" => target.rpc(0, "pubsub/sub?arg=uaGVsbG8").await,
        other => panic!("no such situation: {other}"),
    }
}
