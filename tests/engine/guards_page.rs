//! Every scenario and test that `docs/guards.md` names as what finds a guard is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/guards.md");

/// The names in the last cells of the tables: of scenarios and tests, or of a scenario by its number.
fn named(page: &str) -> Vec<&str> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let found_by = rows.filter_map(|row| row.rsplit_once(" | ").map(|(_, found_by)| found_by));
    let quoted = found_by.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    quoted.filter(|name| name.contains('_') || is_number(name)).collect()
}

fn is_number(name: &str) -> bool {
    name.strip_prefix('f').is_some_and(|rest| rest.len() == 2 && rest.chars().all(|c| c.is_ascii_digit()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn complaints(page: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenarios = names(&root.join("tests/simulation/scenarios"));
    let folder = root.join("tests/engine");
    let files = names(&folder).into_iter().filter(|name| name.ends_with(".rs"));
    let tests: String = files.map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
    let is_there = |name: &str| {
        let begins = if is_number(name) { format!("{name}_") } else { format!("{name}.sim") };
        scenarios.iter().any(|file| file.starts_with(&begins)) || tests.contains(&format!("fn {name}("))
    };
    named(page).into_iter().filter(|name| !is_there(name)).map(str::to_owned).collect()
}

#[test]
fn every_name_is_there() {
    assert!(named(PAGE).len() > 100, "the tables are read");
    assert_eq!(complaints(PAGE), [] as [String; 0]);
}

#[test]
fn a_name_that_is_not_there_is_seen() {
    let other = |from: &str, to: &str| complaints(&PAGE.replacen(from, to, 1)).len();
    assert_eq!(other("`a_late_rename`", "`a_latest_rename`"), 1);
    assert_eq!(other("`f27`", "`f77`"), 1);
}
