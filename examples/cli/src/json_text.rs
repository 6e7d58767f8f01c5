//! JSON as text: checked, its blanks removed, its numbers and key order as they were written.

use serde_json::value::RawValue;
use tauri_plugin_wallet_sync::Code;

use crate::failure::Failure;

/// Checks that an argument is one JSON value and puts it on one line.
pub fn parse(field: &str, text: &str) -> Result<Box<RawValue>, Failure> {
    compact(text).map_err(|e| {
        let (message, line, column) = (message(&e), e.line(), e.column());
        Failure::new(Code::BadRequest, format!("{field}: not JSON: {message} (line {line}, column {column})"))
    })
}

/// One JSON value without blanks between its tokens.
pub fn compact(text: &str) -> serde_json::Result<Box<RawValue>> {
    let checked: &RawValue = serde_json::from_str(text)?;
    let (mut in_string, mut escaped) = (false, false);
    let mut short = String::with_capacity(checked.get().len());
    for c in checked.get().chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '"' {
            in_string = true;
        } else if c.is_ascii_whitespace() {
            continue;
        }
        short.push(c);
    }
    RawValue::from_string(short)
}

/// What serde_json says, without its own line and column.
pub fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(before, _)| before).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{compact, parse};

    #[test]
    fn blanks_go_and_everything_else_stays() {
        let text =
            "\n{ \"b\" : [ 1.50 , 12345678901234567890123 ],\t\"a\": \"x \\\" y\\\\\" , \"a\" : null } ";
        let short = r#"{"b":[1.50,12345678901234567890123],"a":"x \" y\\","a":null}"#;
        assert_eq!(compact(text).unwrap().get(), short);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for text in ["", " ", "{", "{} {}", "nul", "'a'", "\"\u{1}\"", "[1,]"] {
            let failure = parse("JSON", text).unwrap_err();
            assert_eq!(failure.code().as_str(), "bad_request", "{text}");
        }
    }
}
