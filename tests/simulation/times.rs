//! Times as scripts write them: `300ms`, `1h`, `+400d`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or("a time needs a unit")?;
    let (number, unit) = text.split_at(digits);
    let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or("ms, s, m, h or d?")?.1;
    let number: u64 = number.parse().map_err(|_| "how long?")?;
    Ok(Duration::from_millis(number * factor))
}

/// A change of a clock, milliseconds.
pub fn signed(text: &str) -> Result<i64, String> {
    let ms =
        |text| duration(text).and_then(|time| i64::try_from(time.as_millis()).map_err(|e| e.to_string()));
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => ms(rest),
        (_, Some(rest)) => ms(rest).map(|by| -by),
        _ => Err("+ or -?".to_owned()),
    }
}

pub fn unit(ms: u128) -> String {
    let fits = UNITS.iter().rev().find(|(_, factor)| ms.is_multiple_of(u128::from(*factor)) && ms > 0);
    let (name, factor) = fits.copied().unwrap_or(("ms", 1));
    format!("{}{name}", ms / u128::from(factor))
}
