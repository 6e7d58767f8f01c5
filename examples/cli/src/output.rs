//! What goes to stdout and stderr. A closed stdout ends the command quietly; a stderr that takes nothing hinders nothing.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::shown::is_mark;

use crate::failure::Failure;

/// Where and in which form results go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

/// An object with `ok` in front.
#[derive(Serialize)]
struct Done<'a, T: Serialize> {
    ok: bool,
    #[serde(flatten)]
    result: &'a T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// What failed once the work of this process was done.
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Tells people something beside the result.
pub fn say(line: &str) {
    // Nothing is left to do when stderr takes it not.
    let _ = writeln!(io::stderr(), "walletsync: {}", for_people(line));
}

/// Tells what failed once the work was done: people at once, programs with the result.
pub fn warn(line: String) {
    say(&format!("warning: {line}"));
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

/// The warnings so far, each given once.
pub fn take_warnings() -> Vec<String> {
    std::mem::take(&mut *WARNINGS.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Output {
    /// JSON, or text for people.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON was asked for.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result of a command that succeeded: `ok` and the fields, or the text.
    pub fn done<T: Serialize>(self, result: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let warnings = take_warnings();
        // A result that has warnings itself gets these too: a key stands once.
        if !warnings.is_empty()
            && let Ok(Value::Object(mut fields)) = serde_json::to_value(result)
            && let Some(Value::Array(own)) = fields.get_mut("warnings")
        {
            own.extend(warnings.into_iter().map(Value::String));
            fields.insert("ok".to_owned(), true.into());
            return self.value(&fields, text);
        }
        self.value(&Done { ok: true, result, warnings }, text)
    }

    /// Prints a value as it is, or the text.
    pub fn value<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut lines = self.lines();
        lines.value(value, text)?;
        lines.flush()
    }

    /// Prints text in both forms.
    pub fn text(self, text: &str) -> Result<(), Failure> {
        let mut lines = self.lines();
        lines.raw(text.as_bytes())?;
        lines.flush()
    }

    /// A buffered list of lines.
    pub fn lines(self) -> Lines {
        Lines { json: self.json, to: io::BufWriter::new(io::stdout()) }
    }

    /// Tells on stderr, whatever was asked for, that the result could not be written.
    pub fn untold(self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", for_people(text));
    }

    /// Tells a failure: JSON on stdout, or text on stderr.
    pub fn failure(self, json: &Value, text: &str) {
        // When this cannot be written either, the exit code alone has to tell.
        let _ = if self.json {
            writeln!(io::stdout(), "{}", escaped(&json.to_string())).and_then(|()| io::stdout().flush())
        } else {
            writeln!(io::stderr(), "{}", for_people(text))
        };
    }
}

/// Lines on their way to stdout.
pub struct Lines {
    json: bool,
    to: io::BufWriter<io::Stdout>,
}

impl Lines {
    /// Adds one JSON line, or one of text.
    pub fn value<T: Serialize>(&mut self, value: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut line = if self.json {
            let json = serde_json::to_string(value).map_err(|e| {
                Failure::new(Code::TaskFailed, format!("cannot write the result as JSON: {e}"))
            })?;
            escaped(&json)
        } else {
            for_people(&text())
        };
        line.push('\n');
        self.raw(line.as_bytes())
    }

    /// Hands all lines over.
    pub fn flush(&mut self) -> Result<(), Failure> {
        // What was not taken is still in the buffer: what was full for a moment takes it now.
        self.to.flush().or_else(|_| self.to.flush()).map_err(|e| failed(&e))
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).map_err(|e| failed(&e))
    }
}

/// Text for a terminal. Parts of it come from other devices and files: they must not steer it, nor turn what stands beside them.
fn for_people(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_mark(*c)).collect()
}

/// JSON with the same characters escaped: programs read them as they are, a terminal shows them as what they are.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_mark(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a text does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn failed(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::closed_pipe(),
        ErrorKind::StorageFull => Failure::untold(Code::StorageFull, "no space left"),
        kind => Failure::untold(Code::StorageIo, &kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{escaped, for_people};

    const FOREIGN: &str = "pay \u{202e}eilA\u{202c} \u{9b}31m\u{7f}\u{e0041}Zoë טלפון";

    #[test]
    fn what_people_read_turns_and_steers_nothing() {
        assert_eq!(for_people(FOREIGN), "pay eilA 31mZoë טלפון");
        assert_eq!(for_people("two\nlines\tof a table"), "two\nlines\tof a table");
    }

    #[test]
    fn what_programs_read_is_the_same_text_and_shows_nothing_hidden() {
        let json = serde_json::to_string(FOREIGN).unwrap();
        let told = escaped(&json);
        assert!(told.contains("\\u202e") && told.contains("\\udb40\\udc41"), "{told}");
        assert!(told.chars().all(|c| !tauri_plugin_wallet_sync::shown::is_mark(c)));
        assert_eq!(serde_json::from_str::<String>(&told).unwrap(), FOREIGN);
    }
}
