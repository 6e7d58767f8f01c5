//! JSON taken apart without changing a byte of its parts: each keeps the bytes it has, repeated keys too. What is wrong inside a part
//! is its own affair: only what holds the parts together has to be as JSON has it.

use std::borrow::Cow;

use serde_json::Value;

use super::soft::softened;

/// A member of an object: its key, and its value as it stands.
pub(super) type Member<'a> = (String, &'a [u8]);

/// The members of an object, in order; an error says where it is none.
pub(super) fn members(text: &[u8]) -> Result<Vec<Member<'_>>, String> {
    let mut scan = Scan { text, at: 0 };
    scan.object().ok_or_else(|| {
        let before = text.get(..scan.at).unwrap_or(text);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        format!("not a JSON object (line {line}, column {column})")
    })
}

/// The elements of a list.
pub(super) fn elements(text: &[u8]) -> Option<Vec<&[u8]>> {
    Scan { text, at: 0 }.list()
}

/// What a part means. One that is not quite JSON is read as far as it can be; its bytes stay as they are.
pub(super) fn value(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).or_else(|_| serde_json::from_str(&softened(text))).ok()
}

/// Whether a part is JSON as it stands, so that it can stand in other JSON.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok()
}

/// Whether it is an empty list, or none at all: then it says nothing, and nothing of it can be lost.
pub(super) fn is_no_list(text: &[u8]) -> bool {
    let bare: Vec<u8> = text.iter().filter(|byte| !byte.is_ascii_whitespace()).take(5).copied().collect();
    matches!(bare.as_slice(), b"null" | b"[]")
}

/// Hexadecimal digits stand for bytes, whatever their case: the predecessor wrote and compared lower ones. Anything else as it stands.
pub(super) fn one_case(text: &str) -> String {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A place in a text.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// All of it as one object.
    fn object(&mut self) -> Option<Vec<Member<'a>>> {
        let mut members = Vec::new();
        self.take(b'{')?;
        if self.next_is(b'}') {
            self.at += 1;
            return self.is_over().then_some(members);
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            members.push((text_of(key), self.part()?));
            if !self.goes_on(b'}')? {
                return self.is_over().then_some(members);
            }
        }
    }

    /// All of it as one list.
    fn list(&mut self) -> Option<Vec<&'a [u8]>> {
        let mut elements = Vec::new();
        self.take(b'[')?;
        if self.next_is(b']') {
            self.at += 1;
            return self.is_over().then_some(elements);
        }
        loop {
            elements.push(self.part()?);
            if !self.goes_on(b']')? {
                return self.is_over().then_some(elements);
            }
        }
    }

    /// Whether another part follows; none where neither that nor the end does.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        match self.peek()? {
            b',' => Some(true),
            byte if byte == end => Some(false),
            _ => return None,
        }
        .inspect(|_| self.at += 1)
    }

    /// A value, whatever is in it, up to the comma or bracket that ends it.
    fn part(&mut self) -> Option<&'a [u8]> {
        self.peek()?;
        let (from, mut open) = (self.at, Vec::new());
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                b'}' | b']' | b',' if open.is_empty() => break,
                b'}' | b']' if open.pop() != Some(*byte) => return None,
                _ => {}
            }
            self.at += 1;
        }
        let part = self.text.get(from..self.at)?.trim_ascii_end();
        (open.is_empty() && !part.is_empty()).then_some(part)
    }

    /// A string, with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let from = (self.peek()? == b'"').then_some(self.at)?;
        self.at += 1;
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return self.text.get(from..self.at);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// The next byte that is not white.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn next_is(&mut self, wanted: u8) -> bool {
        self.peek() == Some(wanted)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        self.next_is(wanted).then(|| self.at += 1)
    }

    fn is_over(&mut self) -> bool {
        self.peek().is_none()
    }
}

/// What a key says.
fn text_of(key: &[u8]) -> String {
    let soft: Cow<'_, str> = match serde_json::from_slice::<String>(key) {
        Ok(text) => return text,
        Err(_) => softened(key).into(),
    };
    serde_json::from_str(&soft).unwrap_or_else(|_| soft.trim_matches('"').to_owned())
}
