use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::store::{ItemRow, schema};

fn cell() -> impl Strategy<Value = Cell> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..4);
    prop_oneof![
        Just(Cell::Null),
        any::<i64>().prop_map(Cell::Int),
        bytes().prop_map(Cell::Text),
        bytes().prop_map(Cell::Blob),
    ]
}

proptest! {
    #[test]
    fn different_columns_have_different_encodings(
        a in prop::collection::vec(cell(), 0..4),
        b in prop::collection::vec(cell(), 0..4),
    ) {
        prop_assert_eq!(a == b, encode(&a) == encode(&b));
    }
}

fn tables() -> [&'static Table; 9] {
    use crate::store::{ChangeRow, NameRow, NodeRow, RollupRow, WrittenRow};
    [
        ItemRow::TABLE,
        ChangeRow::TABLE,
        NameRow::TABLE,
        WrittenRow::TABLE,
        NodeRow::TABLE,
        HeldRow::TABLE,
        MetaRow::TABLE,
        RollupRow::TABLE,
        BlockRow::TABLE,
    ]
}

#[test]
fn every_table_has_the_columns_its_rows_say() {
    let conn = Connection::open_in_memory().unwrap();
    schema::create(&conn).unwrap();
    for table in tables() {
        let statement = conn.prepare(&format!("SELECT * FROM {}", table.name)).unwrap();
        let mut columns: Vec<_> = statement.column_names().collect();
        assert_eq!(columns.pop(), Some("hash"), "{}", table.name);
        assert_eq!(columns, table.columns, "{}", table.name);
    }
}

#[test]
fn one_row_has_another_hash_in_another_table() {
    let cells = [Cell::Blob(vec![1]), Cell::Int(2)];
    let hashes: Vec<_> = tables().iter().map(|table| encode(&[table.hash(&cells)])).collect();
    assert_eq!(hashes.iter().collect::<std::collections::BTreeSet<_>>().len(), hashes.len());
}

#[test]
fn a_bad_row_moves_to_quarantine_with_all_its_columns() {
    let conn = Connection::open_in_memory().unwrap();
    schema::create(&conn).unwrap();
    let row = ItemRow {
        key: [7; 32],
        token_id: "abc".into(),
        state_hash: "def".into(),
        sealed: Bytes::from_static(b"sealed"),
    };
    put(&conn, &row).unwrap();
    conn.execute("UPDATE items SET sealed = x'00'", []).unwrap();
    let mut bad = Vec::new();
    assert!(read::<ItemRow>(&conn, "1", &[], &mut bad).unwrap().is_empty());
    assert_eq!(bad.iter().map(Bad::label).collect::<Vec<_>>(), ["abc"]);
    quarantine_row(&conn, &bad[0], 5).unwrap();
    let kept: (String, Vec<u8>, String, i64) = conn
        .query_row("SELECT source, raw, reason, moved_at FROM quarantine", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    assert_eq!(kept, ("items".into(), encode(&bad[0].cells), "hash".into(), 5));
    let left: i64 = conn.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_row_written_again_since_it_was_read_is_not_quarantined() {
    let conn = Connection::open_in_memory().unwrap();
    schema::create(&conn).unwrap();
    let row = MetaRow { name: "device".into(), value: Bytes::from_static(b"1") };
    put(&conn, &row).unwrap();
    conn.execute("UPDATE meta SET value = x'00'", []).unwrap();
    let mut bad = Vec::new();
    read::<MetaRow>(&conn, "1", &[], &mut bad).unwrap();
    put(&conn, &row).unwrap();
    quarantine_row(&conn, &bad[0], 5).unwrap();
    bad.clear();
    assert_eq!(read::<MetaRow>(&conn, "1", &[], &mut bad).unwrap().len(), 1);
    assert!(bad.is_empty());
}

#[test]
fn d16_the_quarantine_is_bounded() {
    let conn = Connection::open_in_memory().unwrap();
    schema::create(&conn).unwrap();
    let first = i64::from(limits::STORE_QUARANTINE_ROWS) - 2;
    conn.execute(
        "INSERT INTO quarantine (id, source, raw, reason, moved_at) VALUES (1, 'a', x'', '', 0), (?1, 'b', x'', '', 0)",
        [first],
    )
    .unwrap();
    for _ in 0..4 {
        keep_raw(&conn, "c", &[], "", 0).unwrap();
    }
    let sources: String =
        conn.query_row("SELECT group_concat(source, '') FROM quarantine", [], |row| row.get(0)).unwrap();
    assert_eq!(sources, "bcccc");
}
