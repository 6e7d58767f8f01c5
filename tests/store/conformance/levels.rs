//! Levels of changes, and the order of writes in a batch.

use bytes::Bytes;
use tauri_plugin_wallet_sync::store::{Level, Write};

use super::Bench;
use crate::support::{block, change};

async fn levels(bench: &mut Bench) -> Vec<(u64, Level)> {
    bench.loaded().await.changes.iter().map(|row| (row.number, row.level)).collect()
}

pub async fn a_change_starts_local_and_again_when_changed_again(mut bench: Bench) {
    bench.write(vec![change(1, 1), Write::RaiseLevel { upto: 1, level: Level::Verified }]).await;
    assert_eq!(levels(&mut bench).await, [(1, Level::Verified)]);
    bench.write(vec![change(1, 2)]).await;
    assert_eq!(levels(&mut bench).await, [(2, Level::Local)]);
}

pub async fn raising_reaches_lower_changes_up_to_a_number(mut bench: Bench) {
    bench.write((1..=4).map(|n| change(n, n.into())).collect()).await;
    bench.write(vec![Write::RaiseLevel { upto: 2, level: Level::Verified }]).await;
    bench.write(vec![Write::RaiseLevel { upto: 3, level: Level::Published }]).await;
    assert_eq!(
        levels(&mut bench).await,
        [(1, Level::Verified), (2, Level::Verified), (3, Level::Published), (4, Level::Local)]
    );
    bench.write(vec![Write::RaiseLevel { upto: u64::MAX, level: Level::Verified }]).await;
    assert!(levels(&mut bench).await.iter().all(|(_, level)| *level == Level::Verified));
}

pub async fn lowering_reaches_higher_changes(mut bench: Bench) {
    bench.write((1..=3).map(|n| change(n, n.into())).collect()).await;
    bench
        .write(vec![
            Write::RaiseLevel { upto: 1, level: Level::Verified },
            Write::RaiseLevel { upto: 2, level: Level::Published },
        ])
        .await;
    bench.write(vec![Write::LowerLevel { level: Level::Published }]).await;
    assert_eq!(levels(&mut bench).await, [(1, Level::Published), (2, Level::Published), (3, Level::Local)]);
    bench.write(vec![Write::LowerLevel { level: Level::Local }]).await;
    assert!(levels(&mut bench).await.iter().all(|(_, level)| *level == Level::Local));
}

pub async fn order_within_a_batch_counts(mut bench: Bench) {
    bench
        .write(vec![
            change(1, 1),
            Write::RaiseLevel { upto: 9, level: Level::Published },
            change(2, 2),
            Write::Meta { key: "a", value: Some(Bytes::from_static(b"1")) },
            Write::Meta { key: "a", value: None },
            Write::Held { node: "n".into(), cids: vec![*block(1).cid()] },
            Write::HeldExactly { node: "n".into(), cids: vec![*block(2).cid()] },
        ])
        .await;
    assert_eq!(levels(&mut bench).await, [(1, Level::Published), (2, Level::Local)]);
    let loaded = bench.loaded().await;
    assert!(loaded.meta.is_empty());
    assert_eq!(loaded.held, [("n".to_string(), vec![*block(2).cid()])].into());
}
