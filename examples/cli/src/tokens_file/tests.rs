use super::parse;
use tauri_plugin_wallet_sync::Code;

fn refused(text: impl AsRef<[u8]>) -> (Code, String) {
    let error = parse(text.as_ref()).unwrap_err();
    (error.code(), error.message().to_owned())
}

#[track_caller]
fn refused_with(text: impl AsRef<[u8]>, words: &[&str]) {
    let (code, message) = refused(text);
    assert_eq!(code, Code::BadRequest, "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

#[test]
fn lines_are_read_whatever_their_ends() {
    let text = "\u{feff}{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}\r\n\r\n  \n\
        {\"tokenId\":\"b.c_d:e-F\",\"stateHash\":\"2\",\"previous\":\"1\",\"summary\":\"5 ₿\",\"dataBase64\":\"AAH/\"}\n\
        {\"tokenId\":\"c\",\"stateHash\":\"3\",\"previous\":null,\"summary\":null,\"data\":null,\"dataBase64\":\"\"}";
    let tokens = parse(text.as_bytes()).unwrap().states;
    assert_eq!(tokens.len(), 3);
    assert_eq!((tokens[0].payload.as_ref(), &tokens[0].previous), (&b"x"[..], &None));
    assert_eq!(tokens[1].payload.as_ref(), &[0, 1, 255]);
    assert_eq!(tokens[1].summary.as_deref(), Some("5 ₿"));
    assert_eq!(tokens[1].previous.as_deref(), Some("1"));
    assert_eq!((tokens[2].payload.len(), &tokens[2].summary), (0, &None));
    assert!(parse(&b""[..]).unwrap().states.is_empty());
}

#[test]
fn data_comes_back_byte_for_byte() {
    let text = r#"{"tokenId":"a","stateHash":"1","data":" {\"a\": 1.0}\n\u0000\ud83d\ude00 "}"#;
    assert_eq!(parse(text.as_bytes()).unwrap().states[0].payload.as_ref(), " {\"a\": 1.0}\n\0😀 ".as_bytes());
}

#[test]
fn a_repeated_state_counts_once_and_with_other_content_it_is_a_conflict() {
    let line = "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}\n";
    let tokens = parse(
        format!("{line}{{\"stateHash\":\"1\",\"tokenId\":\"a\",\"dataBase64\":\"eA==\"}}\n").as_bytes(),
    );
    let tokens = tokens.unwrap();
    assert_eq!((tokens.states.len(), tokens.repeated), (1, 1));
    for other in [
        r#"{"tokenId":"a","stateHash":"1","data":"y"}"#,
        r#"{"tokenId":"a","stateHash":"1","data":"x","summary":""}"#,
        r#"{"tokenId":"a","stateHash":"1","data":"x","previous":"0"}"#,
    ] {
        let (code, message) = refused(format!("{line}\n{other}"));
        assert_eq!(code, Code::Conflict, "{other}");
        assert!(message.contains("line 3") && message.contains("line 1"), "{message}");
    }
}

#[test]
fn complaints_name_line_field_and_limit() {
    let good = "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"data\":\"x\"}\n";
    refused_with(format!("{good}{{\"tokenId\":\"b\"}}"), &["line 2", "stateHash: missing"]);
    refused_with(r#"{"stateHash":"1","data":""}"#, &["line 1", "tokenId: missing"]);
    refused_with(r#"{"tokenId":"a","stateHash":"1"}"#, &["data or dataBase64"]);
    refused_with(r#"{"tokenId":"a","stateHash":"1","data":"","dataBase64":""}"#, &["data and dataBase64"]);
    refused_with(r#"{"tokenId":1,"stateHash":"1","data":""}"#, &["tokenId: a string"]);
    refused_with(r#"{"tokenId":"a","stateHash":"1","data":{"a":[1,{}]}}"#, &["data: a string"]);
    refused_with(
        r#"{"tokenId":"a","stateHash":"1","data":"","amount":5}"#,
        &["line 1", "unknown field `amount`"],
    );
    refused_with(
        r#"{"tokenId":"a","tokenId":"b","stateHash":"1","data":""}"#,
        &["duplicate field `tokenId`"],
    );
    refused_with(r#"["a","1",null,null,"x",null]"#, &["line 1", "object"]);
    refused_with("{\"tokenId\":", &["line 1", "column"]);
    refused_with(r#"{"tokenId":"a","stateHash":"1","data":"\ud800"}"#, &["line 1"]);
    refused_with(r#"{"tokenId":"a","stateHash":"1","data":"x"} {}"#, &["trailing characters"]);
    refused_with([good.as_bytes(), b"{\"tokenId\":\"\xff\"}"].concat(), &["line 2", "UTF-8", "byte 13"]);
}

#[test]
fn text_fields_have_bounds() {
    let with = |field: &str, value: &str| match field {
        "tokenId" => format!(r#"{{"tokenId":"{value}","stateHash":"1","data":""}}"#),
        "stateHash" => format!(r#"{{"tokenId":"a","stateHash":"{value}","data":""}}"#),
        _ => format!(r#"{{"tokenId":"a","stateHash":"1","data":"","{field}":"{value}"}}"#),
    };
    for field in ["tokenId", "stateHash", "previous"] {
        assert!(parse(with(field, &"x".repeat(128)).as_bytes()).is_ok());
        for wrong in ["", "a b", "ä", "a/b", &"x".repeat(129)] {
            refused_with(with(field, wrong), &["line 1", field, "128"]);
        }
    }
    assert!(parse(with("summary", &"₿".repeat(85)).as_bytes()).is_ok());
    refused_with(with("summary", &"₿".repeat(86)), &["summary", "258", "256"]);
}

#[test]
fn data_and_lines_have_bounds() {
    let most = 1024 * 1024;
    let data = |bytes: usize| format!(r#"{{"tokenId":"a","stateHash":"1","data":"{}"}}"#, "x".repeat(bytes));
    assert_eq!(parse(data(most).as_bytes()).unwrap().states[0].payload.len(), most);
    refused_with(data(most + 1), &["data: 1048577 bytes", "1048576"]);
    refused_with(data(9 * most), &["line 1", "longer than 8388608 bytes"]);
    let base64 = data_encoding::BASE64.encode(&vec![7; most + 1]);
    refused_with(
        format!(r#"{{"tokenId":"a","stateHash":"1","dataBase64":"{base64}"}}"#),
        &["dataBase64", "1048576"],
    );
    // The widest way to write the largest payload fits a line.
    let escaped = format!(r#"{{"tokenId":"a","stateHash":"1","data":"{}"}}"#, "\\u0000".repeat(most));
    assert_eq!(parse(escaped.as_bytes()).unwrap().states[0].payload.len(), most);
}

#[test]
fn base64_is_the_standard_one_with_padding() {
    let with = |text: &str| format!(r#"{{"tokenId":"a","stateHash":"1","dataBase64":"{text}"}}"#);
    assert_eq!(parse(with("+/8=").as_bytes()).unwrap().states[0].payload.as_ref(), &[251, 255]);
    refused_with(with("-_8="), &["dataBase64", "character 1"]);
    refused_with(with("+/8"), &["dataBase64", "multiple of 4"]);
    refused_with(with("+/9="), &["dataBase64", "bits"]);
    refused_with(with("+==="), &["dataBase64", "padding"]);
    refused_with(with("+/ 8"), &["dataBase64", "character 3"]);
}
