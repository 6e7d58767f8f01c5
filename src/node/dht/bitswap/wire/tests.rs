use proptest::prelude::*;

use super::*;

fn cid(text: &str) -> Cid {
    Cid::of(Codec::Raw, text.as_bytes())
}

fn message(blocks: &[&[u8]], have: &[Cid], missing: &[Cid]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in blocks {
        let mut part = Vec::new();
        put_bytes(&mut part, 1, &[0x01, 0x55, 0x12, 0x20]);
        put_bytes(&mut part, 2, block);
        put_bytes(&mut out, 3, &part);
    }
    for (kind, cids) in [(0, have), (1, missing)] {
        for cid in cids {
            let mut part = Vec::new();
            put_bytes(&mut part, 1, &cid.to_bytes());
            put_number(&mut part, 2, kind);
            put_bytes(&mut out, 4, &part);
        }
    }
    out
}

#[test]
fn blocks_and_presences_are_read() {
    let raw = message(&[b"one", b""], &[cid("a")], &[cid("b"), cid("c")]);
    let read = Message::decode(&raw.into()).unwrap();
    assert_eq!(read.blocks, [(Codec::Raw, Bytes::from_static(b"one")), (Codec::Raw, Bytes::new())]);
    assert_eq!((read.have, read.missing), (vec![cid("a")], vec![cid("b"), cid("c")]));
}

#[test]
fn a_want_is_what_kubo_reads() {
    let frame = encode_wants(&[Want::Block(cid("x"))]);
    let mut expected = vec![52, 0x0a, 50, 0x0a, 48, 0x0a, 36];
    expected.extend(cid("x").to_bytes());
    // Priority, want type, send-dont-have; the lengths in front count these.
    expected.extend([0x10, 1, 0x20, 0, 0x28, 1]);
    expected[0] = u8::try_from(expected.len() - 1).unwrap();
    expected[2] = u8::try_from(expected.len() - 3).unwrap();
    expected[4] = u8::try_from(expected.len() - 5).unwrap();
    assert_eq!(frame, expected);
    let cancel = encode_wants(&[Want::Cancel(cid("x"))]);
    assert!(cancel.ends_with(&[0x10, 1, 0x18, 1]));
    let have = encode_wants(&[Want::Have(cid("x"))]);
    assert!(have.ends_with(&[0x20, 1, 0x28, 1]));
}

#[test]
fn foreign_kinds_of_blocks_are_passed_over() {
    for prefix in
        [&[0x01, 0x70, 0x12, 0x20][..], &[0x00, 0x55, 0x12, 0x20], &[0x01, 0x55, 0x13, 0x20], &[], &[1]]
    {
        let (mut part, mut raw) = (Vec::new(), Vec::new());
        put_bytes(&mut part, 1, prefix);
        put_bytes(&mut part, 2, b"bytes");
        put_bytes(&mut raw, 3, &part);
        assert!(Message::decode(&raw.into()).unwrap().is_empty(), "{prefix:?}");
    }
}

#[test]
fn too_many_parts_are_refused() {
    let raw = message(&vec![&b"x"[..]; limits::BITSWAP_ITEMS], &[], &[]);
    assert!(Message::decode(&raw.clone().into()).is_ok());
    let more = [raw, message(&[b"y"], &[], &[])].concat();
    assert_eq!(Message::decode(&more.into()).unwrap_err().code(), Code::Malformed);
}

#[test]
fn declared_lengths_beyond_the_end_are_refused() {
    for raw in
        [vec![0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f], vec![0x1a], vec![0xff; 11], vec![0x1b], vec![0x21, 1]]
    {
        assert_eq!(Message::decode(&raw.into()).unwrap_err().code(), Code::Malformed);
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_message_or_an_error(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = Message::decode(&raw.into());
    }

    #[test]
    fn a_changed_byte_never_panics(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut raw = message(&[b"one", b"two"], &[cid("a")], &[cid("b")]);
        let at = at.index(raw.len());
        raw[at] = byte;
        let _ = Message::decode(&raw.into());
    }

    #[test]
    fn whatever_is_cut_off_never_panics(length in 0_usize..200) {
        let mut raw = message(&[b"one", b"two"], &[cid("a")], &[cid("b")]);
        raw.truncate(length);
        let _ = Message::decode(&raw.into());
    }

    #[test]
    fn blocks_come_back_as_they_were(blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20)) {
        let slices: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
        let read = Message::decode(&message(&slices, &[], &[]).into()).unwrap();
        let got: Vec<Vec<u8>> = read.blocks.iter().map(|(_, bytes)| bytes.to_vec()).collect();
        prop_assert_eq!(got, blocks);
    }
}
