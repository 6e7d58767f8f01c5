//! What is not quite JSON, made readable: only to learn what it means, never to keep it.
//!
//! JavaScript writes half a surrogate pair as an escape of its own, and its numbers know no bound; a disk or a hand leaves bytes that are
//! no text. A token with one of them in a memo is a token all the same.

/// The text with everything replaced that a strict reader stumbles over.
pub(super) fn softened(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (mut soft, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' => string(rest, &mut soft),
            '-' | '0'..='9' | 'A'..='Z' | 'a'..='z' => word(rest, &mut soft),
            _ => {
                soft.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    soft
}

/// A string; how many bytes of the text it is.
fn string(text: &str, soft: &mut String) -> usize {
    soft.push('"');
    let mut at = 1;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        at += match first {
            '"' => {
                soft.push('"');
                return at + 1;
            }
            '\\' => escape(rest, soft),
            first if first.is_control() => {
                soft.push(' ');
                first.len_utf8()
            }
            first => {
                soft.push(first);
                first.len_utf8()
            }
        };
    }
    at
}

/// An escape; one that says nothing, or half of a pair, becomes the character that stands for the unknown.
fn escape(text: &str, soft: &mut String) -> usize {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let (length, is_whole) = match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, true),
        (Some(0xd800..=0xdfff), _) => (6, false),
        (Some(_), _) => (6, true),
        (None, _) => {
            let length = text.chars().take(2).map(char::len_utf8).sum();
            let is_known = text.chars().nth(1).is_some_and(|c| "\"\\/bfnrt".contains(c));
            (length, is_known)
        }
    };
    match text.get(..length).filter(|_| is_whole) {
        Some(escape) => soft.push_str(escape),
        None => soft.push(char::REPLACEMENT_CHARACTER),
    }
    length
}

/// A number, or a word like `true`; what is neither is nothing.
fn word(text: &str, soft: &mut String) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let word = text.get(..length).unwrap_or_default();
    let is_known = serde_json::from_str::<serde_json::Value>(word).is_ok();
    soft.push_str(if is_known { word } else { "null" });
    length
}
