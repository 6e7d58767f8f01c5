use serde_json::{Value, json};

use super::*;
use crate::plugin::ErrorCode;

fn framed(head: &Value, payloads: &[u8]) -> Bytes {
    let head = head.to_string();
    let mut body = u32::try_from(head.len()).unwrap().to_be_bytes().to_vec();
    body.extend(head.as_bytes());
    body.extend(payloads);
    body.into()
}

fn head(tokens: Value) -> Value {
    json!({"account": "a", "tokens": tokens})
}

fn token(size: usize) -> Value {
    json!({"tokenId": "t", "stateHash": "s", "previous": null, "summary": "1 coin", "size": size})
}

#[test]
fn a_put_is_taken_apart() {
    let two = head(
        json!([token(3), {"tokenId": "u", "stateHash": "s", "previous": "r", "summary": null, "size": 0}]),
    );
    let put = parse_put(framed(&two, b"abc")).unwrap();
    assert_eq!(put.account, "a");
    assert_eq!(put.tokens[0].payload.as_ref(), b"abc");
    assert_eq!((put.tokens[1].previous.as_deref(), put.tokens[1].payload.len()), (Some("r"), 0));
}

#[test]
fn a_put_that_contradicts_itself_is_refused() {
    let code = |body: Bytes| parse_put(body).unwrap_err().code;
    for (body, why) in [
        (Bytes::new(), "empty"),
        (Bytes::from_static(&[0, 0, 0, 9, b'{']), "a head beyond the end"),
        (Bytes::from_static(&[255, 255, 255, 255]), "a huge head"),
        (framed(&json!([]), b""), "another head"),
        (framed(&json!({"account": "a", "tokens": [], "path": "/"}), b""), "an unknown field"),
        (framed(&head(json!([token(4)])), b"abc"), "a payload beyond the end"),
        (framed(&head(json!([token(2)])), b"abc"), "bytes left over"),
        (framed(&head(json!([{"tokenId": "a b", "stateHash": "s", "size": 0}])), b""), "a wrong id"),
    ] {
        assert_eq!(code(body), ErrorCode::BadRequest, "{why}");
    }
    let long = json!({"tokenId": "t", "stateHash": "s", "summary": "x".repeat(257), "size": 0});
    assert_eq!(code(framed(&head(json!([long])), b"")), ErrorCode::TooLarge);
    assert_eq!(code(framed(&head(json!([token(limits::PAYLOAD_BYTES + 1)])), b"")), ErrorCode::TooLarge);
    let many = vec![token(0); limits::PUT_TOKENS + 1];
    assert_eq!(code(framed(&head(json!(many)), b"")), ErrorCode::TooLarge);
}

#[test]
fn content_is_bounded_before_it_is_decoded() {
    let of = |encoding, value: &str| Content { encoding, value: value.to_owned() };
    let take = |content| content_of(content);
    assert_eq!(take(of(Encoding::Utf8, "abcd")).unwrap(), Bytes::from("abcd"));
    assert_eq!(take(of(Encoding::Utf8, "abcde")).unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(take(of(Encoding::Base64, "AAECAw==")).unwrap().as_ref(), [0, 1, 2, 3]);
    assert_eq!(take(of(Encoding::Base64, "AAECAwQ=")).unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(take(of(Encoding::Base64, "????")).unwrap_err().code, ErrorCode::BadRequest);
}

fn content_of(value: Content) -> CommandResult<Bytes> {
    let too_large = CommandError::too_large("value: at most 4 bytes");
    content(value, &Field { max: 4, too_large, ..VALUE })
}
