//! Enumerations.

use serde::{Deserialize, Serialize};

use crate::engine;

/// An enumeration as it goes over IPC, and what it is inside.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $case:literal, $inside:path { $($word:ident: $about:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(rename_all = $case)]
        pub enum $name { $(#[doc = $about] $word,)* }

        impl From<$inside> for $name {
            fn from(inside: $inside) -> Self {
                use $inside as Inside;
                match inside { $(Inside::$word => Self::$word,)* }
            }
        }
    };
}

/// A choice of the caller.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident, $inside:path { $($word:ident: $about:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $(#[doc = $about] $word,)* }

        impl From<$name> for $inside {
            fn from(choice: $name) -> Self {
                use $inside as Inside;
                match choice { $($name::$word => Inside::$word,)* }
            }
        }
    };
}

words! {
    /// Lowest level of any change of this device.
    Ack, "snake_case", engine::Ack {
        None: "Nothing was ever written here.",
        Local: "On this disk only.",
        Published: "On at least one node.",
        Verified: "Read back from enough nodes.",
    }
}

words! {
    /// How a sync ended.
    SyncOutcome, "snake_case", engine::SyncOutcome {
        UpToDate: "Nothing new anywhere.",
        Merged: "Something was merged here.",
        Published: "Something of this device was published.",
        Offline: "No source answered; told from what is here.",
        ReadOnly: "Content of a newer format was met and not merged.",
    }
}

words! {
    /// What one node contributed.
    NodeOutcome, "snake_case", engine::NodeOutcome {
        Found: "It showed at least one verified record.",
        Absent: "It said that it has none.",
        Unreachable: "It gave no usable answer.",
        Invalid: "What it gave failed verification.",
        Skipped: "It was not asked.",
    }
}

words! {
    /// Spend of a state, as shown.
    Spend, "snake_case", engine::Spend {
        None: "Without any.",
        Intent: "An intent and no proof: suspect, not to be offered.",
        Proof: "Proven spent.",
    }
}

words! {
    /// How a node stands.
    NodeState, "snake_case", engine::NodeState {
        Down: "It failed repeatedly and is left alone for a while.",
        Failing: "Its last answer was a failure.",
        Unknown: "It was never asked.",
        Up: "Its last answer was good.",
    }
}

choices! {
    /// Level of acknowledgement to wait for.
    Level, engine::Level {
        Local: "On this disk.",
        Published: "On at least one node.",
        Verified: "Read back from enough nodes.",
    }
}

choices! {
    /// What is recorded of a spend.
    SpendKind, engine::SpendKind {
        Intent: "The wallet is about to spend.",
        Proof: "The ledger has it.",
    }
}

choices! {
    /// What to clear.
    CacheKind, engine::CacheKind {
        Records: "The freshness of records: the next sync asks the nodes.",
        Content: "Blocks that can be fetched or built again.",
        All: "Both.",
    }
}

/// Form of exported measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// JSON.
    Json,
    /// The Prometheus text exposition format.
    Prometheus,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As they are.
    Utf8,
    /// RFC 4648, padded.
    Base64,
}
