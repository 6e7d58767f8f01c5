//! Writing records: honest offline, silent online.

use crate::made::{FAR, Key, PAST, some_value};
use crate::target::{Answer, Target};
use crate::{Check, checks};

pub const CHECKS: &[Check] = checks![
    offline_put_answers_with_the_peer_id,
    offline_put_stays_on_its_node,
    offline_put_refuses_what_is_older,
    offline_put_breaks_ties_by_bytes,
    offline_put_refuses_what_is_wrong,
    offline_put_takes_any_valid_record,
    record_size_limit_is_inclusive,
    highest_sequence_is_that_of_an_i64,
    online_put_spreads,
    online_put_says_yes_to_what_it_refuses,
    name_put_answers_with_name_and_value,
    name_put_refuses_all_that_does_not_raise_the_sequence,
    name_put_refuses_what_is_wrong,
    put_without_a_file_is_a_usage_error,
];

async fn put(target: &Target, i: usize, key: &Key, raw: &[u8], offline: bool) -> Answer {
    target.upload(i, &format!("routing/put?arg=/ipns/{}&offline={offline}", key.k51()), raw).await
}

fn accepted(answer: &Answer, key: &Key) {
    let json = answer.is(200, "application/json").json();
    assert_eq!((json["ID"].as_str(), json["Type"].as_i64()), (Some(&*key.name().peer_id()), Some(5)));
}

async fn offline_put_answers_with_the_peer_id(target: &Target) {
    let key = Key::of("put answer");
    let raw = key.record(&some_value(), 1, FAR);
    accepted(&put(target, 0, &key, &raw, true).await, &key);
    // The same bytes again are as good.
    accepted(&put(target, 0, &key, &raw, true).await, &key);
    assert_eq!(target.own_record(0, &key.k51()).await, Some(raw));
}

async fn offline_put_stays_on_its_node(target: &Target) {
    let key = Key::of("put stays");
    accepted(&put(target, 0, &key, &key.record(&some_value(), 1, FAR), true).await, &key);
    assert_eq!(target.own_record(1, &key.k51()).await, None);
}

async fn offline_put_refuses_what_is_older(target: &Target) {
    let key = Key::of("put older");
    let value = some_value();
    accepted(&put(target, 0, &key, &key.record(&value, 5, FAR), true).await, &key);
    put(target, 0, &key, &key.record(&value, 4, FAR), true).await.is_rpc_error(&target.words("put_older"));
    let earlier = key.record(&value, 5, "2119-01-01T00:00:00Z");
    put(target, 0, &key, &earlier, true).await.is_rpc_error(&target.words("put_older"));
    // A later EOL wins at an equal sequence, whatever the value.
    let later = key.record("/ipfs/other", 5, "2121-01-01T00:00:00Z");
    accepted(&put(target, 0, &key, &later, true).await, &key);
    assert_eq!(target.own_record(0, &key.k51()).await, Some(later));
}

async fn offline_put_breaks_ties_by_bytes(target: &Target) {
    let key = Key::of("put ties");
    let mut twins = ["/ipfs/a", "/ipfs/b"].map(|value| key.record(value, 5, FAR));
    twins.sort();
    let [low, high] = twins;
    accepted(&put(target, 0, &key, &low, true).await, &key);
    accepted(&put(target, 0, &key, &high, true).await, &key);
    put(target, 0, &key, &low, true).await.is_rpc_error(&target.words("put_older"));
}

async fn offline_put_refuses_what_is_wrong(target: &Target) {
    let key = Key::of("put wrong");
    let value = some_value();
    let good = key.record(&value, 1, FAR);
    let cases = [
        (key.record(&value, 7, PAST), "record is expired"),
        (b"nonsense".to_vec(), "record is malformed"),
        (Vec::new(), "record is malformed"),
        (good[..40].to_vec(), "record is malformed"),
        (key.forged(7), "signature verification failed"),
        (Key::of("somebody else").record(&value, 7, FAR), "signature verification failed"),
        (key.record(&format!("{value}{}", "x".repeat(11_000)), 7, FAR), "record exceeds allowed size limit"),
    ];
    for (raw, words) in cases {
        put(target, 0, &key, &raw, true).await.is_rpc_error(words);
    }
    assert_eq!(target.own_record(0, &key.k51()).await, None);
}

async fn offline_put_takes_any_valid_record(target: &Target) {
    let key = Key::of("put any");
    let cases = [
        key.v2_record(&some_value(), 0, FAR, 0),
        key.record_with_ttl(&some_value(), 1, FAR, 60_000_000_000),
        key.record("/ipfs/nonsense", 2, FAR),
    ];
    for raw in cases {
        accepted(&put(target, 0, &key, &raw, true).await, &key);
        assert_eq!(target.own_record(0, &key.k51()).await, Some(raw));
    }
}

async fn record_size_limit_is_inclusive(target: &Target) {
    let key = Key::of("put size");
    let padded = |extra: usize| key.v2_record(&format!("/ipfs/{}", "x".repeat(9_000 + extra)), 1, FAR, 0);
    let extra = 10_240 - padded(0).len();
    let raw = padded(extra);
    assert_eq!(raw.len(), 10_240);
    accepted(&put(target, 0, &key, &raw, true).await, &key);
    put(target, 0, &key, &padded(extra + 1), true).await.is_rpc_error("record exceeds allowed size limit");
}

async fn highest_sequence_is_that_of_an_i64(target: &Target) {
    let key = Key::of("put highest");
    let most = u64::try_from(i64::MAX).unwrap();
    let answer = put(target, 0, &key, &key.record(&some_value(), most + 1, FAR), true).await;
    answer.is_rpc_error("out of range of int64 type");
    accepted(&put(target, 0, &key, &key.record(&some_value(), most, FAR), true).await, &key);
}

async fn online_put_spreads(target: &Target) {
    let key = Key::of("put spreads");
    let raw = key.record(&some_value(), 1, FAR);
    accepted(&put(target, 0, &key, &raw, false).await, &key);
    for i in 0..crate::NODES {
        assert_eq!(target.own_record(i, &key.k51()).await, Some(raw.clone()), "node {i}");
    }
}

async fn online_put_says_yes_to_what_it_refuses(target: &Target) {
    let key = Key::of("put silent");
    let value = some_value();
    let held = key.record(&value, 5, FAR);
    accepted(&put(target, 0, &key, &held, false).await, &key);
    let refused = [
        key.record(&value, 4, FAR),
        key.record(&value, 5, "2119-01-01T00:00:00Z"),
        key.record(&value, 6, PAST),
        key.forged(6),
        b"nonsense".to_vec(),
        Vec::new(),
        key.record(&format!("{value}{}", "x".repeat(11_000)), 7, FAR),
    ];
    for raw in refused {
        accepted(&put(target, 0, &key, &raw, false).await, &key);
        assert_eq!(target.own_record(0, &key.k51()).await.as_ref(), Some(&held));
    }
}

async fn name_put_answers_with_name_and_value(target: &Target) {
    for offline in [true, false] {
        let key = Key::of(&format!("name put {offline}"));
        let put = |raw: Vec<u8>| async move {
            let key = Key::of(&format!("name put {offline}"));
            target.upload(0, &format!("name/put?arg={}&offline={offline}", key.k51()), &raw).await
        };
        for _ in 0..2 {
            let json = put(key.record(&some_value(), 1, FAR)).await.is(200, "application/json").json();
            assert_eq!(
                (json["Name"].as_str(), json["Value"].as_str()),
                (Some(&*key.k51()), Some(&*some_value()))
            );
        }
        assert!(target.own_record(0, &key.k51()).await.is_some());
        assert_eq!(target.own_record(1, &key.k51()).await.is_some(), !offline);
    }
}

async fn name_put_refuses_all_that_does_not_raise_the_sequence(target: &Target) {
    for offline in [true, false] {
        let key = Key::of(&format!("name put lower {offline}"));
        let call = format!("name/put?arg={}&offline={offline}", key.k51());
        let value = some_value();
        target.upload(0, &call, &key.record(&value, 5, FAR)).await.is(200, "application/json");
        let refused = [
            key.record(&value, 4, FAR),
            key.record("/ipfs/other", 5, FAR),
            key.record(&value, 5, "2121-01-01T00:00:00Z"),
        ];
        for raw in refused {
            target.upload(0, &call, &raw).await.is_rpc_error("existing IPNS record has sequence 5 >=");
        }
    }
}

async fn name_put_refuses_what_is_wrong(target: &Target) {
    let key = Key::of("name put wrong");
    let value = some_value();
    let cases = [
        (key.record(&value, 7, PAST), "record is expired"),
        (b"nonsense".to_vec(), "record is malformed"),
        (Vec::new(), "record is empty"),
        (key.forged(7), "signature verification failed"),
        (key.record(&format!("{value}{}", "x".repeat(11_000)), 7, FAR), "record exceeds maximum size"),
    ];
    for offline in [true, false] {
        for (raw, words) in &cases {
            let call = format!("name/put?arg={}&offline={offline}", key.k51());
            target.upload(0, &call, raw).await.is_rpc_error(words);
        }
    }
    assert_eq!(target.own_record(0, &key.k51()).await, None);
}

async fn put_without_a_file_is_a_usage_error(target: &Target) {
    let call = format!("routing/put?arg=/ipns/{}&offline=true", Key::of("no file").k51());
    target.rpc(0, &call).await.is_text(400, "file argument");
}
