//! A field of a line: its text, or what else is there. Keeps nothing of what is not text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tauri_plugin_wallet_sync::{Code, Error};

/// What a field holds.
#[derive(Debug, Default)]
pub enum Field {
    /// The field is not there.
    #[default]
    Absent,
    /// `null`, which is as good as absent.
    Null,
    /// Something that is not text.
    Other,
    /// Text.
    Text(String),
}

impl Field {
    /// Its text, if it is there.
    pub fn optional(self, name: &str) -> Result<Option<String>, Error> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Other => Err(Error::new(Code::BadRequest, format!("{name}: a string is needed"))),
            Self::Text(text) => Ok(Some(text)),
        }
    }

    /// Its text.
    pub fn required(self, name: &str) -> Result<String, Error> {
        self.optional(name)?.ok_or_else(|| Error::new(Code::BadRequest, format!("{name}: missing")))
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Field, E> {
        Ok(Field::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}
