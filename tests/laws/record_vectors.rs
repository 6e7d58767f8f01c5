//! Records of other implementations: the specification's conformance files and those of js-ipns.

use std::path::{Path, PathBuf};

use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::{Freshness, Record};
use tauri_plugin_wallet_sync::{Code, Error};

use crate::forge;

const NOW: i64 = 1_795_000_000_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Reads the one file of this kind; its name begins with the IPNS name.
fn conformance(kind: &str) -> Result<Record, Error> {
    let suffix = format!("_{kind}.ipns-record");
    let mut files = std::fs::read_dir(folder("ipns-records")).unwrap().map(|file| file.unwrap().path());
    let path = files.find(|path| path.to_str().unwrap().ends_with(&suffix)).unwrap();
    let file = path.file_name().unwrap().to_str().unwrap();
    let name = Name::parse(file.strip_suffix(&suffix).unwrap()).unwrap();
    Record::parse(std::fs::read(path).unwrap(), &name)
}

fn js(file: &str) -> Result<Record, Error> {
    let raw = std::fs::read(folder("js-ipns").join(format!("{file}.ipns-record"))).unwrap();
    Record::parse(raw, &forge::name())
}

fn refused(result: Result<Record, Error>) -> (Code, String) {
    let error = result.unwrap_err();
    (error.code(), error.message().to_owned())
}

#[test]
fn both_versions_are_accepted() {
    let record = conformance("v1-v2").unwrap();
    assert!(!record.is_v2_only());
    assert_eq!(record.freshness(NOW), Freshness::Valid);
    assert!(record.value().starts_with("/ipfs/baf"), "{}", record.value());
    assert!(record.validity().starts_with("2123-"), "{}", record.validity());
    assert!(record.carried().is_empty());
}

#[test]
fn second_version_alone_is_accepted() {
    let record = conformance("v2").unwrap();
    assert!(record.is_v2_only());
    assert_eq!(record.freshness(NOW), Freshness::Valid);
}

#[test]
fn a_broken_first_signature_means_nothing() {
    assert!(conformance("v1-v2-broken-signature-v1").is_ok());
}

#[test]
fn r08_first_version_alone_is_refused() {
    let (code, message) = refused(conformance("v1"));
    assert_eq!((code, message.as_str()), (Code::Malformed, "record: no second signature, or no data"));
}

#[test]
fn r01_broken_second_signature_is_refused() {
    assert_eq!(refused(conformance("v1-v2-broken-signature-v2")).0, Code::SignatureInvalid);
}

#[test]
fn r09_value_other_than_signed_is_refused() {
    let (code, message) = refused(conformance("v1-v2-broken-v1-value"));
    assert_eq!((code, message.as_str()), (Code::Malformed, "record: value is not the one that was signed"));
}

#[test]
fn js_records_keep_sequence_and_eol() {
    let whole = i128::from(forge::EOL_MS) * 1_000_000;
    let max = i64::MAX as u64;
    for (file, v2_only, sequence, eol_ns) in [
        ("v1-v2-sequence-0", false, 0, whole),
        ("v1-v2-sequence-7-ms", false, 7, whole + 123_000_000),
        ("v1-v2-sequence-max", false, max, whole),
        ("v2-sequence-0", true, 0, whole),
        ("v2-sequence-7-ns", true, 7, whole + 123_456_789),
        ("v2-sequence-max", true, max, whole),
    ] {
        let record = js(file).unwrap();
        assert_eq!(record.is_v2_only(), v2_only, "{file}");
        assert_eq!(record.sequence(), sequence, "{file}");
        assert_eq!(record.eol_ns(), eol_ns, "{file}");
        assert_eq!(record.root(), Some(forge::root()), "{file}");
        assert_eq!(record.freshness(NOW), Freshness::Valid, "{file}");
    }
}

#[test]
fn r13_far_eol_is_no_error() {
    let record = js("v1-v2-99-years").unwrap();
    assert_eq!(record.validity(), "2125-11-24T00:00:00.000000000Z");
    assert_eq!(record.ttl_ns(), 0);
}

#[test]
fn r03_expired_is_an_outcome_and_no_error() {
    let record = js("v1-v2-expired").unwrap();
    assert_eq!(record.freshness(NOW), Freshness::Expired);
    let eol_ms = i64::try_from(record.eol_ns() / 1_000_000).unwrap();
    assert_eq!(record.freshness(eol_ms), Freshness::Expired);
    assert_eq!(record.freshness(eol_ms - 1), Freshness::Valid);
}

#[test]
fn r11_values_of_other_forms_are_named_and_refused() {
    for (file, value) in [("v2-ipns-chain", "/ipns/example.com"), ("v2-path", "/ipfs/bafyrei")] {
        let (code, message) = refused(js(file));
        assert_eq!(code, Code::Malformed);
        assert!(message.contains(value), "{message}");
    }
}
