//! The end of life of a record: RFC 3339 text to nanoseconds and back.
//!
//! Writers differ (Go trims zeros, JavaScript writes milliseconds and nine digits), so the text is parsed with full
//! precision and never compared.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Unix nanoseconds of an RFC 3339 date and time with at most nine digits of fraction.
pub(super) fn parse(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let (rest, offset) = split_offset(rest)?;
    let (clock, fraction) = rest.split_once('.').map_or((rest, None), |(clock, part)| (clock, Some(part)));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let time = Time::from_hms_nano(
        u8::try_from(hour).ok()?,
        u8::try_from(minute).ok()?,
        u8::try_from(second).ok()?,
        fraction.map_or(Some(0), nanoseconds)?,
    );
    Some(PrimitiveDateTime::new(date, time.ok()?).assume_offset(offset).unix_timestamp_nanos())
}

/// Our own text for whole Unix seconds: `YYYY-MM-DDTHH:MM:SSZ`; none outside the years 0 to 9999.
pub(super) fn format(unix_seconds: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(unix_seconds).ok()?;
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    (0..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Splits `…Z` or `…±HH:MM`.
fn split_offset(text: &str) -> Option<(&str, UtcOffset)> {
    if let Some(rest) = text.strip_suffix('Z') {
        return Some((rest, UtcOffset::UTC));
    }
    let (rest, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, offset) = offset.split_at_checked(1)?;
    let [hours, minutes] = numbers(offset, ':', [2, 2])?;
    let signed = |number: u32| {
        let number = i8::try_from(number).ok()?;
        match sign {
            "+" => Some(number),
            "-" => number.checked_neg(),
            _ => None,
        }
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((rest, UtcOffset::from_hms(signed(hours)?, signed(minutes)?, 0).ok()?))
}

/// Exactly `N` groups of digits of these widths.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u32; N]> {
    let mut groups = text.split(separator);
    let mut found = [0; N];
    for (out, width) in found.iter_mut().zip(widths) {
        *out = groups.next().filter(|group| group.len() == width).and_then(digits)?;
    }
    groups.next().is_none().then_some(found)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let missing = 9_usize.checked_sub(fraction.len())?;
    let scale = 10_u32.checked_pow(u32::try_from(missing).ok()?)?;
    digits(fraction)?.checked_mul(scale)
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn writers_of_this_world_are_understood() {
        let noon = 4_847_717_040_000_000_000_i128;
        for (text, expected) in [
            ("2123-08-14T20:04:00Z", noon),
            ("2123-08-14T20:04:00.000000000Z", noon),
            ("2123-08-14T22:04:00+02:00", noon),
            ("2123-08-14T14:34:00-05:30", noon),
            ("2123-08-15T20:03:00+23:59", noon),
            ("2123-08-14T20:04:00.5Z", noon + 500_000_000),
            ("2123-08-14T20:04:00.123456789Z", noon + 123_456_789),
            ("2123-08-14T20:04:00.120Z", noon + 120_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999999Z", -1),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "T",
            "Z",
            "2123-08-14",
            "2123-08-14 20:04:00Z",
            "2123-08-14t20:04:00z",
            "2123-08-14T20:04:00",
            "2123-8-14T20:04:00Z",
            "2123-08-14T20:04Z",
            "2123-08-14T20:04:60Z",
            "2123-08-14T24:00:00Z",
            "2123-02-29T00:00:00Z",
            "2123-13-01T00:00:00Z",
            "2123-08-14T20:04:00.Z",
            "+123-08-14T20:04:00Z",
            "2123-08-14T20:04:00.1234567890Z",
            "2123-08-14T20:04:00,5Z",
            "2123-08-14T20:04:00+24:00",
            "2123-08-14T20:04:00+00:60",
            "2123-08-14T20:04:00+1:000",
            "2123-08-14T20:04:00é2:00",
            "02123-08-14T20:04:00Z",
            "2123-08-14T20:04:00ZZ",
            "2123-08-14T20:04:00+-1:00",
            "-2123-08-14T20:04:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn our_own_text_reads_back() {
        for seconds in [0, 1, -1, 951_782_400, 4_847_717_040, 253_402_300_799] {
            let text = format(seconds).unwrap();
            assert_eq!(parse(&text), Some(i128::from(seconds) * 1_000_000_000), "{text}");
            assert_eq!(text.len(), 20);
        }
        assert_eq!(format(253_402_300_800), None);
        assert_eq!(format(i64::MIN), None);
        assert_eq!(format(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
