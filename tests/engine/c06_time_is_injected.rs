//! C6: nothing reads the wall clock by itself, so no lock or lease can end by it.

use std::fs;
use std::path::Path;

/// Files that may: the one that gives time to all others.
const MAY: &str = "src/clock.rs";

fn offenders(folder: &Path, root: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            offenders(&path, root, found);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let reads =
            ["SystemTime", "disallowed_methods", "Instant::now()"].iter().any(|word| text.contains(word));
        if reads && name != MAY {
            found.push(name);
        }
    }
}

#[test]
fn one_file_reads_the_clock_and_clippy_refuses_every_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    offenders(&root.join("src"), root, &mut found);
    assert_eq!(found, [] as [&str; 0]);
    let own = fs::read_to_string(root.join(MAY)).unwrap();
    assert!(own.contains("SystemTime"), "the search sees it where it is");
    let (clippy, cargo) =
        ["clippy.toml", "Cargo.toml"].map(|file| fs::read_to_string(root.join(file)).unwrap()).into();
    assert!(clippy.contains("std::time::SystemTime::now") && clippy.contains("std::time::Instant::now"));
    assert!(cargo.contains("disallowed_methods = \"deny\""));
}
