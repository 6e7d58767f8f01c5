//! JSON taken apart without changing a byte of its parts: each keeps the text it has, repeated keys too.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Members of an object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// The members of an object; an error says where it is none.
pub(super) fn members(text: &str) -> Result<Vec<(String, &RawValue)>, String> {
    let place =
        |e: serde_json::Error| format!("not a JSON object (line {}, column {})", e.line(), e.column());
    serde_json::from_str::<Members<'_>>(text).map(|members| members.0).map_err(place)
}

/// The elements of a list.
pub(super) fn elements(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// Whether it is an empty list, or none at all: then it says nothing, and nothing of it can be lost.
pub(super) fn is_no_list(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).take(5).collect();
    matches!(bare.as_str(), "null" | "[]")
}

/// Hexadecimal digits stand for bytes, whatever their case: the predecessor wrote and compared lower ones. Anything else as it stands.
pub(super) fn one_case(text: &str) -> String {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
