//! Imports point one way: `plugin → engine → {node, store} → model → basics`, one rule for each room of the engine, no circle
//! between its files; each foreign crate has its place; one door for writes.

mod paths;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use self::paths::{Tree, circles, named_paths};
use self::rules::{
    FILE_LINES, HOMES, IMPURE, IMPURE_BASICS, LAYERS, LIB_LINES, MEDIAN_LINES, PURE, ROOMS, TOP,
};

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

fn sources() -> Vec<(String, String)> {
    rust_files(&root().join("src"))
}

fn tree(sources: &[(String, String)]) -> Tree {
    Tree::new(sources.iter().map(|(file, _)| file.as_str()))
}

/// The layer of a file; none for the basics.
fn layer(file: &str) -> Option<&str> {
    let (folder, _) = file.split_once('/')?;
    LAYERS.iter().any(|(layer, _)| *layer == folder).then_some(folder)
}

/// The room of a file of the engine.
fn room(file: &str) -> Option<&str> {
    let inside = file.strip_prefix("engine/")?;
    Some(inside.split_once('/').map_or(inside.strip_suffix(".rs")?, |(room, _)| room))
}

fn is_below(path: &str, parent: &str) -> bool {
    let path = path.strip_prefix("::").unwrap_or(path);
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether a file may refer to another one.
fn may_name(file: &str, other: &str) -> bool {
    if let (Some(from), Some(to)) = (room(file), room(other)) {
        let allowed = |rooms: &&[&str]| rooms.contains(&to);
        return from == to
            || TOP.contains(&from)
            || ROOMS.iter().find(|(room, _)| *room == from).map(|(_, rooms)| rooms).is_some_and(allowed);
    }
    match (layer(file), layer(other)) {
        (_, None) => {
            !(layer(file) == Some("model") && IMPURE_BASICS.iter().any(|basic| other.starts_with(basic)))
        }
        (None, Some(_)) => file == "lib.rs",
        (Some(from), Some(to)) => {
            from == to || LAYERS.iter().any(|(layer, others)| *layer == from && others.contains(&to))
        }
    }
}

/// What a file names against the rules.
fn complaints(tree: &Tree, file: &str, code: &str) -> Vec<String> {
    let is_model = layer(file) == Some("model");
    let is_wrong = |path: &String| {
        // Times are values, whoever defines their types.
        if is_model && PURE.iter().any(|pure| is_below(path, pure)) {
            return false;
        }
        let is_impure = is_model && IMPURE.iter().any(|parent| is_below(path, parent));
        // A bare word may be a local name; a crate is followed by a path.
        let is_astray = HOMES.iter().any(|(name, homes)| {
            path != name && is_below(path, name) && !homes.iter().any(|home| file.starts_with(home))
        });
        is_impure || is_astray || tree.leads_to(file, path).is_some_and(|other| !may_name(file, &other))
    };
    let named = named_paths(code).into_iter().filter(is_wrong);
    named.map(|path| format!("{file} names {path}")).collect()
}

#[test]
fn imports_point_one_way() {
    let sources = sources();
    let tree = tree(&sources);
    let found: Vec<_> = sources.iter().flat_map(|(file, code)| complaints(&tree, file, code)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_two_files_of_the_engine_need_each_other() {
    let sources = sources();
    let tree = tree(&sources);
    let engine = sources.iter().filter(|(file, _)| file.starts_with("engine/"));
    let references: BTreeMap<String, BTreeSet<String>> = engine
        .map(|(file, code)| {
            let others = tree.references(file, code);
            (file.clone(), others.into_iter().filter(|other| other.starts_with("engine/")).collect())
        })
        .collect();
    let found = circles(&references);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_has_a_rule() {
    for (file, _) in sources().iter().filter(|(file, _)| file.starts_with("engine/")) {
        let room = room(file).unwrap();
        assert!(TOP.contains(&room) || ROOMS.iter().any(|(name, _)| *name == room), "{file}");
    }
}

#[test]
fn writes_have_one_door() {
    let sources = sources();
    let engine = || sources.iter().filter(|(file, _)| file.starts_with("engine/"));
    let doors: Vec<&str> =
        engine().filter(|(_, code)| code.contains("store.commit(")).map(|(file, _)| file.as_str()).collect();
    assert_eq!(doors, ["engine/local/turn.rs"], "files that call the store's commit");
    let (_, state) = engine().find(|(_, code)| code.contains("pub struct State {")).unwrap();
    let fields = state.split_once("pub struct State {").unwrap().1.split_once('}').unwrap().0;
    assert!(!fields.contains("pub"), "State has a field that others see: {fields}");
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
    let mut engine: Vec<usize> =
        rust_files(&root().join("src/engine")).iter().map(|(_, code)| code.lines().count()).collect();
    engine.sort_unstable();
    let median = engine[engine.len() / 2];
    assert!(median <= MEDIAN_LINES, "half of the engine's files have more than {median} lines");
}

/// A wrong import in each direction: from every room to every room that it may not name, written in three ways.
#[test]
fn a_planted_import_is_seen_in_each_direction() {
    let sources = sources();
    let tree = tree(&sources);
    let file_of = |name: &str| {
        let inside = |file: &str| if name.contains('/') { file == name } else { room(file) == Some(name) };
        sources.iter().map(|(file, _)| file.as_str()).find(|file| inside(file)).unwrap()
    };
    let rooms: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).chain(["mod"]).collect();
    let mut planted = 0;
    for (from, allowed) in ROOMS {
        for to in rooms.iter().filter(|to| **to != from && !allowed.contains(to)) {
            let file = file_of(from);
            let depth = file.matches('/').count() - usize::from(file.ends_with("/mod.rs"));
            let (absolute, up) = match *to {
                "mod" => ("crate::engine::Engine".to_owned(), format!("{}Engine", "super::".repeat(depth))),
                to => (format!("crate::engine::{to}::x"), format!("{}{to}::x", "super::".repeat(depth))),
            };
            for code in [format!("use {absolute};"), format!("use {up};"), format!("fn f() {{ {up}() }}")] {
                assert!(!complaints(&tree, file, &code).is_empty(), "{file}: {code}");
                planted += 1;
            }
        }
    }
    assert!(planted > 300, "{planted} wrong imports were planted");
    for (from, allowed) in LAYERS {
        for (to, _) in LAYERS.iter().filter(|(to, _)| *to != from && !allowed.contains(to)) {
            let file = sources.iter().map(|(file, _)| file).find(|file| layer(file) == Some(from)).unwrap();
            let code = format!("use crate::{{Error, {to}::x}};");
            assert!(!complaints(&tree, file, &code).is_empty(), "{file}: {code}");
        }
    }
}

#[test]
fn other_wrong_names_are_seen() {
    let sources = sources();
    let tree = tree(&sources);
    let cases = [
        ("model/cid.rs", "fn now() { let _ = std::time::SystemTime::now(); }"),
        ("model/cid.rs", "use crate::clock::Clock;"),
        ("model/record/mod.rs", "use crate::metrics::Metrics;"),
        ("node/race/mod.rs", "let client = reqwest::Client::new();"),
        ("store/mod.rs", "use ::rusqlite::Connection;"),
        ("engine/account.rs", "fn f(e: tauri::Error) {}"),
        ("config.rs", "use crate::engine::Mode;"),
        ("metrics/mod.rs", "use crate::store::Store;"),
    ];
    for (file, code) in cases {
        assert!(!complaints(&tree, file, code).is_empty(), "{file}: {code}");
    }
    let fine = [
        ("model/cid.rs", "use crate::clock::UnixMs;\nuse crate::error::Code;"),
        ("model/cid.rs", "// crate::store is named\nlet store = 1; let tokio_like = 2;"),
        ("node/kubo/http.rs", "use reqwest::Client;\nuse crate::model::cid::Cid;"),
        ("store/sqlite/open.rs", "use rusqlite::{Connection, params};"),
        ("engine/account.rs", "use crate::{node::Node, store::Store};"),
        ("lib.rs", "pub use engine::Engine;"),
        ("plugin/mod.rs", "use tauri::Manager;\nuse crate::engine::Engine;"),
    ];
    for (file, code) in fine {
        assert_eq!(complaints(&tree, file, code), Vec::<String>::new(), "{file}: {code}");
    }
}
