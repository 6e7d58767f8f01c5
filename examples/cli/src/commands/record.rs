//! `record verify`: checks one IPNS record offline.

use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::{Clock, SystemClock};
use tauri_plugin_wallet_sync::limits::RECORD_BYTES;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Context, files};
use crate::failure::Failure;

const NS_PER_MS: i128 = 1_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'a> {
    sequence: u64,
    value: &'a str,
    validity: &'a str,
    ttl_ns: u64,
    v2_only: bool,
}

/// Checks a record against a name and a time.
pub fn verify(context: &Context, file: &Path, name: &str, now: Option<&str>) -> Result<(), Failure> {
    // A name that is none is the caller's mistake, not the record's.
    let name =
        Name::parse(name).map_err(|e| Failure::new(Code::BadRequest, format!("--name: {}", e.message())))?;
    let now_ns = match now {
        Some(text) => parse_time(text)?,
        None => i128::from(SystemClock.now()).saturating_mul(NS_PER_MS),
    };
    let raw = files::read(file, RECORD_BYTES)?;
    if raw.is_empty() {
        return Err(files::empty(file));
    }
    let record = Record::parse(raw, &name)?;
    if record.eol_ns() <= now_ns {
        return Err(Failure::new(Code::Expired, format!("the record ended at {}", record.validity())));
    }
    let checked = Checked {
        sequence: record.sequence(),
        value: record.value(),
        validity: record.validity(),
        ttl_ns: record.ttl_ns(),
        v2_only: record.is_v2_only(),
    };
    context.output.done(&checked, || {
        let Checked { sequence, value, validity, .. } = checked;
        format!("valid until {validity}: sequence {sequence}, {value}")
    })
}

/// An RFC 3339 time in Unix nanoseconds.
fn parse_time(text: &str) -> Result<i128, Failure> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        let message = "--now: an RFC 3339 time is needed, for example 2026-01-31T12:00:00Z";
        Failure::new(Code::BadRequest, message)
    })?;
    Ok(time.unix_timestamp_nanos())
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn times_are_read_with_any_offset() {
        for (text, ns) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00.0019+01:00", 1_900_000),
            ("1969-12-31T23:59:59.9999Z", -100_000),
            ("2123-08-14T12:17:03.694052Z", 4_847_689_023_694_052_000),
        ] {
            assert_eq!(parse_time(text).unwrap(), ns, "{text}");
        }
        for text in ["", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
