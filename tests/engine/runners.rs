//! Every test file is a module of its runner: one that no runner names would never run.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders whose subfolders with a `main.rs` are runners.
const FOLDERS: [&str; 4] = ["tests", "examples/cli/tests", "examples/dev-nodes/tests", "tests/harness/tests"];

/// Files of a runner that its `main.rs` does not name.
fn forgotten(runner: &Path, main: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(runner).unwrap().map(|entry| entry.unwrap().path());
    let modules = files.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let is_named = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy();
        name == "main" || main.lines().any(|line| line == format!("mod {name};"))
    };
    modules.filter(|path| !is_named(path)).collect()
}

#[test]
fn no_test_file_is_forgotten() {
    let mut runners = 0;
    for folder in FOLDERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for runner in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(main) = fs::read_to_string(runner.join("main.rs")) else { continue };
            assert_eq!(forgotten(&runner, &main), [] as [PathBuf; 0]);
            assert_ne!(forgotten(&runner, ""), [] as [PathBuf; 0], "the check sees the files");
            runners += 1;
        }
    }
    assert!(runners >= 4, "{runners}");
}
