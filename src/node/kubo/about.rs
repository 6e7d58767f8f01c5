//! What a node says of itself: version, time, and how it is spoken to.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::KuboNode;
use super::classify::successful;
use super::http::open;
use crate::clock::UnixMs;
use crate::error::Error;
use crate::limits;
use crate::node::{About, Call};

pub(super) async fn about(node: &KuboNode, call: &Call) -> Result<About, Error> {
    let bounds = node.short(limits::ERROR_BODY_BYTES);
    let answer = open(node.rpc("version", &[])?, None, 0, bounds, call).await?;
    let (protocol, date) = (answer.protocol(), answer.date());
    let is_secure = node.api.as_ref().is_some_and(|api| api.scheme() == "https");
    let answer = successful(answer.read(bounds.bytes, call).await?)?;
    let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let version = value.as_ref().and_then(|value| value.get("Version")).and_then(Value::as_str);
    let version = version.filter(|version| is_version(version)).unwrap_or_default().to_owned();
    Ok(About { version, protocol, is_secure, clock: date.as_deref().and_then(read_date) })
}

/// Nothing else of a node's own words is repeated.
fn is_version(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    (1..=limits::VERSION_CHARS).contains(&text.len()) && text.chars().all(is_plain)
}

fn read_date(text: &str) -> Option<UnixMs> {
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    date.unix_timestamp().checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::{is_version, read_date};

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(read_date("Thu, 01 Jan 2026 00:00:00 GMT"), Some(1_767_225_600_000));
        assert_eq!(read_date("soon"), None);
    }

    #[test]
    fn only_what_looks_like_a_version_is_repeated() {
        assert!(is_version("0.43.0") && is_version("0.44.0-rc1"));
        for other in ["", "0.43.0 <b>", "\u{202e}0.43.0", &"9".repeat(33)] {
            assert!(!is_version(other), "{other:?}");
        }
    }
}
