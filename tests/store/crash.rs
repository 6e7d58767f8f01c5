//! A process that dies at any system call, and a disk that fails to sync.
//!
//! With `strace` the child is killed at the n-th call of each kind; without it, it aborts at the n-th commit.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};

use rusqlite::Connection;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::{BlockClass, ItemRow, Loaded, OpenMode, Store, Write};

use crate::support::{
    block, block_on, change, child_command, child_task, has_strace, item, listing, open, own, strace_command,
    written,
};

const DATABASE: &str = "wallet.sqlite3";
const BATCHES: u8 = 4;
const ITEMS: u8 = 6;
/// More calls than any of these tasks makes: the end of the loop if a child never gets through.
const CALLS: u32 = 400;
/// The last of these is past the last write by which a database is made and opened.
const WRITES: u32 = 40;
/// The last of these is past the last sync of a run.
const SYNCS: u32 = 12;

/// Batch `b`: enough rows to reach several pages, and something of every kind.
fn batch(b: u8) -> Vec<Write> {
    let mut batch = Vec::new();
    for n in 0..ITEMS {
        let id = b * ITEMS + n;
        batch.extend([Write::Item(item(id)), change(id, u64::from(b) + 1)]);
        batch.push(Write::Block { block: block(id), class: BlockClass::Data });
    }
    batch.push(Write::Written(written(1, u64::from(b), b)));
    batch
}

fn items_of(b: u8) -> Vec<ItemRow> {
    (0..ITEMS).map(|n| item(b * ITEMS + n)).collect()
}

/// The process that dies; does nothing in an ordinary run.
#[test]
fn child() {
    let Some((task, dir)) = child_task() else { return };
    let store = match open(&dir, OpenMode::Own) {
        Ok(opened) => opened.store,
        Err(error) => return println!("\nopen {}", error.code()),
    };
    if task == "open" {
        return block_on(store.close()).unwrap();
    }
    let abort_at: Option<u8> = task.strip_prefix("abort ").map(|at| at.parse().unwrap());
    block_on(async {
        for b in 0..BATCHES {
            if abort_at == Some(b) {
                let mut commit = std::pin::pin!(store.commit(batch(b)));
                // Sent to the writer, not waited for.
                let _ = futures_util::poll!(&mut commit);
                std::process::abort();
            }
            match store.commit(batch(b)).await {
                Ok(()) => println!("\nack {b}"),
                Err(error) => println!("\nfailed {b} {}", error.code()),
            }
        }
        let closed = store.close().await.err();
        println!("\nclosed {}", closed.map_or("ok", |error| error.code().as_str()));
    });
}

struct Ended {
    status: ExitStatus,
    lines: Vec<String>,
}

impl Ended {
    /// Batches whose commit was answered with success.
    fn acknowledged(&self) -> Vec<u8> {
        self.lines.iter().filter_map(|line| line.strip_prefix("ack ")?.parse().ok()).collect()
    }
}

fn run(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect();
    Ended { status: output.status, lines }
}

fn integrity(dir: &Path) -> String {
    let conn = Connection::open(dir.join(DATABASE)).unwrap();
    conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

/// Every batch is there whole or not at all; gives those that are there.
fn whole_batches(loaded: &Loaded) -> Vec<u8> {
    let there: Vec<u8> =
        (0..BATCHES).filter(|b| items_of(*b).iter().all(|row| loaded.items.contains(row))).collect();
    let count = there.len() * usize::from(ITEMS);
    assert_eq!((loaded.items.len(), loaded.changes.len(), loaded.data_blocks.len()), (count, count, count));
    assert_eq!(loaded.written.len(), there.len());
    there
}

/// After a crash: nothing to report, nothing acknowledged is missing, at most one more is there, and the rest can be done.
fn recovers(dir: &Path, ended: &Ended, place: &str) {
    let opened = open(dir, OpenMode::Own).unwrap();
    assert_eq!(opened.warnings, [], "{place}");
    block_on(async {
        let store = opened.store;
        let loaded = store.load().await.unwrap();
        assert!(loaded.quarantined.is_empty(), "{place}");
        let (there, acknowledged) = (whole_batches(&loaded), ended.acknowledged());
        assert!(there.starts_with(&acknowledged), "{place}: {acknowledged:?} acknowledged, {there:?} there");
        assert!(there.len() <= acknowledged.len() + 1, "{place}");
        for b in 0..BATCHES {
            store.commit(batch(b)).await.unwrap();
        }
        assert_eq!(whole_batches(&store.load().await.unwrap()).len(), usize::from(BATCHES));
        store.close().await.unwrap();
    });
    assert_eq!(integrity(dir), "ok", "{place}");
    assert_eq!(listing(dir), ["lock", DATABASE], "{place}");
}

/// Runs a task once for each call of a kind, killed there, in a folder made by `prepare`; gives how often it was killed.
fn kill_at_each(call: &str, task: &str, prepare: impl Fn(&Path), check: impl Fn(&Path, &Ended, &str)) -> u32 {
    for when in 1..CALLS {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
        let ended = run(strace_command(&["-e", &trace, "-e", &inject], module_path!(), task, dir.path()));
        check(dir.path(), &ended, &format!("{task}, {call} {when}"));
        if ended.status.success() {
            return when - 1;
        }
    }
    panic!("{task} never got through");
}

fn made(dir: &Path) {
    block_on(own(dir).close()).unwrap();
}

#[test]
fn d01_killed_at_every_write_a_commit_is_whole_or_not_there() {
    if !has_strace() {
        println!("no strace here: the child aborts at each commit instead");
        for b in 0..BATCHES {
            let dir = tempfile::tempdir().unwrap();
            made(dir.path());
            let ended = run(child_command(module_path!(), &format!("abort {b}"), dir.path()));
            assert!(!ended.status.success());
            assert_eq!(ended.acknowledged().len(), usize::from(b));
            recovers(dir.path(), &ended, &format!("abort at commit {b}"));
        }
        return;
    }
    let mut kills = 0;
    for call in ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"] {
        kills += kill_at_each(call, "commit", made, recovers);
    }
    assert!(kills >= 20, "only {kills} kills: the calls have changed their names");
}

#[test]
fn d01_killed_while_the_database_is_made_it_is_made_the_next_time() {
    if !has_strace() {
        println!("no strace here: an unfinished database lies there instead");
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("wallet.sqlite3.new"), "half").unwrap();
        return made(dir.path());
    }
    let mut kills = 0;
    for call in ["pwrite64", "fsync", "rename", "unlink"] {
        kills += kill_at_each(call, "open", |_| {}, recovers);
    }
    assert!(kills >= 8, "only {kills} kills: the calls have changed their names");
}

#[test]
#[cfg_attr(windows, ignore = "no write can be made to fail there")]
fn d02_a_disk_that_fails_while_the_database_is_made_leaves_a_whole_one_or_none() {
    if !has_strace() {
        println!("no strace here: no write can be made to fail");
        return;
    }
    let mut failures = 0;
    for (fault, when) in ["ENOSPC", "EIO"].into_iter().flat_map(|fault| (1..=WRITES).map(move |n| (fault, n)))
    {
        let dir = tempfile::tempdir().unwrap();
        let inject = format!("inject=pwrite64:error={fault}:when={when}");
        let arguments = ["-e", "trace=pwrite64", "-e", &inject];
        let ended = run(strace_command(&arguments, module_path!(), "open", dir.path()));
        failures += u32::from(ended.lines.iter().any(|line| line.starts_with("open storage_")));
        recovers(dir.path(), &ended, &format!("{fault} at write {when}"));
    }
    assert!(failures >= 20, "only {failures} failures: the calls have changed their names");
}

/// How each file that was synced had been opened, from a trace.
fn synced(trace: &str) -> Vec<String> {
    let (mut begun, mut open, mut synced) = (HashMap::new(), HashMap::new(), Vec::new());
    for line in trace.lines() {
        let thread = line.split(' ').next().unwrap();
        let result = line.rsplit_once(" = ").map(|(_, result)| result.to_owned());
        if let Some((_, call)) = line.split_once("openat(") {
            begun.insert(thread, call.to_owned());
        }
        if let (true, Some(descriptor)) = (line.contains("openat"), result) {
            open.insert(descriptor, begun[thread].clone());
        } else if let Some((_, rest)) = line.split_once("sync(") {
            let descriptor: String = rest.chars().take_while(char::is_ascii_digit).collect();
            synced.push(open[&descriptor].clone());
        }
    }
    synced
}

#[test]
#[cfg_attr(
    windows,
    ignore = "is seen with strace; Windows itself refuses such a sync, which every other test shows"
)]
fn a_file_is_synced_through_a_handle_that_may_write() {
    if !has_strace() {
        println!("no strace here: what is synced cannot be seen");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let arguments = ["-o", log.path().to_str().unwrap(), "-e", "trace=openat,fsync,fdatasync"];
    assert!(run(strace_command(&arguments, module_path!(), "commit", dir.path())).status.success());
    let folder = format!("{:?}", dir.path());
    let synced = synced(&fs::read_to_string(log.path()).unwrap());
    let files: Vec<_> = synced.iter().filter(|call| !call.contains(&folder)).collect();
    assert!(files.iter().all(|call| call.contains("O_RDWR") || call.contains("O_WRONLY")), "{files:?}");
    assert!(files.len() >= usize::from(BATCHES), "{files:?}: the calls have changed their names");
}

/// A damaged database with rows worth saving.
fn damaged(dir: &Path) {
    let store = own(dir);
    block_on(store.commit(batch(0))).unwrap();
    block_on(store.close()).unwrap();
    let conn = Connection::open(dir.join(DATABASE)).unwrap();
    conn.execute_batch("DROP TABLE quarantine").unwrap();
}

fn saved_what_was_whole(dir: &Path, _: &Ended, place: &str) {
    let opened = open(dir, OpenMode::Own).unwrap();
    let loaded = block_on(opened.store.load()).unwrap();
    assert_eq!(loaded.items, items_of(0), "{place}");
    assert_eq!(whole_batches(&loaded), [0], "{place}");
    block_on(opened.store.close()).unwrap();
    assert_eq!(listing(dir), ["lock", DATABASE, "wallet.sqlite3.corrupt-1"], "{place}");
}

#[test]
fn d06_killed_while_a_damaged_database_is_set_aside_nothing_is_lost() {
    if !has_strace() {
        println!("no strace here: only the uninterrupted case");
        let dir = tempfile::tempdir().unwrap();
        damaged(dir.path());
        let ended = run(child_command(module_path!(), "open", dir.path()));
        return saved_what_was_whole(dir.path(), &ended, "uninterrupted");
    }
    let mut kills = 0;
    for call in ["pwrite64", "fsync", "rename", "unlink"] {
        kills += kill_at_each(call, "open", damaged, saved_what_was_whole);
    }
    assert!(kills >= 8, "only {kills} kills: the calls have changed their names");
}

#[test]
#[cfg_attr(
    windows,
    ignore = "no sync can be made to fail there; its rule in memory is tested by store_memory"
)]
fn d03_a_failed_sync_ends_all_writing_until_opened_again() {
    if !has_strace() {
        println!(
            "no strace here: a failing sync cannot be had, only its rule in memory is tested (store_memory)"
        );
        return;
    }
    let mut failures = 0;
    for when in 1..=SYNCS {
        let dir = tempfile::tempdir().unwrap();
        made(dir.path());
        let inject = format!("inject=fsync,fdatasync:error=EIO:when={when}");
        let arguments = ["-e", "trace=fsync,fdatasync", "-e", &inject];
        let ended = run(strace_command(&arguments, module_path!(), "commit", dir.path()));
        let failed: Vec<_> = ended.lines.iter().filter(|line| line.starts_with("failed ")).collect();
        let code = Code::StorageIo.as_str();
        assert!(failed.iter().all(|line| line.ends_with(code)), "sync {when}: {failed:?}");
        let acknowledged = ended.acknowledged();
        assert_eq!(
            acknowledged.len() + failed.len(),
            usize::from(BATCHES),
            "sync {when}: goes on after a failure"
        );
        assert!(acknowledged.iter().copied().eq(0..acknowledged.len() as u8), "sync {when}");
        failures += u32::from(!failed.is_empty());
        let store = own(dir.path());
        let there = whole_batches(&block_on(store.load()).unwrap());
        assert!(there.starts_with(&acknowledged) && there.len() <= acknowledged.len() + 1, "sync {when}");
        block_on(store.close()).unwrap();
        assert_eq!(integrity(dir.path()), "ok");
    }
    assert!(failures >= u32::from(BATCHES), "only {failures} failures: the calls have changed their names");
}
