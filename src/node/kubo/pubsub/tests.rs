use std::ops::ControlFlow;

use super::{Arrival, Lines, argument, arrival};
use crate::limits;
use crate::model::push::Topic;

/// What comes of chunks: each line, or nothing for one that is too long.
fn lines(chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    let (mut lines, mut found) = (Lines::default(), Vec::new());
    for chunk in chunks {
        let heard = lines.feed(chunk, &mut |line| {
            found.push(line.map(<[u8]>::to_vec));
            ControlFlow::Continue(())
        });
        assert!(heard.is_continue());
        assert!(lines.begun.capacity() <= 2 * limits::PUSH_LINE_BYTES, "{}", lines.begun.capacity());
    }
    found
}

#[test]
fn lines_are_found_however_they_are_cut() {
    let whole = b"one\n\ntwo\nthree".as_slice();
    let expected = [Some(b"one".to_vec()), Some(Vec::new()), Some(b"two".to_vec())];
    assert_eq!(lines(&[whole]), expected);
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(lines(&bytes), expected);
    assert_eq!(lines(&[b"on", b"e\n\nt", b"wo\n", b"three"]), expected);
}

#[test]
fn a_line_without_an_end_keeps_nothing_and_counts_again_and_again() {
    let part = vec![b'x'; limits::PUSH_LINE_BYTES / 2];
    let endless: Vec<&[u8]> = std::iter::repeat_n(part.as_slice(), 40).collect();
    let found = lines(&endless);
    assert!(found.len() >= 37 && found.iter().all(Option::is_none), "{}", found.len());
}

#[test]
fn after_a_line_that_is_too_long_the_next_one_is_read() {
    let long = [vec![b'x'; limits::PUSH_LINE_BYTES + 1], b"\nshort\n".to_vec()].concat();
    assert_eq!(lines(&[&long]), [None, Some(b"short".to_vec())]);
    let (first, second) = long.split_at(limits::PUSH_LINE_BYTES);
    assert_eq!(lines(&[first, second]), [None, Some(b"short".to_vec())]);
    let exact = [vec![b'x'; limits::PUSH_LINE_BYTES], b"\n".to_vec()].concat();
    assert_eq!(lines(&[&exact]).first().unwrap().as_ref().unwrap().len(), limits::PUSH_LINE_BYTES);
}

#[test]
fn a_message_is_what_its_data_says() {
    let said = |line: &str| arrival(Some(line.as_bytes()));
    assert_eq!(
        said(r#"{"from":"12D3","data":"uaGkgdGhlcmU","seqno":"uGO","topicIDs":["uaGVsbG8"]}"#),
        Arrival::Message("hi there".into())
    );
    for wrong in [
        "",
        "{}",
        "[]",
        r#"{"data":7}"#,
        r#"{"data":"aGkgdGhlcmU"}"#,
        r#"{"data":"u=="}"#,
        r#"{"data":"maGk"}"#,
        r#"{"data":"uaGk"} more"#,
        r#"{"Message":"a","Code":0,"Type":"error"}"#,
    ] {
        assert_eq!(said(wrong), Arrival::Noise, "{wrong}");
    }
    let of = |bytes: usize| {
        said(&format!(r#"{{"data":"u{}"}}"#, multibase::Base::Base64Url.encode(vec![7; bytes])))
    };
    assert!(matches!(of(limits::PUSH_BYTES), Arrival::Message(_)));
    assert_eq!(of(limits::PUSH_BYTES + 1), Arrival::Noise);
    assert_eq!(arrival(None), Arrival::Noise);
}

#[test]
fn a_topic_is_written_as_the_rpc_wants_it() {
    assert_eq!(argument(&Topic::new([0xff; 32])), "u__________________________________________8");
}
