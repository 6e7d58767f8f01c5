//! `record verify` and `car verify`: offline, with the precise code.

use bytes::Bytes;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarWriter;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};

use crate::support::{self, Wallet, data_file, run};

/// Verifies one of the published vectors, whose file names begin with the record's name.
fn verify(end: &str, more: &[&str]) -> support::Outcome {
    let file = data_file("ipns-records", end);
    let name = file.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().to_owned();
    run(&[&["--json", "record", "verify", file.to_str().unwrap(), "--name", &name], more].concat())
}

#[test]
fn good_records_are_told_in_full() {
    let record = verify("_v1-v2.ipns-record", &["--now", "2026-01-01T00:00:00Z"]).done();
    assert_eq!(record["v2Only"], false, "{record}");
    assert!(record["sequence"].is_u64() && record["ttlNs"].is_u64(), "{record}");
    assert!(record["value"].as_str().unwrap().starts_with("/ipfs/"), "{record}");
    assert!(record["validity"].as_str().unwrap().starts_with("2123-"), "{record}");
    assert_eq!(verify("_v2.ipns-record", &[]).done()["v2Only"], true);
    assert_eq!(verify("_v1-v2-broken-signature-v1.ipns-record", &[]).done()["v2Only"], false);
}

#[test]
fn bad_records_have_their_own_codes() {
    verify("_v1.ipns-record", &[]).refused(4, "malformed");
    verify("_v1-v2-broken-signature-v2.ipns-record", &[]).refused(4, "signature_invalid");
    verify("_v1-v2-broken-v1-value.ipns-record", &[]).refused(4, "malformed");
    verify("_v1-v2.ipns-record", &["--now", "2200-01-01T00:00:00Z"]).refused(4, "expired");
}

#[test]
fn expiry_is_judged_at_the_time_given() {
    let at = |now: &str| verify("_v1-v2.ipns-record", &["--now", now]);
    at("2123-08-14T12:17:03.694051999Z").done();
    at("2123-08-14T12:17:03.694052Z").refused(4, "expired");
    at("2123-08-14T14:17:03.694052+02:00").refused(4, "expired");
}

#[test]
fn another_name_is_a_mismatch_or_a_bad_signature() {
    let file = data_file("ipns-records", "_v1-v2.ipns-record");
    let other = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";
    let outcome = run(&["--json", "record", "verify", file.to_str().unwrap(), "--name", other]);
    let code = outcome.lines().remove(0)["code"].as_str().unwrap().to_owned();
    // A record that does not carry its key can only be told by its signature.
    assert!(["name_mismatch", "signature_invalid"].contains(&code.as_str()), "{outcome:?}");
    assert_eq!(outcome.exit, Some(4));
}

#[test]
fn what_is_no_record_is_malformed_or_too_large() {
    let wallet = Wallet::new();
    let name = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";
    for (content, code) in [
        (Vec::new(), "malformed"),
        (b"hello".to_vec(), "malformed"),
        (vec![0; 10_240], "malformed"),
        (vec![0; 10_241], "too_large"),
        (vec![0; 3_000_000], "too_large"),
    ] {
        let file = wallet.file("record", &content);
        run(&["--json", "record", "verify", &file, "--name", name]).refused(4, code);
    }
}

#[test]
fn wrong_input_to_verify_is_the_callers_mistake() {
    let name = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";
    run(&["--json", "record", "verify", "/nowhere/record", "--name", name]).refused(2, "bad_request");
    run(&["--json", "record", "verify", "/", "--name", name]).refused(2, "bad_request");
    verify("_v2.ipns-record", &["--now", "yesterday"]).refused(2, "bad_request");
    let file = data_file("ipns-records", "_v2.ipns-record");
    run(&["--json", "record", "verify", file.to_str().unwrap(), "--name", "k51x"]).refused(2, "bad_request");
    run(&["--json", "car", "verify", "/nowhere/car", "--root", &leaf(1).cid().to_string()])
        .refused(2, "bad_request");
    run(&["--json", "car", "verify", file.to_str().unwrap(), "--root", "Qm"]).refused(2, "bad_request");
}

fn leaf(number: u8) -> Block {
    Block::new(Codec::Raw, vec![number; 100])
}

/// A DAG-CBOR node `[link, …]`.
fn node(links: &[&Block]) -> Block {
    let mut cbor = vec![0x80 | u8::try_from(links.len()).unwrap()];
    for link in links {
        cbor.extend([0xd8, 0x2a, 0x58, 37, 0]);
        cbor.extend(link.cid().to_bytes());
    }
    Block::new(Codec::DagCbor, cbor)
}

fn car(root: &Cid, blocks: &[&Block]) -> Bytes {
    let mut writer = CarWriter::new(root);
    blocks.iter().for_each(|block| writer.push(block));
    writer.finish()
}

fn verify_car(content: &[u8], root: &Cid) -> support::Outcome {
    let wallet = Wallet::new();
    let file = wallet.file("car", content);
    run(&["--json", "car", "verify", &file, "--root", &root.to_string()])
}

#[test]
fn a_complete_car_is_counted() {
    let (one, two) = (leaf(1), leaf(2));
    let root = node(&[&one, &two]);
    let bytes = car(root.cid(), &[&root, &one, &two]);
    let told = verify_car(&bytes, root.cid()).done();
    assert_eq!((&told["blocks"], &told["bytes"]), (&3.into(), &bytes.len().into()));
}

#[test]
fn a_car_that_lies_or_lacks_something_is_refused() {
    let (one, two) = (leaf(1), leaf(2));
    let root = node(&[&one, &two]);
    let good = car(root.cid(), &[&root, &one, &two]);
    let told = verify_car(&car(root.cid(), &[&root, &one]), root.cid()).refused(4, "malformed");
    assert!(told.contains(&two.cid().to_string()), "{told}");
    let mut flipped = good.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    verify_car(&flipped, root.cid()).refused(4, "hash_mismatch");
    verify_car(&good[..good.len() - 1], root.cid()).refused(4, "malformed");
    verify_car(&good, leaf(3).cid()).refused(4, "malformed");
    verify_car(b"", root.cid()).refused(4, "malformed");
    verify_car(&[0xff; 11], root.cid()).refused(4, "too_large");
    verify_car(&[0; 100], root.cid()).refused(4, "malformed");
}
