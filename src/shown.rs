//! Foreign text: what is taken out of it before a window or a terminal shows it, and what a log keeps of it. And counts in our own.
//!
//! Text that a node, another device or a script wrote may hold marks that turn the reading direction, hide characters or steer a terminal.
//! Letters of every script, emoji and the joiners inside them stay.

use std::borrow::Cow;

use crate::limits;

/// Whether a character is not shown but changes how others are: control characters, marks of direction, line and paragraph separators,
/// tags, and what has no width and joins nothing.
#[must_use]
pub fn is_mark(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text without such characters.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(is_mark) {
        Cow::Owned(text.chars().filter(|c| !is_mark(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same of owned text; none where nothing is left.
#[must_use]
pub fn plain_or_none(text: String) -> Option<String> {
    let text = match plain(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(left) => left,
    };
    (!text.is_empty()).then_some(text)
}

/// So many things, by the word for one or for several: `1 node`, `2 nodes`.
#[must_use]
pub fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// Foreign text as a log keeps it: escaped, cut, and of each long word its beginning only, for it may be a token's id, an address or a
/// secret that was sent back.
#[must_use]
pub fn for_log(text: &str) -> String {
    let mut said = String::new();
    let (mut word, mut is_cut) = (0, false);
    for c in text.chars().take(limits::LOG_CHARS) {
        word = if is_of_word(c) { word + 1 } else { 0 };
        if word == 0 {
            is_cut = false;
        }
        if word > limits::LOG_WORD_CHARS {
            if !is_cut {
                said.push('…');
            }
            is_cut = true;
        } else if is_mark(c) {
            said.extend(c.escape_unicode());
        } else {
            said.push(c);
        }
    }
    said
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | ':' | '.' | '/' | '%' | '~')
}

#[cfg(test)]
mod tests {
    use super::{counted, for_log, is_mark, plain, plain_or_none};
    use crate::limits;

    #[test]
    fn marks_go_and_letters_of_every_script_and_emoji_stay() {
        assert_eq!(plain("a\u{202e}b\u{2066}c\u{0}d\u{1b}[31me\u{200f}f\u{2028}g\u{feff}"), "abcd[31mefg");
        for text in ["Ada’s phone", "טלפון", "هاتف", "電話", "👩\u{200d}👧", "naïve", "می\u{200c}خواهم"]
        {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn every_character_that_turns_the_direction_is_a_mark() {
        let turning = ['\u{61c}', '\u{200e}', '\u{200f}'];
        for c in turning.into_iter().chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert!(is_mark(c), "{c:?}");
        }
    }

    #[test]
    fn one_thing_is_told_as_one() {
        let told = [0, 1, 2].map(|count| counted(count, "entry is", "entries are"));
        assert_eq!(told, ["0 entries are", "1 entry is", "2 entries are"]);
    }

    #[test]
    fn text_of_marks_alone_is_none() {
        assert_eq!(plain_or_none("\u{202e}\u{0}".to_owned()), None);
        assert_eq!(plain_or_none("x".to_owned()).as_deref(), Some("x"));
    }

    #[test]
    fn a_log_has_no_mark_no_line_of_its_own_and_no_whole_id() {
        let id = "0123456789abcdef".repeat(4);
        let said = for_log(&format!("no\n\u{202e}token {id} there"));
        assert_eq!(said, "no\\u{a}\\u{202e}token 01234567… there");
        assert!(for_log(&"x ".repeat(10_000)).chars().count() <= limits::LOG_CHARS);
    }
}
