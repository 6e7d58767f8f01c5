//! What a record promises whatever bytes come in.

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::record::{Freshness, Record};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge::{self, EOL, EOL_MS, Forged, ROOT, byte_string};

pub fn parse(raw: Vec<u8>) -> Result<Record, Code> {
    Record::parse(raw, &forge::name()).map_err(|error| error.code())
}

pub fn refused(raw: Vec<u8>) -> Code {
    parse(raw).unwrap_err()
}

fn created(sequence: u64, carried: &[Block]) -> Record {
    let root = carried.first().map_or_else(forge::root, |first| *first.cid());
    Record::create(&forge::slot_key(0), sequence, &root, EOL_MS, carried).unwrap()
}

/// What a reader acts upon.
fn meaning(record: &Record) -> (u64, String, i128, u64, Vec<Block>) {
    (record.sequence(), record.value().to_owned(), record.eol_ns(), record.ttl_ns(), record.carried())
}

fn block_of(length: usize) -> Block {
    let head = if length > 256 { 3 } else { 2 };
    let block = forge::node(&Ipld::Bytes(vec![7; length - head]));
    assert_eq!(block.bytes().len(), length);
    block
}

#[test]
fn forged_records_are_accepted_when_nothing_is_wrong() {
    let record = parse(Forged::default().signed()).unwrap();
    assert_eq!((record.sequence(), record.validity()), (5, EOL));
    let alone = Forged { with_v1: false, ..Forged::default() };
    assert!(parse(alone.signed()).unwrap().is_v2_only());
}

#[test]
fn r01_each_bit_flip_is_refused_or_means_the_same() {
    let blocks = [forge::node(&Ipld::String("root".to_owned()))];
    for golden in
        [created(7, &blocks).raw().to_vec(), Forged { with_v1: false, ..Forged::default() }.signed()]
    {
        let expected = meaning(&parse(golden.clone()).unwrap());
        let mut accepted = 0;
        for bit in 0..golden.len() * 8 {
            let mut flipped = golden.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match parse(flipped) {
                Ok(record) => {
                    assert_eq!(meaning(&record), expected, "bit {bit}");
                    accepted += 1;
                }
                Err(code) => assert!(
                    matches!(code, Code::Malformed | Code::SignatureInvalid | Code::NameMismatch),
                    "bit {bit}: {code}"
                ),
            }
        }
        // Only the first signature (and the tag of an unsigned field) may change; far from all bits.
        assert!(accepted < 70 * 8, "{accepted}");
    }
}

#[test]
fn r01_truncated_records_are_refused() {
    let golden = created(7, &[]).raw().to_vec();
    for length in 0..golden.len() {
        assert!(parse(golden[..length].to_vec()).is_err(), "{length}");
    }
}

#[test]
fn r02_record_of_another_name_is_refused() {
    let other = Record::create(&forge::slot_key(1), 1, &forge::root(), EOL_MS, &[]).unwrap();
    assert_eq!(refused(other.raw().to_vec()), Code::SignatureInvalid);
}

#[test]
fn r02_public_key_of_another_name_is_a_name_mismatch() {
    let public_key = |slot| {
        let multihash = forge::slot_key(slot).name().multihash();
        multihash[2..].to_vec()
    };
    let own = Forged { public_key: public_key(0), ..Forged::default() };
    assert!(parse(own.signed()).is_ok());
    let other = Forged { public_key: public_key(1), ..Forged::default() };
    assert_eq!(refused(other.signed()), Code::NameMismatch);
}

#[test]
fn r03_eol_is_no_part_of_parsing() {
    let past = Forged::new(format!("/ipfs/{ROOT}").as_bytes(), b"2001-09-09T01:46:40.5Z", 5);
    let record = parse(past.signed()).unwrap();
    assert_eq!(record.freshness(1_000_000_000_499), Freshness::Valid);
    assert_eq!(record.freshness(1_000_000_000_500), Freshness::Expired);
    assert_eq!(record.freshness(i64::MIN), Freshness::Valid);
    assert_eq!(record.freshness(i64::MAX), Freshness::Expired);
}

#[test]
fn r06_twins_differ_and_every_reader_prefers_the_same() {
    let one = parse(Forged::default().signed()).unwrap();
    let value = format!("/ipfs/{}", forge::raw(b"other").cid());
    let two = parse(Forged::new(value.as_bytes(), EOL.as_bytes(), 5).signed()).unwrap();
    assert!(!one.same_as(&two));
    assert_eq!(one.cmp_order(&two), one.raw().cmp(two.raw()));
    assert_eq!(one.cmp_order(&two), two.cmp_order(&one).reverse());
    let later = parse(Forged::new(value.as_bytes(), b"2123-08-14T20:04:00.000000001Z", 5).signed()).unwrap();
    assert!(later.cmp_order(&one).is_gt() && later.cmp_order(&two).is_gt());
    let higher = parse(Forged::new(value.as_bytes(), b"2001-01-01T00:00:00Z", 6).signed()).unwrap();
    assert!(higher.cmp_order(&later).is_gt());
}

#[test]
fn same_record_survives_a_changed_first_signature() {
    let record = created(7, &[]);
    let mut raw = record.raw().to_vec();
    // value field: tag, length, 65 bytes; then tag, length of the first signature.
    raw[2 + 65 + 2] ^= 1;
    let changed = parse(raw).unwrap();
    assert_ne!(changed.raw(), record.raw());
    assert!(changed.same_as(&record));
}

#[test]
fn r07_size_is_decided_before_anything_is_parsed() {
    assert_eq!(refused(vec![0xff; limits::RECORD_BYTES + 1]), Code::TooLarge);
    assert_eq!(refused(vec![0xff; limits::RECORD_BYTES]), Code::Malformed);
    // Padded by an unknown field up to the last byte allowed.
    let mut raw = created(7, &[]).raw().to_vec();
    let pad = limits::RECORD_BYTES - raw.len() - 3;
    raw.extend(forge::field_bytes(15, &vec![0; pad]));
    assert_eq!(raw.len(), limits::RECORD_BYTES);
    assert!(parse(raw.clone()).is_ok());
    raw.push(0);
    assert_eq!(refused(raw), Code::TooLarge);
}

#[test]
fn r08_record_without_second_signature_is_refused() {
    let signed = Forged::default();
    let mut raw = forge::field_bytes(1, &signed.value);
    raw.extend(forge::field_bytes(2, &[1; 64]));
    raw.extend(forge::field_bytes(4, &signed.validity));
    assert_eq!(refused(raw), Code::Malformed);
    assert_eq!(refused(Vec::new()), Code::Malformed);
    assert_eq!(refused(forge::field_bytes(8, &[1; 64])), Code::Malformed, "a signature of nothing");
    let data = forge::field_bytes(9, &signed.data_bytes());
    assert_eq!(refused(data), Code::Malformed, "data without any signature");
}

#[test]
fn r09_unsigned_fields_must_say_what_was_signed() {
    for wrong in [
        Forged { value: b"/ipfs/bafkqaaa".to_vec(), ..Forged::default() },
        Forged { validity: b"2124-08-14T20:04:00Z".to_vec(), ..Forged::default() },
        Forged { sequence: 6, ..Forged::default() },
        Forged { ttl: 1, ..Forged::default() },
        Forged { value: Vec::new(), ..Forged::default() },
    ] {
        assert_eq!(refused(wrong.signed()), Code::Malformed);
    }
    // An absent field is its default value.
    let mut raw = Forged { with_v1: false, ..Forged::default() }.signed();
    raw.extend(forge::field_bytes(2, &[1; 64]));
    assert_eq!(refused(raw), Code::Malformed);
    let mut raw = Forged { with_v1: false, ..Forged::default() }.signed();
    raw.extend(forge::field_number(5, 99));
    assert!(parse(raw).is_ok(), "without value and first signature the other fields are not compared");
}

#[test]
fn r09_order_of_fields_is_free_and_the_last_one_wins() {
    let forged = Forged::default();
    let mut raw = forge::field_bytes(1, b"/ipfs/elsewhere");
    raw.extend(forge::field_number(5, 1_000));
    raw.extend(forge::field_number(100, 1));
    raw.extend(forged.signed());
    assert_eq!(parse(raw).unwrap().sequence(), 5);
    let mut raw = forged.signed();
    raw.extend(forge::field_number(5, 1_000));
    assert_eq!(refused(raw), Code::Malformed);
}

#[test]
fn the_ttl_of_another_writer_is_told() {
    let forged = Forged { ttl: 300, ..Forged::default() }.set("TTL", forge::unsigned(300));
    assert_eq!(parse(forged.signed()).unwrap().ttl_ns(), 300);
}

#[test]
fn r09_fields_of_another_wire_type_are_refused() {
    let signed = || Forged { with_v1: false, ..Forged::default() }.signed();
    for wrong in [forge::field_bytes(5, b""), forge::field_number(1, 0), forge::field_number(9, 0)] {
        assert_eq!(refused([signed(), wrong].concat()), Code::Malformed);
    }
    assert!(parse([signed(), forge::field_bytes(10, b"")].concat()).is_ok(), "no field of ours");
}

#[test]
fn r10_last_sequence_is_signed_and_read() {
    let record = created(limits::SEQUENCE_MAX, &[]);
    assert_eq!(record.sequence(), i64::MAX as u64);
    for sequence in [0, 1 << 63, u64::MAX] {
        let result = Record::create(&forge::slot_key(0), sequence, &forge::root(), EOL_MS, &[]);
        assert_eq!(result.unwrap_err().code(), Code::SequenceExhausted);
    }
    let beyond = Forged::new(format!("/ipfs/{ROOT}").as_bytes(), EOL.as_bytes(), 1 << 63);
    assert_eq!(refused(beyond.signed()), Code::Malformed);
}

#[test]
fn carried_blocks_come_back_under_their_own_cids() {
    let root = forge::node(&Ipld::String("root".to_owned()));
    let carried = [root, forge::node(&Ipld::Null), forge::node(&Ipld::Bool(true))];
    let record = created(7, &carried);
    assert_eq!(record.carried(), carried);
    assert_eq!(parse(record.raw().to_vec()).unwrap().carried(), carried);
}

#[test]
fn extension_of_another_form_is_ignored() {
    let many = [vec![0x98, 65], vec![0x40; 65]].concat();
    let large = [vec![0x81], byte_string(&[0; limits::EXTENSION_BYTES + 1])].concat();
    for field in
        [vec![0xf6], vec![0x81, 0x00], vec![0x81, 0x61, b'x'], vec![0xa0], byte_string(b"x"), many, large]
    {
        let record = parse(Forged::default().with("_ws", field).signed()).unwrap();
        assert!(record.carried().is_empty());
    }
    let full = [vec![0x81], byte_string(&[0; limits::EXTENSION_BYTES])].concat();
    assert_eq!(parse(Forged::default().with("_ws", full).signed()).unwrap().carried().len(), 1);
}

#[test]
fn a_full_extension_fits_the_record() {
    let blocks: Vec<Block> = (0..limits::EXTENSION_BLOCKS)
        .map(|_| block_of(limits::EXTENSION_BYTES / limits::EXTENSION_BLOCKS))
        .collect();
    let longest = created(limits::SEQUENCE_MAX, &blocks);
    assert_eq!(longest.carried(), blocks);
    let more = [blocks.as_slice(), &[block_of(30)]].concat();
    let larger = [block_of(limits::EXTENSION_BYTES), block_of(30)];
    for carried in [more.as_slice(), &larger] {
        let result = Record::create(&forge::slot_key(0), 1, carried[0].cid(), EOL_MS, carried);
        assert_eq!(result.unwrap_err().code(), Code::TooLarge);
    }
}

#[test]
fn create_refuses_what_readers_could_not_use() {
    let create = |eol, carried: &[Block]| {
        Record::create(&forge::slot_key(0), 1, &forge::root(), eol, carried).unwrap_err().code()
    };
    assert_eq!(create(EOL_MS, &[forge::node(&Ipld::Null)]), Code::BadRequest);
    assert_eq!(create(i64::MAX, &[]), Code::BadRequest);
    assert_eq!(create(i64::MIN, &[]), Code::BadRequest);
    let raw = forge::raw(b"x");
    let result = Record::create(&forge::slot_key(0), 1, raw.cid(), EOL_MS, std::slice::from_ref(&raw));
    assert_eq!(result.unwrap_err().code(), Code::BadRequest);
}

#[test]
fn debug_output_holds_no_bytes() {
    let text = format!("{:?}", created(7, &[]));
    assert!(text.contains("sequence 7") && text.len() < 300, "{text}");
}

proptest! {
    #[test]
    fn p08_parse_undoes_create(
        slot in 0_u8..64, sequence in 1..=limits::SEQUENCE_MAX, seconds in 0_i64..250_000_000_000, ms in 0_i64..1_000,
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..8),
    ) {
        let key = forge::slot_key(slot);
        let carried: Vec<Block> = bodies.into_iter().map(|body| forge::node(&Ipld::Bytes(body))).collect();
        let root = carried.first().map_or_else(forge::root, |first| *first.cid());
        let made = Record::create(&key, sequence, &root, seconds * 1_000 + ms, &carried).unwrap();
        let read = Record::parse(made.raw().clone(), &key.name()).unwrap();
        prop_assert!(read.same_as(&made));
        prop_assert_eq!(read.cmp_order(&made), std::cmp::Ordering::Equal);
        prop_assert_eq!(read.name(), &key.name());
        prop_assert_eq!(read.sequence(), sequence);
        prop_assert_eq!(read.root(), Some(root));
        prop_assert_eq!(read.eol_ns(), i128::from(seconds) * 1_000_000_000);
        prop_assert_eq!(read.ttl_ns(), 0);
        prop_assert_eq!(read.carried(), carried);
        prop_assert!(!read.is_v2_only());
    }

    #[test]
    fn p06_any_bytes_are_refused_without_a_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(parse(raw).is_err());
    }

    #[test]
    fn order_is_total(left in 0_u64..3, right in 0_u64..3, early in any::<bool>(), late in any::<bool>()) {
        let record = |sequence, late| {
            let eol: &[u8] = if late { b"2124-01-01T00:00:00Z" } else { EOL.as_bytes() };
            parse(Forged::new(format!("/ipfs/{ROOT}").as_bytes(), eol, sequence).signed()).unwrap()
        };
        let (a, b) = (record(left, early), record(right, late));
        prop_assert_eq!(a.cmp_order(&b), b.cmp_order(&a).reverse());
        prop_assert_eq!(a.cmp_order(&b).is_eq(), a.same_as(&b));
        prop_assert_eq!(a.cmp_order(&b), (left, early).cmp(&(right, late)));
    }
}
