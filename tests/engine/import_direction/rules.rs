//! Who may name whom.

/// The layers below `src/`, and those each may name. What lies in no folder of a layer is one of the basics, which name
/// each other only.
pub const LAYERS: [(&str, &[&str]); 5] = [
    ("model", &[]),
    ("node", &["model"]),
    ("store", &["model"]),
    ("engine", &["model", "node", "store"]),
    ("plugin", &["engine"]),
];

/// The rooms of the engine (folders, and files beside them), and those each may name.
pub const ROOMS: [(&str, &[&str]); 31] = [
    ("api", &[]),
    ("tasks", &[]),
    ("events", &["api"]),
    ("measure", &["api"]),
    ("lanes", &[]),
    ("uplink", &[]),
    ("push", &[]),
    ("attempts", &[]),
    ("shares", &["api"]),
    ("damage", &[]),
    ("local", &["api", "events", "measure"]),
    ("network", &["api", "measure"]),
    (
        "account",
        &[
            "attempts", "damage", "events", "lanes", "local", "measure", "network", "push", "shares",
            "tasks", "uplink",
        ],
    ),
    ("merge", &["account", "attempts", "api", "local", "network"]),
    ("read", &["account", "api", "local", "merge", "network"]),
    ("publish", &["account", "api", "local", "merge", "network", "uplink"]),
    ("wallet", &["account", "api", "local", "network"]),
    ("legacy", &["account", "api", "local", "network", "publish", "tasks", "wallet", "mod"]),
    ("backup", &["account", "api", "local", "publish", "tasks", "mod"]),
    ("sync", &["account", "api", "local", "network", "publish", "read"]),
    ("audit", &["account", "api", "local", "network", "publish"]),
    ("schedule", &["account", "api", "audit", "local", "network", "publish", "push", "read", "sync"]),
    (
        "start",
        &[
            "account", "api", "attempts", "damage", "events", "lanes", "local", "measure", "network", "push",
            "schedule", "shares", "sync", "tasks", "uplink", "wallet",
        ],
    ),
    ("rehearse", &["account", "api", "local", "network", "read", "start"]),
    ("rekey", &["account", "api", "local", "publish", "wallet", "mod"]),
    ("care", &["api", "audit", "rehearse", "tasks", "mod"]),
    ("first_look", &["api", "start", "wallet", "mod"]),
    ("observe", &["api", "tasks", "wallet", "mod"]),
    ("disputes", &["api", "tasks", "wallet", "mod"]),
    ("windows", &["api", "tasks", "wallet", "mod"]),
    ("devices", &["api", "publish", "tasks", "wallet", "mod"]),
];

/// Files of the engine that may name every room.
pub const TOP: [&str; 2] = ["mod", "tests"];

/// Bytes in, values out: what the model must not name of the outside.
pub const IMPURE: [&str; 9] = [
    "tokio",
    "rand",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
];

/// Basics that the model must not use, but for the type of times.
pub const IMPURE_BASICS: [&str; 3] = ["clock.rs", "config.rs", "metrics/"];

/// What of them it may all the same.
pub const PURE: [&str; 2] = ["std::time::Duration", "crate::clock::UnixMs"];

/// Foreign crates and the only paths below `src/` that may name them.
pub const HOMES: [(&str, &[&str]); 6] = [
    ("hyper_util", &["node/kubo"]),
    ("libp2p", &["node/dht"]),
    ("reqwest", &["node/kubo"]),
    ("rusqlite", &["store/sqlite", "store/schema"]),
    ("tauri", &["plugin/"]),
    ("tower", &["node/kubo"]),
];

/// Longest source file, lines: one that outgrows this becomes a folder by concern.
pub const FILE_LINES: usize = 400;
/// Longest `lib.rs`, lines: documentation and re-exports, nothing else.
pub const LIB_LINES: usize = 80;
/// Median of the files of the engine, lines.
pub const MEDIAN_LINES: usize = 150;
