//! `docs/incidents.md` has a line for every incident, and every test that it names is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::faults_page::missing;

const PAGE: &str = include_str!("../../docs/incidents.md");

/// Incidents elsewhere and in review, and those of the predecessor: a letter for each chapter, and how many.
const CHAPTERS: [(char, usize); 2] = [('E', 20), ('P', 18)];

struct Row {
    number: String,
    /// The incident's name.
    name: String,
    tests: Vec<String>,
    is_full: bool,
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows(page: &str) -> Vec<Row> {
    let numbered = page.lines().filter(|line| {
        let number = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        number.starts_with(['E', 'P']) && number.ends_with(|c: char| c.is_ascii_digit())
    });
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        Row {
            number: cells[0].to_owned(),
            name: quoted(cells.get(1).unwrap_or(&"")).join(" "),
            tests: quoted(cells.last().unwrap()),
            is_full: cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()),
        }
    };
    numbered.map(row).collect()
}

fn complaints(page: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows = rows(page);
    let mut found = Vec::new();
    let numbers = CHAPTERS.iter().flat_map(|(letter, most)| (1..=*most).map(move |n| format!("{letter}{n}")));
    if rows.iter().map(|row| row.number.clone()).ne(numbers) {
        found.push("not every number once and in order".to_owned());
    }
    if rows.iter().map(|row| &row.name).collect::<BTreeSet<_>>().len() != rows.len() {
        found.push("a name twice".to_owned());
    }
    for row in &rows {
        if !row.is_full || row.name.is_empty() || row.tests.is_empty() {
            found.push(format!("{}: a cell, a name or a test is missing", row.number));
        }
        found.extend(row.tests.iter().filter_map(|test| missing(root, test)));
    }
    found
}

#[test]
fn every_incident_has_its_line_and_every_test_that_is_named_exists() {
    assert_eq!(complaints(PAGE), [] as [String; 0]);
}

#[test]
fn what_is_missing_on_the_page_is_seen() {
    let other = |from: &str, to: &str| {
        assert!(PAGE.contains(from), "{from}");
        complaints(&PAGE.replacen(from, to, 1)).len()
    };
    assert_eq!(other("| P18 |", "| P19 |"), 1, "a number that is not there");
    assert_eq!(other("::absence_is_not_deletion`", "::absence_is_deletion`"), 1, "a test that is not there");
    assert_eq!(other("`idle_engine_is_idle`", "`one_of_five_is_enough`"), 1, "a name twice");
    assert_eq!(other("incidents.rs::payload_is_opaque", "nowhere.rs::payload_is_opaque"), 1, "no such file");
}
