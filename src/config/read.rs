//! Reads a nodes file. What is wrong is named by line and field; a value is never repeated, for it may be a secret.

use serde::Deserialize;
use serde_json::error::Category;

use super::{Config, Nodes};
use crate::error::{Code, Error};

/// Longest part of a message about a field's name.
const NAME_CHARS: usize = 160;

impl Config {
    /// Parses a nodes file: a JSON array of nodes, or a pool, with or without a byte order mark.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming line and field, and never repeating a value.
    pub fn parse_nodes(json: &str) -> Result<Nodes, Error> {
        let mut json = serde_json::Deserializer::from_str(json.strip_prefix('\u{feff}').unwrap_or(json));
        let mut track = serde_path_to_error::Track::new();
        let nodes = Nodes::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
        let place = track.path().to_string();
        match nodes.and_then(|nodes| json.end().map(|()| nodes)) {
            Ok(nodes) => Ok(nodes),
            Err(e) => Err(Error::new(Code::BadRequest, format!("nodes file: {}", complaint(&e, &place)))),
        }
    }
}

fn complaint(error: &serde_json::Error, place: &str) -> String {
    let told = error.to_string();
    let said = told.rsplit_once(" at line ").map_or(told.as_str(), |(said, _)| said);
    let said = match error.classify() {
        Category::Data => without_value(said),
        // The grammar's words repeat nothing.
        _ => said.to_owned(),
    };
    let field = if matches!(place, "" | ".") { String::new() } else { format!("{place}: ") };
    format!("line {}: {field}{said}", error.line())
}

/// Serde's message without what it found: names of fields may stay, and what was expected.
fn without_value(said: &str) -> String {
    let names_fields = ["missing field `", "unknown field `", "duplicate field `"];
    if names_fields.iter().any(|start| said.starts_with(start)) {
        return said.chars().take(NAME_CHARS).collect();
    }
    if ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "]
        .iter()
        .any(|s| said.starts_with(s))
    {
        // What was found may hold the same words: the last ones are serde's own.
        return said
            .rsplit_once(", expected ")
            .map_or_else(|| "a wrong value".to_owned(), |(_, what)| format!("expected {what}"));
    }
    // The words of this crate's own types.
    said.chars().take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn complaint(text: &str) -> String {
        Config::parse_nodes(text).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_byte_order_mark_and_line_ends_of_windows_are_no_error() {
        let text = "\u{feff}[\r\n {\"id\":\"a\",\r\n  \"api\":\"http://127.0.0.1:1\"}\r\n]\r\n";
        assert_eq!(Config::parse_nodes(text).unwrap().len(), 1);
    }

    #[test]
    fn line_and_field_are_named() {
        let told = complaint("[\n{\"id\":\"a\"},\n{\"id\":\"b\",\n\"token\":7}\n]");
        assert_eq!(told, "nodes file: line 4: [1].token: expected a string");
        let told = complaint("[{\"id\":\"b\",\n\"swarm\":\"x\"}]");
        assert_eq!(told, "nodes file: line 2: [0].swarm: expected a sequence");
        assert!(
            complaint("[{\"id\":\"b\",\n\"colour\":1}]").starts_with("nodes file: line 2: [0]"),
            "{told}"
        );
        assert!(complaint("[\n{\"id\" \"b\"}]").starts_with("nodes file: line 2: "));
        assert!(complaint("[]\n[]").contains("line 2: trailing characters"));
    }

    #[test]
    fn no_complaint_repeats_a_value() {
        let values = [
            "\"5ecre7\"",
            "57373.7",
            "57373",
            "-57373",
            "true",
            "[\"5ecre7\"]",
            "{\"a\":\"5ecre7\"}",
            "\"5ecre7",
        ];
        let keys =
            "id api gateway token basic headers ca clientCert clientKey proxy dangerousPlainHttp swarm";
        for key in keys.split(' ') {
            for value in values {
                let Err(told) = Config::parse_nodes(&format!("[{{\"id\":\"n\",\"{key}\":{value}}}]")) else {
                    continue;
                };
                assert!(!told.message().contains("5ecre7") && !told.message().contains("57373"), "{told}");
                assert!(!told.message().contains("`true`"), "{told}");
            }
        }
        assert!(!complaint("\"5ecre7, expected 5ecre7\"").contains("5ecre7"));
        assert!(!complaint("[\"5ecre7, expected a token\"]").contains("5ecre7"));
        assert!(!complaint("[{\"id\":\"n\",\"basic\":{\"user\":{\"5ecre7\":1}}}]").contains("5ecre7"));
    }
}
