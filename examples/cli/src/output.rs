//! What goes to stdout and stderr. A closed stdout ends the command quietly.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;
use serde_json::Value;
use tauri_plugin_wallet_sync::Code;

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
        self.value(&Done { ok: true, result }, text)
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

    /// Tells a failure: JSON on stdout, or text on stderr.
    pub fn failure(self, json: &Value, text: &str) {
        // When this cannot be written either, the exit code alone has to tell.
        let _ = if self.json {
            writeln!(io::stdout(), "{json}").and_then(|()| io::stdout().flush())
        } else {
            writeln!(io::stderr(), "{text}")
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
            serde_json::to_vec(value).map_err(|e| {
                Failure::new(Code::TaskFailed, format!("cannot write the result as JSON: {e}"))
            })?
        } else {
            text().into_bytes()
        };
        line.push(b'\n');
        self.raw(&line)
    }

    /// Hands all lines over.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().map_err(|e| failed(&e))
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).map_err(|e| failed(&e))
    }
}

fn failed(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::closed_pipe(),
        ErrorKind::StorageFull => Failure::new(Code::StorageFull, "stdout: no space left"),
        _ => Failure::new(Code::StorageIo, format!("stdout: {error}")),
    }
}
