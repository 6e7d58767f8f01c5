//! Reading records: offline and online, held, elsewhere, missing, expired.

use std::time::Duration;

use data_encoding::BASE64;

use crate::made::{FAR, Key, some_value};
use crate::target::Target;
use crate::{Check, checks};

pub const CHECKS: &[Check] = checks![
    held_record_comes_as_bytes,
    held_record_comes_as_json,
    missing_record_has_words,
    missing_record_online_has_the_same_words,
    names_are_read_in_three_forms,
    routing_needs_the_prefix,
    wrong_names_are_named,
    own_copy_is_answered_however_stale,
    copy_of_another_node_is_found_and_not_kept,
];

/// Checks that wait for an EOL.
pub const WAITING: &[Check] = checks![expired_record_is_said_offline_and_lets_a_lower_sequence_in];

const RECORD: &str = "application/vnd.ipfs.ipns-record";

async fn held_record_comes_as_bytes(target: &Target) {
    let key = Key::of("held bytes");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    for offline in ["&offline=true", ""] {
        let answer = target.rpc(0, &format!("name/get?arg={}{offline}", key.k51())).await;
        assert_eq!(answer.is(200, RECORD).body, raw);
    }
}

async fn held_record_comes_as_json(target: &Target) {
    let key = Key::of("held json");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    for offline in ["&offline=true", ""] {
        let answer = target.rpc(0, &format!("routing/get?arg=/ipns/{}{offline}", key.k51())).await;
        let json = answer.is(200, "application/json").json();
        assert_eq!(json["Type"], 5);
        assert_eq!(json["ID"], "");
        assert_eq!(BASE64.decode(json["Extra"].as_str().unwrap().as_bytes()).unwrap(), raw);
    }
}

async fn missing_record_has_words(target: &Target) {
    let name = Key::of("missing").k51();
    for call in [format!("name/get?arg={name}"), format!("routing/get?arg=/ipns/{name}")] {
        target.rpc(0, &format!("{call}&offline=true")).await.is_rpc_error(&target.words("absent"));
    }
}

async fn missing_record_online_has_the_same_words(target: &Target) {
    let name = Key::of("missing online").k51();
    for call in [format!("name/get?arg={name}"), format!("routing/get?arg=/ipns/{name}")] {
        target.rpc(0, &call).await.is_rpc_error("routing: not found");
    }
}

async fn names_are_read_in_three_forms(target: &Target) {
    let key = Key::of("forms");
    let forms = [key.k51(), key.base32(), key.name().peer_id()];
    for (sequence, form) in (1..).zip(&forms) {
        target.store(0, form, &key.record(&some_value(), sequence, FAR)).await;
    }
    let newest = key.record(&some_value(), 3, FAR);
    for form in &forms {
        assert_eq!(target.own_record(0, form).await.as_ref(), Some(&newest));
        assert_eq!(target.own_record(0, &format!("/ipns/{form}")).await.as_ref(), Some(&newest));
    }
}

async fn routing_needs_the_prefix(target: &Target) {
    let key = Key::of("prefix");
    target.rpc(0, &format!("routing/get?arg={}&offline=true", key.k51())).await.is_rpc_error("invalid key");
    let raw = key.record(&some_value(), 1, FAR);
    let answer = target.upload(0, &format!("routing/put?arg={}&offline=true", key.k51()), &raw).await;
    answer.is_rpc_error("invalid key");
}

async fn wrong_names_are_named(target: &Target) {
    target.rpc(0, "name/get?arg=nonsense&offline=true").await.is_rpc_error("failed to parse peer ID");
    target.rpc(0, "routing/get?arg=/ipns/xx&offline=true").await.is_rpc_error("failed to parse peer ID");
    target.rpc(0, "name/get").await.is_text(400, "argument \"name\" is required");
}

async fn own_copy_is_answered_however_stale(target: &Target) {
    let key = Key::of("stale");
    let old = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &old).await;
    target.store(1, &key.k51(), &key.record(&some_value(), 2, FAR)).await;
    let name = key.k51();
    assert_eq!(target.rpc(0, &format!("name/get?arg={name}")).await.is(200, RECORD).body, old);
    assert_eq!(target.get(0, &format!("/ipns/{name}?format=ipns-record")).await.is(200, RECORD).body, old);
    assert_eq!(target.get(0, &format!("/routing/v1/ipns/{name}")).await.is(200, RECORD).body, old);
}

async fn copy_of_another_node_is_found_and_not_kept(target: &Target) {
    let key = Key::of("elsewhere");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(1, &key.k51(), &raw).await;
    let online = target.rpc(0, &format!("name/get?arg={}", key.k51())).await;
    if target.shares_offline_puts() {
        assert_eq!(online.is(200, RECORD).body, raw);
    } else {
        online.is_rpc_error("routing: not found");
    }
    assert_eq!(target.own_record(0, &key.k51()).await, None, "the reader keeps no copy");
}

async fn expired_record_is_said_offline_and_lets_a_lower_sequence_in(target: &Target) {
    let key = Key::of("expired");
    let name = key.k51();
    target.store(0, &name, &key.record(&some_value(), 9, &expired_soon(Duration::from_secs(3)))).await;
    let offline = format!("name/get?arg={name}&offline=true");
    target.until_not_200(0, &offline).await.is_rpc_error("record is expired");
    target
        .rpc(0, &format!("routing/get?arg=/ipns/{name}&offline=true"))
        .await
        .is_rpc_error("record is expired");
    target.rpc(0, &format!("name/get?arg={name}")).await.is_rpc_error("routing: not found");
    target.get(0, &format!("/ipns/{name}?format=ipns-record")).await.is_text(500, "routing: not found");
    target.get(0, &format!("/routing/v1/ipns/{name}")).await.is_text(200, "routing: not found");
    let lower = key.record(&some_value(), 3, FAR);
    target.store(0, &name, &lower).await;
    assert_eq!(target.own_record(0, &name).await, Some(lower));
}

/// An EOL that comes so soon.
pub fn expired_soon(wait: Duration) -> String {
    let now = tauri_plugin_wallet_sync::clock::Clock::now(&tauri_plugin_wallet_sync::clock::SystemClock);
    rfc3339(now + wait.as_millis() as i64)
}

/// Milliseconds since 1970 as a writer of records puts them down.
fn rfc3339(ms: i64) -> String {
    let (days, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Civil date from days, after Howard Hinnant.
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", ms % 1_000)
}
