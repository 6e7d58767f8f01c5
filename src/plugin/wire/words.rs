//! Enumerations of the engine, as they go over IPC.

use serde::{Deserialize, Serialize};

use crate::engine;

/// An enumeration that a window receives, with its conversion from the engine's.
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

/// An enumeration that a window sends, with its conversion to the engine's.
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
        None: "This device has never changed anything.",
        Local: "On this disk only.",
        Published: "On at least one node.",
        Verified: "Read back from enough nodes.",
    }
}

words! {
    /// How a sync ended.
    SyncOutcome, "snake_case", engine::SyncOutcome {
        UpToDate: "Nothing new anywhere.",
        Merged: "Something was merged on this device.",
        Published: "Something of this device was published.",
        Offline: "No source answered; the answer comes from this device's data.",
        Partial: "What was seen of a slot did not come; the answer shows what is here.",
        ReadOnly: "Content of a newer format was found and not merged.",
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
    /// Whether a state is spent, as shown.
    Spend, "snake_case", engine::Spend {
        None: "Not spent.",
        Intent: "An intent and no proof: suspect, must not be offered.",
        Proof: "Proven spent.",
    }
}

words! {
    /// What is tried on a node.
    Ability, "snake_case", engine::Ability {
        Connection: "Whether and how it answers.",
        Version: "Which Kubo it is.",
        Clock: "Its time.",
        Machine: "Which machine it is.",
        Blocks: "Taking blocks and giving them back.",
        Pins: "Pins: made, named, moved, removed.",
        Records: "Storing records and giving them back.",
        Bodies: "A large upload.",
        Push: "Messages between devices.",
    }
}

words! {
    /// Whether a node works.
    NodeState, "snake_case", engine::NodeState {
        Down: "It failed repeatedly and is not asked for a while.",
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
    /// What to record about a spend.
    SpendKind, engine::SpendKind {
        Intent: "The wallet is about to spend.",
        Proof: "The ledger has recorded it.",
    }
}

choices! {
    /// What to clear.
    CacheKind, engine::CacheKind {
        Records: "Records: the next sync asks the nodes.",
        Content: "Blocks that can be fetched or rebuilt.",
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
    /// As UTF-8 text.
    Utf8,
    /// RFC 4648, padded.
    Base64,
}
