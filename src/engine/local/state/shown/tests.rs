use super::*;

fn touched(ids: &[&str]) -> Touched {
    Touched { tokens: ids.iter().map(|id| Id::parse(id).unwrap()).collect(), all: false }
}

fn since(shown: &Shown, revision: u64) -> Option<Vec<String>> {
    shown.since(revision).map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect())
}

#[test]
fn what_changed_after_a_revision_is_named_once() {
    let mut shown = Shown::default();
    shown.note(1, touched(&["a", "b"]));
    shown.note(2, touched(&["b"]));
    assert_eq!(since(&shown, 0).unwrap(), ["a", "b"]);
    assert_eq!(since(&shown, 1).unwrap(), ["b"]);
    assert!(since(&shown, 2).unwrap().is_empty());
}

#[test]
fn what_is_not_known_any_more_is_not_made_up() {
    let mut shown = Shown::default();
    shown.note(1, touched(&["a"]));
    shown.note(2, Touched { all: true, ..Touched::default() });
    assert_eq!(since(&shown, 1), None);
    assert!(since(&shown, 2).unwrap().is_empty());
    for revision in 3..=limits::CHANGES_KEPT as u64 + 4 {
        shown.note(revision, touched(&["c"]));
    }
    assert_eq!(since(&shown, 3), None, "of two batches the names are gone");
    assert_eq!(since(&shown, 4).unwrap(), ["c"]);
}
