//! Why a command failed, and how that is reported.

use std::process::ExitCode;

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::engine::SyncFailure;
use tauri_plugin_wallet_sync::{Code, Error};

use crate::exit;
use crate::output::Output;

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    message: String,
    retryable: bool,
    /// What each node said, for a sync.
    nodes: Vec<Value>,
    reasons: Vec<Value>,
    /// Whether stdout was closed by its reader, who then wants no more output: that ends a command well.
    is_closed_pipe: bool,
    /// Whether it is stdout that fails: no JSON about it can go there, least of all behind half a result.
    is_untold: bool,
}

impl Failure {
    /// A failure of this tool's own: wrong input, mostly.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::from(Error::new(code, message))
    }

    /// The reader of stdout has gone.
    pub fn closed_pipe() -> Self {
        Self { is_closed_pipe: true, ..Self::new(Code::Closed, "stdout is closed") }
    }

    /// Stdout does not take the result of what was done.
    pub fn untold(code: Code, why: &str) -> Self {
        let message = format!("the result could not be written to stdout: {why}; what was done stays done");
        Self { is_untold: true, ..Self::new(code, message) }
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Tells it, and gives the exit code.
    pub fn report(&self, output: Output) -> ExitCode {
        if self.is_closed_pipe {
            return ExitCode::SUCCESS;
        }
        if self.is_untold {
            output.untold(&self.to_text());
        } else {
            output.failure(&self.to_json(), &self.to_text());
        }
        ExitCode::from(exit::code(self.code))
    }

    fn to_json(&self) -> Value {
        let mut answer = json!({
            "ok": false,
            "code": self.code.as_str(),
            "message": self.message,
            "retryable": self.retryable,
        });
        for (key, list) in [("reasons", &self.reasons), ("nodes", &self.nodes)] {
            if let (false, Some(answer)) = (list.is_empty(), answer.as_object_mut()) {
                answer.insert(key.to_owned(), list.clone().into());
            }
        }
        answer
    }

    fn to_text(&self) -> String {
        let mut text = format!("error: {} ({})", self.message, self.code);
        for reason in &self.reasons {
            let part = |key| reason.get(key).and_then(Value::as_str).unwrap_or_default();
            text.push_str(&format!("\n  {}: {} ({})", part("id"), part("message"), part("code")));
        }
        text
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.code(),
            message: error.message().to_owned(),
            retryable: error.is_retryable(),
            nodes: Vec::new(),
            reasons: Vec::new(),
            is_closed_pipe: false,
            is_untold: false,
        }
    }
}

impl From<SyncFailure> for Failure {
    fn from(failure: SyncFailure) -> Self {
        let reason = |id: &str, error: &Error| json!({"id": id, "code": error.code().as_str(), "message": error.message()});
        let reasons =
            failure.nodes.iter().filter_map(|node| Some(reason(&node.id, node.error.as_ref()?))).collect();
        let nodes = failure.nodes.iter().filter_map(|node| serde_json::to_value(node).ok()).collect();
        Self { nodes, reasons, ..Self::from(failure.error) }
    }
}
