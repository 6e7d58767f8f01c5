//! An account in its folder: opened, written, closed and opened again, wherever the folder lies.

use std::path::{Path, PathBuf};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags};
use tauri_plugin_wallet_sync::engine::{Mode, NewToken, OpenOptions};
use tauri_plugin_wallet_sync::store::{OpenMode, Store, Write};
use tauri_plugin_wallet_sync::{Code, Config, Engine, Secret};

use crate::support::{block_on, item, listing, open, own};

const DATABASE: &str = "wallet.sqlite3";

async fn account(dir: &Path) -> Engine {
    let options = OpenOptions { dir: dir.to_owned(), config: Config::default(), mode: Mode::Own };
    let engine = Engine::open(&Secret::new([7; 32]), options).await.unwrap();
    assert_eq!(engine.take_alerts(), [] as [&str; 0]);
    engine
}

async fn close(engine: Engine) {
    engine.close(Duration::from_secs(5)).await.unwrap();
}

fn token(n: u8) -> NewToken {
    NewToken {
        token_id: format!("t{n}"),
        state_hash: "s".into(),
        previous: None,
        summary: Some("coin".into()),
        payload: Bytes::from(vec![n; 3_000]),
    }
}

/// Three runs, each of which finds what the ones before have written.
async fn used_three_times(dir: &Path) {
    for run in 0..3 {
        let engine = account(dir).await;
        assert_eq!(engine.tokens(None, 10, false).len(), usize::from(run));
        for earlier in 0..run {
            assert_eq!(engine.payload(&format!("t{earlier}"), "s").await.unwrap(), vec![earlier; 3_000]);
        }
        engine.put(vec![token(run)]).await.unwrap();
        engine.set("run", Bytes::from(vec![run])).await.unwrap();
        assert_eq!(engine.get("run").await.unwrap(), [run].as_slice());
        close(engine).await;
        assert_eq!(listing(dir), ["lock", DATABASE]);
    }
}

#[tokio::test]
async fn an_account_is_opened_written_and_reopened() {
    let folder = tempfile::tempdir().unwrap();
    used_three_times(folder.path()).await;
}

#[tokio::test]
async fn a_folder_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b", "ä€", "100%20", "a#b&c=d", "con.wallet/below", "nul-1"] {
        used_three_times(&folder.path().join(name)).await;
    }
}

/// A folder whose path has at least so many characters, each part of it as long as a name may be on any system.
fn deep(folder: &Path, characters: usize) -> PathBuf {
    let mut path = folder.to_owned();
    while path.as_os_str().len() < characters {
        path.push("n".repeat(100));
    }
    path
}

/// Windows' own limit, and that of SQLite's ordinary layer below it there.
#[tokio::test]
async fn a_path_may_be_longer_than_windows_takes_it_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    used_three_times(&deep(folder.path(), 270)).await;
    if cfg!(windows) {
        used_three_times(&deep(folder.path(), 1_100)).await;
    }
}

/// Windows has devices in place of some names; from Windows 11 on most of these are names like others.
#[tokio::test]
async fn a_folder_with_the_name_of_a_device_is_refused_or_used() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["con", "NUL", "com1"] {
        let path = folder.path().join(name);
        match open(&path, OpenMode::Own) {
            Ok(opened) => {
                opened.store.close().await.unwrap();
                used_three_times(&path).await;
            }
            Err(error) => {
                assert_eq!(std::env::consts::OS, "windows", "{error}");
                assert_eq!(error.code(), Code::StorageIo, "{name}");
                assert!(error.message().starts_with("the data folder cannot be used"), "{error}");
            }
        }
    }
}

/// Windows keeps the file; elsewhere nothing is written any more.
#[test]
fn the_lock_file_of_an_open_account_is_not_taken_away_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let store = own(folder.path());
    let commit = |n| block_on(store.commit(vec![Write::Item(item(n))])).map_err(|error| error.code());
    commit(1).unwrap();
    let lock = folder.path().join("lock");
    let was_taken =
        std::fs::remove_file(&lock).is_ok() || std::fs::rename(&lock, folder.path().join("x")).is_ok();
    assert_eq!(was_taken, !cfg!(windows));
    assert_eq!(commit(2), if was_taken { Err(Code::Locked) } else { Ok(()) });
    let second = open(folder.path(), OpenMode::Own).map(drop).map_err(|error| error.code());
    assert_eq!(second, if was_taken { Ok(()) } else { Err(Code::Locked) });
    let _ = block_on(store.close());
}

/// Windows renames no file that another program has open: the opening after that does it.
#[test]
fn a_damaged_database_that_another_reads_is_set_aside_at_once_or_later() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let store = own(folder.path());
        store.commit(vec![Write::Item(item(1))]).await.unwrap();
        store.close().await.unwrap();
    });
    let conn = Connection::open(folder.path().join(DATABASE)).unwrap();
    conn.execute_batch("DROP TABLE quarantine").unwrap();
    conn.close().unwrap();
    let path = folder.path().join(DATABASE);
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    reader.query_row("SELECT count(*) FROM items", [], |_| Ok(())).unwrap();
    let opened = if cfg!(windows) {
        let error = open(folder.path(), OpenMode::Own).unwrap_err();
        assert_eq!(error.code(), Code::Locked, "{error}");
        assert!(error.message().contains("another program"), "{error}");
        reader.close().unwrap();
        open(folder.path(), OpenMode::Own).unwrap()
    } else {
        let opened = open(folder.path(), OpenMode::Own).unwrap();
        reader.close().unwrap();
        opened
    };
    assert_eq!(opened.warnings.len(), 1);
    assert_eq!(block_on(opened.store.load()).unwrap().items, [item(1)]);
    block_on(opened.store.close()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_whose_opening_was_given_up_can_be_opened_at_once() {
    let folder = tempfile::tempdir().unwrap();
    close(account(folder.path()).await).await;
    for patience in 1..60_u32 {
        let mut opening = Box::pin(account(folder.path()));
        for _ in 0..patience * patience {
            if let Poll::Ready(opened) = futures_util::poll!(&mut opening) {
                close(opened).await;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(opening);
        close(account(folder.path()).await).await;
    }
}

#[tokio::test]
async fn of_two_who_open_a_folder_at_once_one_is_told_that_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        || OpenOptions { dir: folder.path().to_owned(), config: Config::default(), mode: Mode::Own };
    let secret = Secret::new([7; 32]);
    let (one, two) = futures_util::join!(Engine::open(&secret, options()), Engine::open(&secret, options()));
    let (Ok(open), Err(error)) = (one, two) else { panic!("one of both") };
    assert_eq!(error.code(), Code::Locked);
    close(open).await;
}
