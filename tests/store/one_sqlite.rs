//! One copy of SQLite in the process, built in.

const LOCK: &str = include_str!("../../Cargo.lock");

#[test]
fn d10_one_sqlite_is_linked() {
    let count = |name: &str| LOCK.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
    assert_eq!(count("libsqlite3-sys"), 1);
    // Others that bring a copy of their own.
    assert_eq!([count("sqlite3-sys"), count("libsql-ffi"), count("sqlite")], [0; 3]);
}
