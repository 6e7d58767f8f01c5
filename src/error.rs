//! The one error type: an opaque value with a stable code.
//!
//! Messages are for people and never hold a key, a URL query, a home path or token data; code that wraps a
//! foreign error strips those first.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The closed list of stable error codes, alphabetical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The caller's input is wrong; the message names the field and the limit.
    BadRequest,
    /// The account was closed.
    Closed,
    /// The same key with other content is already there.
    Conflict,
    /// Stored data is damaged beyond use.
    Corrupt,
    /// The deadline passed.
    Deadline,
    /// A sealed block does not open with this wallet's key.
    DecryptFailed,
    /// Every node refused the credentials.
    Denied,
    /// A record is past its EOL.
    Expired,
    /// Bytes do not hash to their CID.
    HashMismatch,
    /// Something answered, but nothing valid.
    Invalid,
    /// More states than one wallet may hold.
    InventoryTooLarge,
    /// Another process holds the account.
    Locked,
    /// Bytes do not parse.
    Malformed,
    /// The wallet has another secret since; this one is neither read nor published under any more.
    Moved,
    /// A record's key does not belong to the name asked for.
    NameMismatch,
    /// The database was written by a newer release.
    NewerSchema,
    /// There is no such thing.
    NotFound,
    /// Changes would be lost that are not `verified` yet.
    PendingChanges,
    /// Too many calls.
    RateLimited,
    /// Content of a newer format, which is kept but not merged.
    ReadOnly,
    /// The name's sequence number cannot be raised any more.
    SequenceExhausted,
    /// A signature does not verify.
    SignatureInvalid,
    /// No free slot is left for this device.
    SlotsExhausted,
    /// The disk is full.
    StorageFull,
    /// The disk failed.
    StorageIo,
    /// A background task ended unexpectedly.
    TaskFailed,
    /// A value exceeds its limit.
    TooLarge,
    /// No source could be reached.
    Unreachable,
    /// The data folder or root belongs to another wallet.
    WrongWallet,
}

impl Code {
    /// Every code, in order; the documented closed list.
    pub const ALL: [Self; 29] = [
        Self::BadRequest,
        Self::Closed,
        Self::Conflict,
        Self::Corrupt,
        Self::Deadline,
        Self::DecryptFailed,
        Self::Denied,
        Self::Expired,
        Self::HashMismatch,
        Self::Invalid,
        Self::InventoryTooLarge,
        Self::Locked,
        Self::Malformed,
        Self::Moved,
        Self::NameMismatch,
        Self::NewerSchema,
        Self::NotFound,
        Self::PendingChanges,
        Self::RateLimited,
        Self::ReadOnly,
        Self::SequenceExhausted,
        Self::SignatureInvalid,
        Self::SlotsExhausted,
        Self::StorageFull,
        Self::StorageIo,
        Self::TaskFailed,
        Self::TooLarge,
        Self::Unreachable,
        Self::WrongWallet,
    ];

    /// The stable text of the code, as programs see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Closed => "closed",
            Self::Conflict => "conflict",
            Self::Corrupt => "corrupt",
            Self::Deadline => "deadline",
            Self::DecryptFailed => "decrypt_failed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::HashMismatch => "hash_mismatch",
            Self::Invalid => "invalid",
            Self::InventoryTooLarge => "inventory_too_large",
            Self::Locked => "locked",
            Self::Malformed => "malformed",
            Self::Moved => "moved",
            Self::NameMismatch => "name_mismatch",
            Self::NewerSchema => "newer_schema",
            Self::NotFound => "not_found",
            Self::PendingChanges => "pending_changes",
            Self::RateLimited => "rate_limited",
            Self::ReadOnly => "read_only",
            Self::SequenceExhausted => "sequence_exhausted",
            Self::SignatureInvalid => "signature_invalid",
            Self::SlotsExhausted => "slots_exhausted",
            Self::StorageFull => "storage_full",
            Self::StorageIo => "storage_io",
            Self::TaskFailed => "task_failed",
            Self::TooLarge => "too_large",
            Self::Unreachable => "unreachable",
            Self::WrongWallet => "wrong_wallet",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Cause = Arc<dyn StdError + Send + Sync>;

/// What went wrong: a [`Code`] for programs and a sentence for people. Cheap to clone.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    code: Code,
    message: String,
    retry_after: Option<Duration>,
    source: Option<Cause>,
}

impl Error {
    /// An error with a code and a message (lower case, no trailing stop, nothing secret).
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { code, message: message.into(), retry_after: None, source: None }))
    }

    /// The same, keeping the cause for [`StdError::source`]. The cause must be free of secrets and URLs.
    pub fn with_source(
        code: Code,
        message: impl Into<String>,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        let source: Cause = Arc::new(source);
        Self(Arc::new(Inner { code, message: message.into(), retry_after: None, source: Some(source) }))
    }

    /// The same error with the wait after which the call may succeed: what a node asked for (already capped), or what a rule says.
    #[must_use]
    pub fn and_retry_after(&self, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            code: self.0.code,
            message: self.0.message.clone(),
            retry_after: Some(wait),
            source: self.0.source.clone(),
        }))
    }

    /// The same error with its message put behind a prefix that names where it happened.
    #[must_use]
    pub fn within(&self, place: &str) -> Self {
        Self(Arc::new(Inner {
            code: self.0.code,
            message: format!("{place}: {}", self.0.message),
            retry_after: self.0.retry_after,
            source: self.0.source.clone(),
        }))
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message without the code.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may succeed later without the caller changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let is_passing = matches!(
            self.0.code,
            Code::Deadline
                | Code::Invalid
                | Code::Locked
                | Code::RateLimited
                | Code::StorageFull
                | Code::TaskFailed
                | Code::Unreachable
        );
        // A conflict that time alone ends.
        is_passing || self.0.code == Code::Conflict && self.0.retry_after.is_some()
    }

    /// Whether this device's own store is to blame: nothing may go on as if it had worked.
    #[must_use]
    pub fn is_storage(&self) -> bool {
        matches!(
            self.0.code,
            Code::Closed | Code::Corrupt | Code::Locked | Code::StorageFull | Code::StorageIo
        )
    }

    /// How long to wait, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {})", self.0.code, self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
