//! The schema of the database cannot change by accident.

use rusqlite::Connection;
use tauri_plugin_wallet_sync::store::Store;

use crate::support::{block_on, own};

/// What a new database says of itself.
fn found() -> String {
    let dir = tempfile::tempdir().unwrap();
    block_on(own(dir.path()).close()).unwrap();
    let conn = Connection::open(dir.path().join("wallet.sqlite3")).unwrap();
    let mut text = String::new();
    for pragma in ["application_id", "user_version", "auto_vacuum", "page_size"] {
        let value: i64 = conn.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
        text.push_str(&format!("PRAGMA {pragma} = {value};\n"));
    }
    for pragma in ["encoding", "journal_mode"] {
        let value: String = conn.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
        text.push_str(&format!("PRAGMA {pragma} = '{value}';\n"));
    }
    let mut statement = conn.prepare("SELECT type, name, sql FROM sqlite_master ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    });
    for row in rows.unwrap() {
        let (kind, name, sql) = row.unwrap();
        let sql = sql.map(|sql| format!("{sql};\n")).unwrap_or_default();
        text.push_str(&format!("\n-- {kind} {name}\n{sql}"));
    }
    text
}

#[test]
fn version_1_is_as_it_was_released() {
    assert_eq!(found(), include_str!("../data/schema-v1.sql"));
}

#[test]
fn every_table_is_strict_and_every_column_not_null() {
    let dir = tempfile::tempdir().unwrap();
    block_on(own(dir.path()).close()).unwrap();
    let conn = Connection::open(dir.path().join("wallet.sqlite3")).unwrap();
    let loose: i64 = conn
        .query_row(
            "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let nullable: i64 = conn
        .query_row(
            "SELECT count(*) FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
             WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND c.\"notnull\" = 0",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!((loose, nullable), (0, 0));
}
