//! Imports point one way: `plugin → engine → {node, store} → model → basics`, and each foreign crate has its place.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, lines: one that outgrows this becomes a folder by concern.
const FILE_LINES: usize = 500;
/// Longest `lib.rs`, lines: documentation and re-exports, nothing else.
const LIB_LINES: usize = 80;

/// What the files below a path must not name, and what of it they may all the same.
struct Rule {
    below: &'static str,
    forbidden: &'static [&'static str],
    allowed: &'static [&'static str],
}

const RULES: [Rule; 6] = [
    // The basics know nobody.
    Rule {
        below: "",
        forbidden: &["crate::model", "crate::node", "crate::store", "crate::engine", "crate::plugin"],
        allowed: &[],
    },
    // Bytes in, values out: no file, socket, clock or randomness. Times are values.
    Rule {
        below: "model/",
        forbidden: &[
            "crate::clock",
            "crate::config",
            "crate::metrics",
            "crate::node",
            "crate::store",
            "crate::engine",
            "crate::plugin",
            "tokio",
            "rand",
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime",
        ],
        allowed: &["crate::clock::UnixMs"],
    },
    Rule { below: "node/", forbidden: &["crate::store", "crate::engine", "crate::plugin"], allowed: &[] },
    Rule { below: "store/", forbidden: &["crate::node", "crate::engine", "crate::plugin"], allowed: &[] },
    Rule { below: "engine/", forbidden: &["crate::plugin"], allowed: &[] },
    Rule { below: "plugin/", forbidden: &["crate::model", "crate::node", "crate::store"], allowed: &[] },
];

/// The layers: everything else in `src/` is one of the basics.
const LAYERS: [&str; 5] = ["model/", "node/", "store/", "engine/", "plugin/"];

/// Foreign crates and the only paths below `src/` that may name them.
const HOMES: [(&str, &[&str]); 4] = [
    ("libp2p", &["node/dht"]),
    ("reqwest", &["node/kubo"]),
    ("rusqlite", &["store/sqlite", "store/schema"]),
    ("tauri", &["plugin/"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its path as text.
fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && name.ends_with(".rs") {
            let shown = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
            found.push((shown, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no Rust file below {}", folder.display());
    found.sort();
    found
}

/// Every path that code names, `use` groups written out: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn named_paths(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    // One prefix for each open brace; empty for a brace that is no group.
    let mut groups: Vec<String> = Vec::new();
    let mut path = String::new();
    for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        for c in line.chars().chain(['\n']) {
            if c.is_alphanumeric() || c == '_' || c == ':' {
                path.push(c);
                continue;
            }
            let prefix = groups.last().cloned().unwrap_or_default();
            if c == '{' && path.ends_with("::") {
                groups.push(format!("{prefix}{path}"));
            } else {
                if !path.is_empty() {
                    named.push(format!("{prefix}{path}"));
                }
                match c {
                    '{' => groups.push(String::new()),
                    '}' => drop(groups.pop()),
                    _ => {}
                }
            }
            path.clear();
        }
    }
    named
}

fn is_below(path: &str, parent: &str) -> bool {
    let path = path.strip_prefix("::").unwrap_or(path);
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn applies(rule: &Rule, file: &str) -> bool {
    let is_basic = file != "lib.rs" && !LAYERS.iter().any(|layer| file.starts_with(layer));
    if rule.below.is_empty() { is_basic } else { file.starts_with(rule.below) }
}

/// What a file names against the rules.
fn complaints(file: &str, code: &str) -> Vec<String> {
    let named = named_paths(code);
    let against_rules = RULES.iter().filter(|rule| applies(rule, file)).flat_map(|rule| {
        named.iter().filter(|path| {
            rule.forbidden.iter().any(|parent| is_below(path, parent))
                && !rule.allowed.iter().any(|parent| is_below(path, parent))
        })
    });
    let astray = HOMES.iter().filter(|(_, homes)| !homes.iter().any(|home| file.starts_with(home)));
    // A bare word may be a local name; a crate is followed by a path.
    let away_from_home =
        astray.flat_map(|(name, _)| named.iter().filter(move |path| *path != name && is_below(path, name)));
    against_rules.chain(away_from_home).map(|path| format!("{file} names {path}")).collect()
}

#[test]
fn imports_point_one_way() {
    let found: Vec<_> =
        rust_files(&root().join("src")).iter().flat_map(|(file, code)| complaints(file, code)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_stay_small() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "examples", "fuzz"] {
        for (file, code) in rust_files(&root().join(folder)) {
            let lines = code.lines().count();
            let limit = if folder == "src" && file == "lib.rs" { LIB_LINES } else { FILE_LINES };
            if lines > limit {
                found.push(format!("{folder}/{file}: {lines} lines, at most {limit}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_scan_sees_what_it_looks_for() {
    let cases = [
        ("model/a.rs", "use crate::store::Level;"),
        ("model/a.rs", "use crate::{\n    Code,\n    node::{Node, race},\n};"),
        ("model/a.rs", "fn now() { let _ = std::time::SystemTime::now(); }"),
        ("model/a/b.rs", "use crate::clock::{Clock, UnixMs};"),
        ("node/a.rs", "use crate::engine;"),
        ("node/race/mod.rs", "let client = reqwest::Client::new();"),
        ("store/memory.rs", "use ::rusqlite::Connection;"),
        ("engine/a.rs", "fn f(e: tauri::Error) {}"),
        ("engine/a.rs", "use crate::plugin::wire;"),
        ("config.rs", "use crate::engine::Mode;"),
        ("metrics/mod.rs", "use crate::store::Store;"),
    ];
    for (file, code) in cases {
        assert!(!complaints(file, code).is_empty(), "{file}: {code}");
    }
    let fine = [
        ("model/a.rs", "use crate::clock::UnixMs;\nuse crate::{Code, limits};"),
        ("model/a.rs", "// crate::store is told\nlet store = 1; let tokio_like = 2;"),
        ("node/kubo/http.rs", "use reqwest::Client;\nuse crate::model::cid::Cid;"),
        ("store/sqlite/open.rs", "use rusqlite::{Connection, params};"),
        ("engine/mod.rs", "use crate::{node::Node, store::Store};"),
        ("lib.rs", "pub use engine::Engine;"),
        ("plugin/mod.rs", "use tauri::Manager;\nuse crate::engine::Engine;"),
    ];
    for (file, code) in fine {
        assert_eq!(complaints(file, code), Vec::<String>::new(), "{file}: {code}");
    }
}
