//! The wallet in one file: made and read without any node, whole or not at all, and the way out when all nodes are gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::engine::{Ack, BackupReport, Engine, ImportReport, Spend, SpendKind};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Code, Error, Secret};
use tempfile::TempDir;

use crate::support::world::{Device, Fault, World, noise, token};

pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }
}

pub async fn export(device: &Device, to: &Path) -> BackupReport {
    device.engine.export_backup(to, false, |_| ()).await.unwrap()
}

pub async fn import(device: &Device, from: &Path) -> Result<ImportReport, Error> {
    device.engine.import_backup(from, |_| ()).await
}

/// All that a person or a wallet can see of a device, payloads and evidence included.
async fn seen(engine: &Engine) -> String {
    let mut seen = String::new();
    for row in engine.tokens(None, 1_000, true) {
        let (id, hash) = (row.key.token_id.as_str(), row.key.state_hash.as_str());
        let payload = engine.payload(id, hash).await.unwrap();
        let proofs = engine.proofs(id, hash).await.unwrap();
        seen.push_str(&format!(
            "{:?} {:?} {:?} {:?} {} {payload:?} {proofs:?}\n",
            row.key, row.previous, row.summary, row.spend, row.forked
        ));
    }
    for entry in engine.entries("", None, 1_000, usize::MAX).await.unwrap().rows {
        seen.push_str(&format!("{entry:?}\n"));
    }
    seen
}

/// A wallet with something of everything.
async fn full(device: &Device) {
    device.put(&["plain", "begun", "spent", "other"]).await;
    let mut large = token("large", "s0");
    (large.payload, large.previous) = (noise(3, 700_000), Some("before".to_owned()));
    let fork = token("plain", "s1");
    device.engine.put(vec![large, fork]).await.unwrap();
    device.engine.spend("begun", "s0", SpendKind::Intent, Bytes::from_static(b"salt of it")).await.unwrap();
    device.engine.spend("spent", "s0", SpendKind::Proof, noise(5, 200_000)).await.unwrap();
    device.engine.set("label", Bytes::from_static(b"\"small value\"")).await.unwrap();
    device.engine.set("long", noise(7, 40_000)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_of_one_device_gives_another_the_same_view_without_any_node() {
    let (world, files) = (World::new(0), Files::new());
    let (one, two) = (world.device().await, world.device().await);
    full(&one).await;
    let written = export(&one, &files.path("backup")).await;
    assert_eq!((written.tokens, written.live, written.entries), (Some(6), Some(5), Some(2)));
    assert_eq!((written.missing, written.unreadable, written.sequence), (Some(0), Some(0), None));
    assert_eq!(written.bytes, fs::metadata(files.path("backup")).unwrap().len());
    let secret = Some((&world.secret, None));
    let checked = Engine::verify_backup(&files.path("backup"), secret, |_| ()).await.unwrap();
    assert_eq!(checked, written);
    let imported = import(&two, &files.path("backup")).await.unwrap();
    assert_eq!((&imported.backup, imported.added, imported.spent, imported.unchanged), (&written, 6, 1, 0));
    assert_eq!(seen(&two.engine).await, seen(&one.engine).await);
    // What came is this device's to publish, and on this disk alone.
    let status = two.engine.status();
    assert_eq!((status.pending, status.ack), (8, Ack::Local));
    // It is on its disk: a new process sees the same.
    two.close().await;
    let again = world.device_on(two.store.clone()).await;
    assert_eq!(seen(&again.engine).await, seen(&one.engine).await);
}

#[tokio::test(start_paused = true)]
async fn importing_again_or_what_is_here_changes_nothing() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    full(&one).await;
    export(&one, &files.path("backup")).await;
    let before = (one.engine.revision(), seen(&one.engine).await);
    for _ in 0..2 {
        let report = import(&one, &files.path("backup")).await.unwrap();
        assert_eq!((report.added, report.spent, report.unchanged, report.stored), (0, 0, 8, 0));
    }
    assert_eq!((one.engine.revision(), seen(&one.engine).await), before);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_to_be_spent_stays_spent_and_what_is_newer_stays_here() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    one.put(&["a", "b"]).await;
    one.engine.set("label", Bytes::from_static(b"old")).await.unwrap();
    export(&one, &files.path("old")).await;
    one.engine.spend("a", "s0", SpendKind::Proof, Bytes::from_static(b"proof")).await.unwrap();
    one.engine.set("label", Bytes::from_static(b"new")).await.unwrap();
    one.put(&["c"]).await;
    let before = seen(&one.engine).await;
    import(&one, &files.path("old")).await.unwrap();
    assert_eq!(seen(&one.engine).await, before);
    assert_eq!(one.ids(), ["b", "c"]);
    // Another device learns of the spend by a newer file, whichever comes first.
    export(&one, &files.path("new")).await;
    let two = world.device().await;
    import(&two, &files.path("new")).await.unwrap();
    import(&two, &files.path("old")).await.unwrap();
    assert_eq!(seen(&two.engine).await, before);
    let three = world.device().await;
    import(&three, &files.path("old")).await.unwrap();
    import(&three, &files.path("new")).await.unwrap();
    assert_eq!(seen(&three.engine).await, before);
    assert_eq!(three.engine.tokens(None, 10, true)[0].spend, Spend::Proof);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_whose_nodes_are_all_gone_goes_on_with_new_ones() {
    let (old, files) = (World::new(5), Files::new());
    let one = old.device().await;
    one.engine.note_created().await.unwrap();
    full(&one).await;
    one.sync_to(Level::Verified).await.unwrap();
    old.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    one.put(&["after"]).await;
    export(&one, &files.path("backup")).await;
    let expected = seen(&one.engine).await;
    one.close().await;
    // Other machines, another device: the file is all that there is.
    let new = World::new(5);
    let two = new.device().await;
    import(&two, &files.path("backup")).await.unwrap();
    let report = two.sync_to(Level::Verified).await.unwrap();
    assert!(report.verified_nodes >= 2, "{report:?}");
    assert_eq!((two.engine.status().pending, two.engine.status().ack), (0, Ack::Verified));
    two.close().await;
    let restored = new.device().await;
    restored.sync().await.unwrap();
    assert_eq!(seen(&restored.engine).await, expected);
}

#[tokio::test(start_paused = true)]
async fn the_record_in_a_file_is_the_one_that_the_next_publish_sends() {
    let (world, files) = (World::new(3), Files::new());
    let one = world.device().await;
    one.engine.note_created().await.unwrap();
    one.put(&["a"]).await;
    one.sync_to(Level::Verified).await.unwrap();
    let sequence = || one.engine.status().high_water[0].sequence;
    let published = sequence();
    assert_eq!(export(&one, &files.path("same")).await.sequence, Some(published));
    assert_eq!(one.engine.status().pending, 0);
    one.put(&["b"]).await;
    let next = export(&one, &files.path("next")).await.sequence;
    assert!(next > Some(published));
    assert_eq!(export(&one, &files.path("again")).await.sequence, next);
    one.sync_to(Level::Verified).await.unwrap();
    assert_eq!(Some(sequence()), next);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_wallet_stands_in_clear_in_a_file() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    full(&one).await;
    export(&one, &files.path("backup")).await;
    let bytes = fs::read(files.path("backup")).unwrap();
    let noise = noise(7, 40_000);
    let clear: [&[u8]; 7] =
        [b"plain", b"coin", b"payload of", b"salt", b"label", b"small value", &noise[..64]];
    for clear in clear {
        assert!(!bytes.windows(clear.len()).any(|part| part == clear), "{clear:?}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(files.path("backup")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// What a bad file is called, and that it changed nothing.
async fn refused(device: &Device, file: &Path) -> (Code, String) {
    let before = (device.engine.revision(), device.ids(), device.engine.cache_stats().await.unwrap().blocks);
    let error = import(device, file).await.unwrap_err();
    let after = (device.engine.revision(), device.ids(), device.engine.cache_stats().await.unwrap().blocks);
    assert_eq!(before, after, "{error:?}");
    assert!(!error.message().contains(file.to_str().unwrap()), "{error:?}");
    (error.code(), error.message().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_bad_file_says_what_it_is_and_changes_nothing() {
    let (world, files) = (World::new(0), Files::new());
    let (one, two) = (world.device().await, world.device().await);
    full(&one).await;
    export(&one, &files.path("backup")).await;
    two.put(&["own"]).await;
    let good = fs::read(files.path("backup")).unwrap();
    for end in (1..good.len()).step_by(good.len() / 60).chain([good.len() - 1]) {
        let (code, words) = refused(&two, &files.with("cut", &good[..end])).await;
        assert_eq!(code, Code::Malformed, "{end}: {words}");
    }
    for at in (0..good.len()).step_by(good.len() / 60) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let (code, words) = refused(&two, &files.with("damaged", &bad)).await;
        assert!(
            matches!(code, Code::Malformed | Code::HashMismatch | Code::TooLarge),
            "{at}: {code} {words}"
        );
    }
    let texts: [&[u8]; 4] = [b"", b"hello", b"{\"tokens\": []}", b"PK\x03\x04 a zip of something"];
    for text in texts {
        let (code, words) = refused(&two, &files.with("text", text)).await;
        assert_eq!(code, Code::Malformed);
        assert!(words.contains("not a backup file") || words.contains("empty"), "{words}");
    }
    assert_eq!(refused(&two, &files.path("none")).await.0, Code::BadRequest);
    assert_eq!(refused(&two, files.0.path()).await.0, Code::BadRequest);
    // Bytes after the end are of another file.
    let longer = [good.as_slice(), b"\x05hello"].concat();
    assert_eq!(refused(&two, &files.with("longer", &longer)).await.0, Code::Malformed);
    assert!(import(&two, &files.path("backup")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_file_of_another_wallet_or_network_is_called_so() {
    let files = Files::new();
    let mut world = World::new(0);
    let one = world.device().await;
    one.put(&["a"]).await;
    export(&one, &files.path("backup")).await;
    world.secret = Secret::new([8; 32]);
    let other = world.device().await;
    world.secret = Secret::new([7; 32]);
    world.config.network = Some("test".to_owned());
    let elsewhere = world.device().await;
    for device in [other, elsewhere] {
        let (code, words) = refused(&device, &files.path("backup")).await;
        assert_eq!(code, Code::DecryptFailed);
        assert!(words.contains("another wallet, or of another network"), "{words}");
    }
    // Without the secret, what can be checked is.
    let checked = Engine::verify_backup(&files.path("backup"), None, |_| ()).await.unwrap();
    assert_eq!((checked.tokens, checked.blocks), (None, 5));
}

#[tokio::test(start_paused = true)]
async fn an_import_that_fails_midway_shows_nothing_and_is_whole_the_second_time() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    one.put(&["a", "b"]).await;
    let large = (0..12).map(|n| {
        let mut one = token(&format!("large{n}"), "s0");
        one.payload = noise(n + 1, 900_000);
        one
    });
    one.engine.put(large.collect()).await.unwrap();
    export(&one, &files.path("backup")).await;
    let expected = seen(&one.engine).await;
    for code in [Code::StorageFull, Code::StorageIo] {
        let store = MemoryStore::new();
        let two = world.device_on(store.clone()).await;
        store.fail_next(code);
        assert_eq!(import(&two, &files.path("backup")).await.unwrap_err().code(), code);
        assert_eq!(two.ids(), Vec::<String>::new());
        let again = world.device_on(store.crash()).await;
        assert_eq!(again.ids(), Vec::<String>::new());
        import(&again, &files.path("backup")).await.unwrap();
        assert_eq!(seen(&again.engine).await, expected);
    }
    // A process that ends after blocks came, before their items did.
    let two = world.device().await;
    let (engine, from) = (two.engine.clone(), files.path("backup"));
    let killed = two.store.clone();
    let halfway = move |step: tauri_plugin_wallet_sync::engine::BackupProgress| {
        if step.done * 4 > step.total * 3 {
            drop(killed.crash());
        }
    };
    assert!(engine.import_backup(&from, halfway).await.is_err());
    let again = world.device_on(two.store.crash()).await;
    assert_eq!(again.ids(), Vec::<String>::new());
    let report = import(&again, &files.path("backup")).await.unwrap();
    assert!((1..45).contains(&report.stored), "{report:?}");
    assert_eq!(seen(&again.engine).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_file_heals_what_is_damaged_here() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    full(&one).await;
    export(&one, &files.path("backup")).await;
    let expected = seen(&one.engine).await;
    one.close().await;
    let blocks = crate::support::dag::unpack(&fs::read(files.path("backup")).unwrap());
    let store = one.store.clone();
    blocks.iter().for_each(|block| store.damage_block(block.cid()));
    let again = world.device_on(store).await;
    import(&again, &files.path("backup")).await.unwrap();
    assert_eq!(seen(&again.engine).await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_here_is_not_in_the_file_and_that_is_said() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    one.put(&["a", "b"]).await;
    one.engine
        .put(vec![{
            let mut large = token("large", "s0");
            large.payload = noise(3, 700_000);
            large
        }])
        .await
        .unwrap();
    export(&one, &files.path("whole")).await;
    let blocks = crate::support::dag::unpack(&fs::read(files.path("whole")).unwrap());
    let rotten: Vec<_> = blocks.iter().filter(|block| block.bytes().len() > 100_000).collect();
    assert_eq!(rotten.len(), 3);
    rotten.iter().for_each(|block| one.store.damage_block(block.cid()));
    let report = export(&one, &files.path("rest")).await;
    assert_eq!((report.tokens, report.missing), (Some(3), Some(3)));
    let two = world.device().await;
    import(&two, &files.path("rest")).await.unwrap();
    assert_eq!(two.ids(), ["a", "b", "large"]);
    assert!(two.engine.payload("a", "s0").await.is_ok());
    // The whole file brings the rest.
    import(&two, &files.path("whole")).await.unwrap();
    assert_eq!(two.engine.payload("large", "s0").await.unwrap(), noise(3, 700_000));
}

#[tokio::test(start_paused = true)]
async fn a_file_is_replaced_only_where_that_is_asked_for_and_never_by_a_worse_one() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    one.put(&["a"]).await;
    let path = files.with("backup", b"something of the user's");
    let error = one.engine.export_backup(&path, false, |_| ()).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(fs::read(&path).unwrap(), b"something of the user's");
    one.engine.export_backup(&path, true, |_| ()).await.unwrap();
    let good = fs::read(&path).unwrap();
    // The account is closed while a file is written.
    one.put(&["b"]).await;
    one.engine.close(Duration::from_secs(1)).await.unwrap();
    assert_eq!(one.engine.export_backup(&path, true, |_| ()).await.unwrap_err().code(), Code::Closed);
    assert_eq!(fs::read(&path).unwrap(), good);
    assert_eq!(fs::read_dir(files.0.path()).unwrap().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn versions_of_this_very_device_from_before_its_folder_was_lost_are_kept() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    let before = one.store.snapshot();
    one.engine.set("label", Bytes::from_static(b"lost with the folder")).await.unwrap();
    export(&one, &files.path("backup")).await;
    // The folder was set back, and the device wrote on before anybody thought of the file.
    let again = world.device_on(before).await;
    again.engine.set("other", Bytes::from_static(b"since then")).await.unwrap();
    import(&again, &files.path("backup")).await.unwrap();
    again.engine.set("label", Bytes::from_static(b"newest")).await.unwrap();
    assert_eq!(again.engine.get("label").await.unwrap(), "newest");
    assert_eq!(again.engine.get("other").await.unwrap(), "since then");
}
