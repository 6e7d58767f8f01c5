//! Reads the paths that code names, and finds the file each one leads to.

use std::collections::{BTreeMap, BTreeSet};

/// The files of a source tree by module path: `engine/read/mod.rs` is `["engine", "read"]`.
pub struct Tree {
    files: BTreeMap<Vec<String>, String>,
}

impl Tree {
    pub fn new<'a>(files: impl IntoIterator<Item = &'a str>) -> Self {
        Self { files: files.into_iter().map(|file| (module(file), file.to_owned())).collect() }
    }

    /// Files that a file refers to, by `use` or by a path anywhere: `crate::`, `self::`, `super::`, or a child's name.
    pub fn references(&self, file: &str, code: &str) -> BTreeSet<String> {
        named_paths(code).into_iter().filter_map(|path| self.leads_to(file, &path)).collect()
    }

    /// The other file that a path leads to.
    pub fn leads_to(&self, file: &str, path: &str) -> Option<String> {
        self.resolve(&module(file), path).filter(|other| other != file)
    }

    fn resolve(&self, me: &[String], path: &str) -> Option<String> {
        // A word alone is a visibility, or a name in this file.
        if !path.contains("::") {
            return None;
        }
        let mut segments =
            path.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).peekable();
        let mut at = match segments.peek()?.as_str() {
            "crate" => {
                segments.next();
                Vec::new()
            }
            "self" | "super" => me.to_vec(),
            first => {
                let child: Vec<String> = me.iter().cloned().chain([first.to_owned()]).collect();
                if !self.files.contains_key(&child) {
                    return None;
                }
                me.to_vec()
            }
        };
        while let Some(step) = segments.next_if(|segment| segment == "self" || segment == "super") {
            if step == "super" {
                at.pop();
            }
        }
        at.extend(segments);
        // The longest part of the path that is a file; what follows is an item in it.
        (1..=at.len()).rev().find_map(|length| self.files.get(&at[..length])).cloned()
    }
}

fn module(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// Every path that code names, `use` groups written out: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub fn named_paths(code: &str) -> Vec<String> {
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

/// Files that reach themselves, each with the way back.
pub fn circles(references: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for start in references.keys() {
        let mut open = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = open.pop() {
            for next in references.get(&way[way.len() - 1]).into_iter().flatten() {
                if next == start {
                    found.insert(format!("{} -> {start}", way.join(" -> ")));
                } else if seen.insert(next.clone()) {
                    open.push(way.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
    }
    found.into_iter().collect()
}

#[test]
fn paths_are_read_and_resolved() {
    let tree = Tree::new(["engine/mod.rs", "engine/read/mod.rs", "engine/read/round.rs", "model/cid.rs"]);
    let cases = [
        ("engine/read/round.rs", "use super::Tally;", "engine/read/mod.rs"),
        ("engine/read/round.rs", "fn f() { super::super::g() }", "engine/mod.rs"),
        ("engine/read/mod.rs", "use self::round::Tally;", "engine/read/round.rs"),
        ("engine/read/mod.rs", "fn f() { round::take() }", "engine/read/round.rs"),
        ("engine/mod.rs", "use crate::{\n    engine::read::{self, round},\n};", "engine/read/round.rs"),
        ("engine/mod.rs", "fn f(cid: &crate::model::cid::Cid) {}", "model/cid.rs"),
    ];
    for (file, code, other) in cases {
        assert!(tree.references(file, code).contains(other), "{file}: {code}");
    }
    let none = tree.references("engine/read/mod.rs", "// crate::model::cid\nuse std::fmt; let round = 1;");
    assert_eq!(none, BTreeSet::new());
}

#[test]
fn circles_are_found() {
    let of = |pairs: &[(&str, &str)]| {
        let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            map.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        circles(&map)
    };
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("a", "c")]), Vec::<String>::new());
    assert!(!of(&[("a", "b"), ("b", "c"), ("c", "a")]).is_empty());
    assert!(!of(&[("x", "a"), ("a", "b"), ("b", "a")]).is_empty());
}
