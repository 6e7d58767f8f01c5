//! A full disk: said, undone, and over when there is room again.

use std::path::Path;
use std::process::Command;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::store::{BlockClass, OpenMode, Store, Write};

use crate::support::{block_on, child_command, child_task, has_strace, item, open, own, strace_command};

fn payload(n: u8) -> Block {
    Block::new(Codec::Raw, vec![n; 20_000])
}

fn batch(n: u8) -> Vec<Write> {
    vec![Write::Item(item(n)), Write::Block { block: payload(n), class: BlockClass::Data }]
}

/// The process on a full disk; does nothing in an ordinary run.
#[test]
fn child() {
    let Some((_, dir)) = child_task() else { return };
    block_on(async {
        let store = match open(&dir, OpenMode::Own) {
            Ok(opened) => opened.store,
            Err(error) => {
                // Too full to write even one byte: it can still be looked at.
                let along = open(&dir, OpenMode::ReadAlong).unwrap().store;
                assert_eq!(along.load().await.unwrap().items, []);
                return println!("\nfailed open {}\nacknowledged []", error.code());
            }
        };
        let mut acknowledged = Vec::new();
        for n in 0..60 {
            match store.commit(batch(n)).await {
                Ok(()) => acknowledged.push(n),
                Err(error) => println!("\nfailed {n} {}", error.code()),
            }
            // What was acknowledged stays readable all the time.
            let loaded = store.load().await.unwrap();
            assert!(loaded.items.iter().eq(acknowledged.iter().map(|n| item(*n)).collect::<Vec<_>>().iter()));
        }
        for n in &acknowledged {
            assert_eq!(store.block(payload(*n).cid()).await.unwrap(), Some(payload(*n)));
        }
        println!("\nacknowledged {acknowledged:?}");
        let _ = store.close().await;
    });
}

/// Runs the child; gives how many commits it had answered, after checking that every other was refused as `storage_full`.
fn run_full(mut command: Command) -> usize {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let failed: Vec<_> = text.lines().filter(|line| line.starts_with("failed ")).collect();
    assert!(!failed.is_empty(), "the disk did not fill");
    assert!(failed.iter().all(|line| line.ends_with(Code::StorageFull.as_str())), "{failed:?}");
    let acknowledged = text.lines().find_map(|line| line.strip_prefix("acknowledged [")).unwrap();
    acknowledged.trim_end_matches(']').split(',').filter(|n| !n.is_empty()).count()
}

/// With room again all that was acknowledged is there, and more can be written.
fn recovers(dir: &Path, acknowledged: usize) {
    block_on(async {
        let store = own(dir);
        assert_eq!(store.load().await.unwrap().items.len(), acknowledged);
        for n in 0..60 {
            store.commit(batch(n)).await.unwrap();
        }
        assert_eq!(store.load().await.unwrap().items.len(), 60);
        store.close().await.unwrap();
    });
}

#[test]
fn d02_at_its_size_limit_a_store_refuses_reads_on_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let store = own(dir.path());
        store.commit(batch(0)).await.unwrap();
        store.limit_size(400_000).await.unwrap();
        let mut fits = 1;
        let error = loop {
            match store.commit(batch(fits)).await {
                Ok(()) => fits += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), Code::StorageFull);
        assert!(error.is_retryable());
        assert!((5..40).contains(&fits), "{fits} batches of 20 kB in 400 kB");
        assert_eq!(store.load().await.unwrap().items.len(), usize::from(fits));
        assert_eq!(store.block(payload(0).cid()).await.unwrap(), Some(payload(0)));
        assert_eq!(store.block(payload(fits).cid()).await.unwrap(), None);
        assert_eq!(store.commit(batch(fits)).await.unwrap_err().code(), Code::StorageFull);
        // Small things may still fit; what is refused is refused whole.
        store.limit_size(u64::MAX).await.unwrap();
        store.commit(batch(fits)).await.unwrap();
        assert_eq!(store.load().await.unwrap().items.len(), usize::from(fits) + 1);
        store.close().await.unwrap();
    });
}

#[test]
fn d02_trimming_the_cache_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let store = own(dir.path());
        store.limit_size(600_000).await.unwrap();
        let cached = |n| vec![Write::Block { block: payload(n), class: BlockClass::Cache }];
        let mut n = 0;
        while store.commit(cached(n)).await.is_ok() {
            n += 1;
        }
        assert_eq!(store.trim_cache(0).await.unwrap(), u64::from(n) * 20_000);
        store.commit(batch(200)).await.unwrap();
        let size = std::fs::metadata(dir.path().join("wallet.sqlite3")).unwrap().len();
        assert!(size < 300_000, "{size} bytes after trimming");
        store.close().await.unwrap();
    });
}

#[test]
#[cfg_attr(windows, ignore = "no write can be made to fail there; the size limit stands for it")]
fn d02_no_space_from_the_nth_write_on() {
    if !has_strace() {
        println!("no strace here: the size limit and the small disk stand for it");
        return;
    }
    for when in [1, 2, 3, 5, 8, 13, 40, 90] {
        let dir = tempfile::tempdir().unwrap();
        block_on(own(dir.path()).close()).unwrap();
        let inject = format!("inject=pwrite64:error=ENOSPC:when={when}+");
        let command =
            strace_command(&["-e", "trace=pwrite64", "-e", &inject], module_path!(), "full", dir.path());
        recovers(dir.path(), run_full(command));
    }
}

/// Unmounts when it goes, also when the test fails.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(kib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={kib}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
#[cfg_attr(windows, ignore = "no small disk can be mounted there; the size limit stands for it")]
fn d02_a_small_disk_fills_and_is_made_larger() {
    let Some(disk) = SmallDisk::mount(768) else {
        println!("no small disk can be mounted here: the size limit stands for it");
        return;
    };
    let dir = disk.0.path().join("wallet");
    block_on(own(&dir).close()).unwrap();
    let acknowledged = run_full(child_command(module_path!(), "full", &dir));
    let grown = Command::new("mount").args(["-o", "remount,size=16m"]).arg(disk.0.path()).status().unwrap();
    assert!(grown.success());
    recovers(&dir, acknowledged);
}
