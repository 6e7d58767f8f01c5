//! Rows and folders for the store's tests.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Error;
use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::store::{
    ItemKey, ItemRow, Level, NameRow, NodeRow, OpenMode, OpenedStore, SqliteStore, Write, WrittenRow,
};

/// An item key that is spread over the key space like a real one.
pub fn key(n: u8) -> ItemKey {
    let mut key = [n; 32];
    key[31] = 1;
    key
}

/// A token state's row.
pub fn item(n: u8) -> ItemRow {
    ItemRow {
        key: key(n),
        token_id: format!("token-{n}"),
        state_hash: format!("state-{n}"),
        sealed: Bytes::from(vec![n ^ 0x5a; 300]),
    }
}

/// An entry's row.
pub fn entry(n: u8) -> ItemRow {
    ItemRow { token_id: String::new(), state_hash: String::new(), ..item(n) }
}

/// A change of an item.
pub fn change(n: u8, number: u64) -> Write {
    Write::Change { key: key(n), number, level: Level::Local }
}

/// A block of 1,000 bytes.
pub fn block(n: u8) -> Block {
    Block::new(Codec::Raw, vec![n; 1_000])
}

/// What is known of a name.
pub fn name(slot: u8, sequence: u64) -> NameRow {
    NameRow {
        slot,
        sequence,
        record: Bytes::from(vec![slot; 400]),
        merged_root: Some(*block(slot).cid()),
        verified_at: 1_700_000_000_000,
        changed_at: -1,
        occupied: false,
    }
}

/// A signed record; `n` makes it another one.
pub fn written(slot: u8, sequence: u64, n: u8) -> WrittenRow {
    WrittenRow {
        slot,
        sequence,
        record: Bytes::from(vec![n; 350]),
        root: *block(n).cid(),
        upto: 12,
        signed_at: 1_700_000_000_000,
    }
}

/// What a node holds.
pub fn node(id: &str, verified_sequence: u64) -> NodeRow {
    NodeRow {
        node: id.into(),
        slot: 1,
        pinned: vec![*block(1).cid(), *block(2).cid()],
        verified_sequence,
        put_at: 1_700_000_000_000,
    }
}

/// Opens with a clock that stands still.
pub fn open(dir: &Path, mode: OpenMode) -> Result<OpenedStore, Error> {
    SqliteStore::open(dir, Arc::new(ManualClock::new(1_000)), mode)
}

/// Opens as owner and expects nothing to report.
pub fn own(dir: &Path) -> SqliteStore {
    let opened = open(dir, OpenMode::Own).unwrap();
    assert_eq!(opened.warnings, []);
    opened.store
}

/// This runner again, to run the test `child` of a module alone with a task; `module` is its `module_path!()`.
pub fn child_command(module: &str, task: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    add_child_arguments(&mut command, module, task, dir);
    command
}

/// The same under `strace` with its arguments.
pub fn strace_command(arguments: &[&str], module: &str, task: &str, dir: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]).args(arguments);
    command.arg(std::env::current_exe().unwrap());
    add_child_arguments(&mut command, module, task, dir);
    command
}

fn add_child_arguments(command: &mut Command, module: &str, task: &str, dir: &Path) {
    command
        .arg(child_of(module))
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .env("STORE_CHILD_TASK", task)
        .env("STORE_CHILD_DIR", dir)
        .stdin(Stdio::null());
}

/// The name by which a runner knows the test `child` of a module.
pub fn child_of(module: &str) -> String {
    let (_runner, path) = module.split_once("::").unwrap();
    format!("{path}::child")
}

/// What a child was started for; none in an ordinary run of the tests.
pub fn child_task() -> Option<(String, std::path::PathBuf)> {
    let task = std::env::var("STORE_CHILD_TASK").ok()?;
    Some((task, std::env::var_os("STORE_CHILD_DIR")?.into()))
}

/// Whether `strace` can run and inject here.
pub fn has_strace() -> bool {
    Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A runtime for code outside an async test.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Names of the files in a folder, sorted.
pub fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
