//! A predecessor's wallet on the nodes: fetched, taken over, and replaced only once it is verified.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, LegacySource};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarWriter;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::unixfs::Part;
use tauri_plugin_wallet_sync::node::{Call, Meter, Node, Outcome, PutMode};
use tauri_plugin_wallet_sync::store::Level;

#[path = "../laws/forge.rs"]
#[allow(dead_code)]
mod forge;

use crate::legacy_wallet::{hash, id, rows, token, wallet};
use crate::support::world::{Device, Fault, World};

fn call() -> Call {
    let deadline = tauri_plugin_wallet_sync::clock::monotonic() + Duration::from_secs(10);
    Call { deadline, meter: Arc::new(Meter::default()) }
}

/// What the predecessor left on the nodes: a file of several blocks, pinned, and a record under slot 0.
async fn on_nodes(world: &World, document: &Value, sequence: u64, leaf: usize) -> Record {
    let bytes = document.to_string().into_bytes();
    let leaves: Vec<Block> = bytes.chunks(leaf).map(|part| Block::new(Codec::Raw, part.to_vec())).collect();
    let links = leaves.iter().flat_map(|leaf| {
        let link = [
            forge::field_bytes(1, &leaf.cid().to_bytes()),
            forge::field_bytes(2, b""),
            forge::field_number(3, 9),
        ];
        forge::field_bytes(2, &link.concat())
    });
    let node: Vec<u8> = links.chain(forge::field_bytes(1, &forge::field_number(1, 2))).collect();
    let (root, value) = match leaves.as_slice() {
        [one] => (one.clone(), format!("/ipfs/{}", one.cid())),
        _ => {
            let root = Block::new(Codec::Raw, node);
            let dag_pb = cid::Cid::new_v1(0x70, *root.cid().to_ipld().hash());
            (root, format!("/ipfs/{dag_pb}"))
        }
    };
    let mut car = CarWriter::new(root.cid());
    leaves.iter().chain([&root]).for_each(|block| car.push(block));
    let raw = forge::Forged::new(value.as_bytes(), forge::EOL.as_bytes(), sequence).signed();
    let record = Record::parse(raw, &forge::name()).unwrap();
    let car = car.finish();
    for node in &world.nodes {
        node.import(car.clone(), &call()).await.unwrap();
        node.pin(root.cid(), record.name(), &|_| (), &call()).await.unwrap();
        node.put_record(&record, PutMode::Offline, &call()).await.unwrap();
    }
    record
}

fn world(nodes: usize) -> World {
    let mut world = World::new(nodes);
    world.secret = forge::secret(1);
    world
}

async fn shown(world: &World) -> HashSet<Option<Cid>> {
    let mut roots = HashSet::new();
    for node in &world.nodes {
        let Outcome::Found(record, _) = node.record(&forge::name(), true, &call()).await else {
            panic!("no record")
        };
        roots.insert(record.root());
    }
    roots
}

#[tokio::test(start_paused = true)]
async fn a_wallet_on_the_nodes_is_imported_verified_and_only_then_replaced() {
    for leaf in [1_000_000, 3_000] {
        let world = world(5);
        let old = on_nodes(&world, &wallet(), 71, leaf).await;
        let device = world.device().await;
        let report = device.engine.import_legacy(LegacySource::Nodes).await.unwrap();
        assert_eq!((report.found, report.added, report.not_fetched), (8, 8, 0));
        // Not verified yet: the predecessor's record stays.
        let refused = device.engine.replace_legacy().await.unwrap_err();
        assert_eq!(refused.code(), Code::PendingChanges);
        assert_eq!(shown(&world).await, [None].into());
        device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(shown(&world).await, [None].into());
        assert_eq!(device.engine.status().ack, Ack::Verified);
        device.engine.replace_legacy().await.unwrap();
        assert!(!shown(&world).await.contains(&None));
        // What it led to is still pinned, and a new device has everything from the nodes.
        let root = Part::of_value(old.value()).unwrap().cid;
        for node in &world.nodes {
            assert!(node.held().pins.contains_key(&root));
        }
        device.close().await;
        let restored = world.device().await;
        let synced = restored.sync().await.unwrap();
        assert!(!synced.warnings.iter().any(|warning| warning.contains("slot 0")), "{:?}", synced.warnings);
        assert_eq!(rows(&restored), rows(&device));
        assert_eq!(
            restored.engine.import_legacy(LegacySource::Nodes).await.unwrap_err().code(),
            Code::NotFound
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_distinct_record_of_the_predecessor_is_imported() {
    let mut world = world(3);
    let mut older = wallet();
    older.as_object_mut().unwrap().insert(format!("_{}", id(20)), token(20, &hash(20)));
    on_nodes(&world, &older, 70, 1_000_000).await;
    // The third node was away when the newest was written.
    let away = world.nodes.pop().unwrap();
    on_nodes(&world, &wallet(), 71, 1_000_000).await;
    world.nodes.push(away);
    let device = world.device().await;
    let report = device.engine.import_legacy(LegacySource::Nodes).await.unwrap();
    assert_eq!((report.added, rows(&device).len()), (9, 9));
    device.sync_to(Level::Verified).await.unwrap();
    device.engine.replace_legacy().await.unwrap();
    assert!(!shown(&world).await.contains(&None));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_here_is_not_replaced() {
    let world = world(3);
    on_nodes(&world, &wallet(), 5, 1_000_000).await;
    let device = world.device().await;
    device.engine.import_legacy(LegacySource::Nodes).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    // The predecessor wrote once more, and its content does not come.
    let mut newer = wallet();
    newer["_meta"]["version"] = json!(72);
    on_nodes(&world, &newer, 6, 1_000_000).await;
    world.faults(Fault::Mute, &[0, 1, 2]);
    assert!(device.engine.replace_legacy().await.is_err());
    world.faults(Fault::None, &[0, 1, 2]);
    assert_eq!(shown(&world).await, [None].into());
    // Now it does, and has something new: that has to be verified first.
    assert_eq!(device.engine.replace_legacy().await.unwrap_err().code(), Code::PendingChanges);
    device.sync_to(Level::Verified).await.unwrap();
    device.engine.replace_legacy().await.unwrap();
    assert!(!shown(&world).await.contains(&None));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_answer_are_no_wallet_that_is_not_there() {
    let empty = world(3);
    let device = empty.device().await;
    let from_nodes =
        async |device: &Device| device.engine.import_legacy(LegacySource::Nodes).await.unwrap_err().code();
    assert_eq!(from_nodes(&device).await, Code::NotFound);
    empty.faults(Fault::Dead, &[0, 1, 2]);
    assert_eq!(from_nodes(&device).await, Code::Unreachable);
    assert_eq!(from_nodes(&world(0).device().await).await, Code::BadRequest);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_came_to_one_node_only_is_ended_by_the_next() {
    let world = world(5);
    on_nodes(&world, &wallet(), 71, 1_000_000).await;
    let device = world.device().await;
    device.engine.import_legacy(LegacySource::Nodes).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::Dead, &[1, 2, 3, 4]);
    assert!(device.engine.replace_legacy().await.is_err());
    // Too few answer to say that the predecessor's is gone.
    let code = device.engine.import_legacy(LegacySource::Nodes).await.unwrap_err().code();
    assert_ne!(code, Code::NotFound);
    world.faults(Fault::None, &[1, 2, 3, 4]);
    device.engine.import_legacy(LegacySource::Nodes).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    device.engine.replace_legacy().await.unwrap();
    assert!(!shown(&world).await.contains(&None));
}
