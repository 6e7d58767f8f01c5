//! What another device or a node writes does not reach people as it stands, and no amount of it makes a long answer.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::Event;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarWriter;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::index::Index;
use tauri_plugin_wallet_sync::model::inventory::{Counts, Id, Item, TokenKey, TokenState};
use tauri_plugin_wallet_sync::model::keep::Keep;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::{FORMAT, Root};
use tauri_plugin_wallet_sync::node::{Call, Node, PutMode};

use crate::support::world::World;

/// A label that turns what stands beside it, steers a terminal and hides.
const LABEL: &str = "\u{202e}enohp s'adA\u{202c}\u{1b}[2J\u{200f}";

/// Publishes what no honest device would, under the wallet's own keys.
async fn publish(world: &World, index: &mut Index) {
    let keys = WalletKeys::derive(&world.secret, None);
    let sealer = keys.sealer();
    let slot = Slot::new(0).unwrap();
    let index_root = index.seal(sealer).unwrap();
    let mut keep = Keep::new();
    let keep_root = keep.seal().unwrap();
    let root = Root {
        format: FORMAT,
        wallet: *keys.wallet_id(),
        device: [9; 16],
        slot,
        sequence: 1,
        heads: BTreeMap::new(),
        counts: Counts { total: 0, unspent: 0, suspect: 0 },
        published: u64::try_from(world.now()).unwrap(),
        predecessors: Vec::new(),
        retired: false,
        pool: None,
        label: Some(LABEL.to_owned()),
        moved: None,
        former: None,
        index: index_root,
        keep: keep_root,
        unknown: BTreeMap::new(),
    };
    let root = root.seal(sealer).unwrap();
    let eol = world.now() + 86_400_000;
    let record = Record::create(&keys.slot(slot), 1, root.cid(), eol, &[]).unwrap();
    let mut car = CarWriter::new(root.cid());
    let blocks: Vec<Block> = index.blocks().into_iter().chain(keep.blocks()).collect();
    car.push(&root);
    blocks.iter().for_each(|block| car.push(block));
    let car = car.finish();
    for node in &world.nodes {
        let call = Call { deadline: monotonic() + Duration::from_secs(60), meter: Default::default() };
        node.import(car.clone(), &call).await.unwrap();
        node.pin(root.cid(), &keys.name(slot), &|_| (), &call).await.unwrap();
        node.put_record(&record, PutMode::Offline, &call).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_label_that_turns_and_steers_is_shown_without_what_does_so() {
    let world = World::new(3);
    let keys = WalletKeys::derive(&world.secret, None);
    let mut index = Index::new();
    let key = TokenKey { token_id: Id::parse("t").unwrap(), state_hash: Id::parse("s").unwrap() };
    let item = Item::Token(key, TokenState::default());
    index.insert(item.index_key(keys.sealer()), item.encode().unwrap());
    publish(&world, &mut index).await;
    let device = world.device().await;
    let mut events = device.engine.subscribe();
    let report = device.sync().await.unwrap();
    let devices = device.engine.devices().await.unwrap();
    assert_eq!(devices[0].label.as_deref(), Some("enohp s'adA[2J"));
    let origin = loop {
        if let Event::TokensChanged { origin: Some(origin), .. } = events.next().await.unwrap() {
            break origin;
        }
    };
    assert_eq!(origin.label.as_deref(), Some("enohp s'adA[2J"));
    let told = serde_json::to_string(&(report.warnings, devices)).unwrap();
    assert!(!told.contains('\u{202e}') && !told.contains("u001b"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn thousands_of_items_that_do_not_parse_are_one_warning() {
    let world = World::new(3);
    let mut index = Index::new();
    for n in 0..6_000_u32 {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
        // Each would have an error of its own.
        index.insert(key, Bytes::from(format!("{n} \u{202e}no item at all")));
    }
    publish(&world, &mut index).await;
    let device = world.device().await;
    let report = device.sync().await.unwrap();
    let damaged: Vec<&String> = report.warnings.iter().filter(|told| told.starts_with("damaged: ")).collect();
    assert_eq!(damaged, ["damaged: slot 0: 6000 items do not parse"], "{:?}", report.warnings);
    assert!(report.warnings.len() < limits::WARNINGS);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_disputes_of_one_change_are_a_few_alerts() {
    let world = World::new(3);
    let (one, two) = (world.device().await, world.device().await);
    for (device, payload) in [(&one, "of one"), (&two, "of two")] {
        let tokens = (0..1_000).map(|n| {
            let mut token = crate::support::world::token(&format!("t{n:04}"), "s0");
            token.payload = Bytes::from(format!("{payload} {n}"));
            token
        });
        device.engine.put(tokens.collect()).await.unwrap();
    }
    one.sync_to(tauri_plugin_wallet_sync::store::Level::Verified).await.unwrap();
    let mut events = two.engine.subscribe();
    two.sync().await.unwrap();
    two.close().await;
    drop(two);
    let mut alerts = Vec::new();
    while let Some(event) = tokio::time::timeout(Duration::from_secs(1), events.next()).await.ok().flatten() {
        match event {
            Event::Alert { kind: "payload_conflict", message, .. } => alerts.push(message),
            Event::Lagged { .. } => panic!("a flood of events"),
            _ => {}
        }
    }
    assert_eq!(alerts.len(), limits::ALERTS_OF_A_CHANGE + 1, "{alerts:?}");
    assert_eq!(alerts.last().unwrap(), "and 992 more of the same change");
}
