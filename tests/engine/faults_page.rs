//! `docs/faults.md` has a line for every fault of the catalogue, and every test that it names is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/faults.md");

/// The catalogue: a letter for each chapter, and how many faults it has.
const CHAPTERS: [(char, usize); 9] =
    [('N', 16), ('R', 17), ('B', 17), ('D', 16), ('C', 6), ('W', 9), ('L', 13), ('I', 10), ('K', 10)];

/// What no test can show; the page gives the reason.
const BY_WORDS: [&str; 3] = ["D14", "K5", "K10"];

struct Row {
    number: String,
    cells: Vec<String>,
    tests: Vec<String>,
}

fn rows(page: &str) -> Vec<Row> {
    let is_row = |line: &&str| {
        let number = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        number.starts_with(char::is_uppercase) && number.ends_with(|c: char| c.is_ascii_digit())
    };
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        let number = cells.next().unwrap();
        let cells: Vec<String> = cells.collect();
        let quoted = cells.last().unwrap().split('`').skip(1).step_by(2);
        let tests = quoted.filter(|text| text.contains('/')).map(str::to_owned).collect();
        Row { number, cells, tests }
    };
    page.lines().filter(is_row).map(row).collect()
}

/// Whether a file of Rust holds a test of this name; a check that a list of checks names counts as one.
fn is_rust_test(text: &str, name: &str) -> bool {
    let begins = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some(at) =
        lines.iter().position(|line| line.strip_prefix("async ").unwrap_or(line).starts_with(&begins))
    else {
        return false;
    };
    let above = lines[..at].iter().rev().take_while(|line| !line.is_empty() && **line != "}");
    let is_marked = above.into_iter().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"));
    let is_listed = text.split_once("checks![").is_some_and(|(_, list)| {
        let names = list.split(']').next().unwrap_or_default();
        names.split(',').any(|one| one.trim() == name)
    });
    is_marked || is_listed
}

/// Why a named test is not there.
pub fn missing(root: &Path, test: &str) -> Option<String> {
    let (path, name) = test.split_once("::").map_or((test, None), |(path, name)| (path, Some(name)));
    let Ok(text) = fs::read_to_string(root.join(path)) else { return Some(format!("no file {path}")) };
    let is_whole_file = path.ends_with(".sim") || path.starts_with("fuzz/fuzz_targets/");
    let is_there = match name {
        None => is_whole_file,
        Some(name) if path.ends_with(".rs") => is_rust_test(&text, name),
        Some(name) => ['"', '\''].iter().any(|quote| text.contains(&format!("({quote}{name}{quote},"))),
    };
    (!is_there).then(|| format!("no such test: {test}"))
}

fn complaints(page: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let rows = rows(page);
    let numbers = CHAPTERS.iter().flat_map(|(letter, most)| (1..=*most).map(move |n| format!("{letter}{n}")));
    if rows.iter().map(|row| row.number.clone()).ne(numbers) {
        found.push("not every number once and in order".to_owned());
    }
    for row in &rows {
        if row.cells.len() != 3 || row.cells.iter().any(String::is_empty) {
            found.push(format!("{}: a cell is empty, or there are not three", row.number));
        }
        if row.tests.is_empty() != BY_WORDS.contains(&row.number.as_str()) {
            found.push(format!("{}: no test, or one where words stand for it", row.number));
        }
        let missing = row.tests.iter().filter_map(|test| missing(root, test));
        found.extend(missing.map(|why| format!("{}: {why}", row.number)));
    }
    found
}

#[test]
fn every_fault_has_its_line_and_every_test_that_is_named_exists() {
    assert_eq!(complaints(PAGE), [] as [String; 0]);
}

#[test]
fn what_is_missing_on_the_page_is_seen() {
    let without = |number: &str| {
        let begins = format!("| {number} |");
        PAGE.lines()
            .filter(|line| !line.starts_with(&begins))
            .fold(String::new(), |page, line| page + line + "\n")
    };
    assert_eq!(complaints(&without("K10")), ["not every number once and in order"]);
    let other = |from: &str, to: &str| {
        assert!(PAGE.contains(from), "{from}");
        complaints(&PAGE.replacen(from, to, 1)).len()
    };
    assert_eq!(other("never_hang.rs::all_dead", "never_hang.rs::all_alive"), 1, "a test that is not there");
    assert_eq!(other("never_hang.rs::all_dead", "nowhere.rs::all_dead"), 1, "a file that is not there");
    assert_eq!(other("wal_reset_version_floor", "open"), 1, "a function that is no test");
    assert_eq!(other("contract/hung.rs::offline_calls", "contract/hung.rs::online_calls"), 1);
    assert_eq!(
        other("`scripts/tests/rules.test.mjs::the engine", "`scripts/tests/rules.test.mjs::an engine"),
        1
    );
}
