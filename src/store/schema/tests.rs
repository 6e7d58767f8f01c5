use super::*;

const STEPS: [Migration; 2] = [
    Migration { to: 2, sql: "CREATE TABLE second (id INTEGER NOT NULL PRIMARY KEY) STRICT" },
    Migration { to: 3, sql: "CREATE TABLE third (id INTEGER NOT NULL PRIMARY KEY) STRICT; SELECT nothing" },
];

fn database(dir: &Path) -> Connection {
    let conn = Connection::open(dir.join("wallet.sqlite3")).unwrap();
    create(&conn).unwrap();
    conn.execute("INSERT INTO meta (name, value, hash) VALUES ('kept', x'01', x'02')", []).unwrap();
    conn
}

fn has_table(conn: &Connection, name: &str) -> bool {
    conn.table_exists(None, name).unwrap()
}

#[test]
fn a_new_database_is_current() {
    let dir = tempfile::tempdir().unwrap();
    let conn = database(dir.path());
    assert!(is_ours(&conn).unwrap());
    assert!(is_current(&conn).unwrap());
    assert_eq!(version(&conn).unwrap(), VERSION);
    conn.execute_batch("CREATE TABLE other (id INTEGER) STRICT").unwrap();
    assert!(!is_current(&conn).unwrap());
}

#[test]
fn d12_a_failed_step_leaves_the_version_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut conn = database(dir.path());
    let copy = dir.path().join("wallet.sqlite3.v1");
    assert!(migrate(&mut conn, 1, &STEPS, &copy).is_err());
    assert_eq!(version(&conn).unwrap(), 2);
    assert!(has_table(&conn, "second") && !has_table(&conn, "third"));
    let kept: i64 = conn.query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
}

#[test]
fn d12_a_whole_copy_is_made_before_the_first_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut conn = database(dir.path());
    let copy = dir.path().join("wallet.sqlite3.v1");
    migrate(&mut conn, 1, &STEPS[..1], &copy).unwrap();
    let copied = Connection::open(&copy).unwrap();
    assert_eq!(version(&copied).unwrap(), 1);
    assert!(is_current(&copied).unwrap());
    assert!(!has_table(&copied, "second"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "it holds what the database holds");
    }
    assert!(has_table(&conn, "second"));
}

#[test]
fn nothing_to_migrate_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut conn = database(dir.path());
    let copy = dir.path().join("wallet.sqlite3.v1");
    migrate(&mut conn, VERSION, MIGRATIONS, &copy).unwrap();
    assert!(!copy.exists());
    assert_eq!(MIGRATIONS.last().map_or(1, |step| step.to), VERSION);
}
