//! What a backup file lacks, and where it may be written.

use std::fs;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::Ack;
use tauri_plugin_wallet_sync::store::Level;

use crate::backup_file::{Files, export, import};
use crate::support::world::{World, noise, token};

#[tokio::test(start_paused = true)]
async fn what_neither_the_file_nor_the_nodes_have_is_not_verified_nor_rehearsed_well() {
    let (world, files) = (World::new(3), Files::new());
    let one = world.device().await;
    one.engine
        .put(vec![{
            let mut large = token("large", "s0");
            large.payload = noise(3, 700_000);
            large
        }])
        .await
        .unwrap();
    one.put(&["a"]).await;
    export(&one, &files.path("whole")).await;
    let blocks = crate::support::dag::unpack(&fs::read(files.path("whole")).unwrap());
    let large = blocks.iter().filter(|block| block.bytes().len() > 100_000);
    large.for_each(|block| one.store.damage_block(block.cid()));
    export(&one, &files.path("rest")).await;
    let two = world.device().await;
    import(&two, &files.path("rest")).await.unwrap();
    let _ = two.sync_to(Level::Verified).await;
    assert_ne!(two.engine.status().ack, Ack::Verified);
    let rehearsal = two.engine.rehearse(|_| ()).await.unwrap();
    assert!(!rehearsal.is_whole() && rehearsal.payloads_missing == 1, "{rehearsal:?}");
    // Once somebody brings it, it is.
    import(&two, &files.path("whole")).await.unwrap();
    assert_eq!(two.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    assert!(two.engine.rehearse(|_| ()).await.unwrap().is_whole());
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn what_is_no_regular_file_is_not_replaced() {
    let (world, files) = (World::new(0), Files::new());
    let one = world.device().await;
    one.put(&["a"]).await;
    let target = files.with("target", b"something of the user's");
    let link = files.path("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let error = one.engine.export_backup(&link, true, |_| ()).await.unwrap_err();
    assert_eq!(error.code(), Code::BadRequest);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&target).unwrap(), b"something of the user's");
}
