//! Errors as a window gets them: a code, a sentence from a table, and whether trying again can help.
//!
//! The sentence is a constant, so it cannot contain a path, an address, an id or a message of a node. Rust apps get the
//! whole [`Error`], and it is logged.

use serde::Serialize;

use crate::error::{Code, Error};
use crate::shown::for_log;

/// The error of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: &'static str,
    /// Whether the same call may succeed later without anything being changed.
    pub retryable: bool,
}

/// The result of a command.
pub(super) type CommandResult<T> = Result<T, CommandError>;

macro_rules! codes {
    ({ $($own:ident, $own_text:literal;)* } $($code:ident, $text:literal;)*) => {
        /// The closed list of error codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum ErrorCode { $($code,)* $($own,)* }

        impl From<Code> for ErrorCode {
            fn from(code: Code) -> Self {
                match code { $(Code::$code => Self::$code,)* }
            }
        }

        impl ErrorCode {
            /// The sentence of a code.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$code => $text,)* $(Self::$own => $own_text,)* }
            }
        }
    };
}

codes! {
    // What only a window is told.
    {
        NotAllowed, "the window has no permission for this";
        ProofVoid, "the app does not take this for a proof of spending";
    }
    BadRequest, "an argument is wrong";
    Closed, "the account is not open";
    Conflict, "the same key with other content is already there";
    Corrupt, "stored data are damaged beyond use";
    Deadline, "the time was up";
    DecryptFailed, "a block does not open with this wallet's key";
    Denied, "every node refused the token, or to give records";
    Expired, "a record is past its end of life";
    HashMismatch, "bytes do not match their hash";
    Invalid, "something answered, but nothing valid";
    InventoryTooLarge, "the wallet would hold more than one wallet may";
    Locked, "another process holds the account";
    Malformed, "bytes do not parse";
    Moved, "the wallet has another secret since";
    NameMismatch, "a record belongs to another name";
    NewerSchema, "the data were written by a newer release";
    NotFound, "there is no such thing";
    PendingChanges, "changes of this device are not verified on the nodes yet";
    RateLimited, "too many calls";
    ReadOnly, "content of a newer format is kept but not merged";
    SequenceExhausted, "the name cannot be published any more";
    SignatureInvalid, "a signature does not verify";
    SlotsExhausted, "no place is left for this device";
    StorageFull, "the disk is full";
    StorageIo, "the disk failed";
    TaskFailed, "a background task ended unexpectedly";
    TooLarge, "a value exceeds its limit";
    Unreachable, "no source could be reached";
    WrongWallet, "the data belong to another wallet";
}

impl CommandError {
    /// An error that only a window gets, with the sentence of its code.
    pub(super) const fn of(code: ErrorCode) -> Self {
        Self { code, message: code.message(), retryable: false }
    }

    /// More than windows may do for now.
    pub(super) const fn too_much(message: &'static str) -> Self {
        Self { code: ErrorCode::RateLimited, message, retryable: true }
    }

    /// A wrong argument; the message names it.
    pub(super) const fn bad_request(message: &'static str) -> Self {
        Self { code: ErrorCode::BadRequest, message, retryable: false }
    }

    /// An argument above its limit; the message names it.
    pub(super) const fn too_large(message: &'static str) -> Self {
        Self { code: ErrorCode::TooLarge, message, retryable: false }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        tracing::debug!(code = %error.code(), "a command failed: {}", for_log(error.message()));
        let code = ErrorCode::from(error.code());
        Self { code, message: code.message(), retryable: error.is_retryable() }
    }
}

/// The code of an error that was stored as text (`code: message`).
pub(super) fn code_of(text: &str) -> Option<ErrorCode> {
    let word = text.split(':').next()?;
    Code::ALL.into_iter().find(|code| code.as_str() == word).map(ErrorCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_keeps_its_text_and_reveals_nothing_else() {
        for code in Code::ALL {
            let secret = Error::new(code, "http://user:pass@10.0.0.1/ in /home/someone");
            let told = serde_json::to_value(CommandError::from(secret)).unwrap();
            let expected = serde_json::json!({
                "code": code.as_str(),
                "message": ErrorCode::from(code).message(),
                "retryable": Error::new(code, "").is_retryable(),
            });
            assert_eq!(told, expected);
        }
        assert_eq!(code_of("unreachable: status 500"), Some(ErrorCode::Unreachable));
        assert_eq!(code_of("whatever"), None);
    }
}
