//! A screen that reads again when an event says so shows what is here, and never needs to read all of it.

use std::collections::BTreeMap;

use tauri_plugin_wallet_sync::Engine;
use tauri_plugin_wallet_sync::engine::{Ack, Event, SpendKind, Subscription, TokenRow};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, World};

/// The highest revision that the waiting events name.
async fn told(events: &mut Subscription) -> u64 {
    let mut highest = 0;
    while let Ok(Some(event)) = tokio::time::timeout(std::time::Duration::ZERO, events.next()).await {
        highest = highest.max(match event {
            Event::SyncChanged { revision, .. }
            | Event::TokensChanged { revision, .. }
            | Event::EntriesChanged { revision }
            | Event::PublishChanged { revision, .. }
            | Event::NodeHealthChanged { revision }
            | Event::Alert { revision, .. } => revision,
            other => panic!("{other:?}"),
        });
    }
    highest
}

#[tokio::test(start_paused = true)]
async fn payloads_that_arrive_are_told() {
    let world = World::new(3);
    let (writer, reader) = (world.device().await, world.device().await);
    writer.put(&["a", "b", "c"]).await;
    writer.sync_to(Level::Verified).await.unwrap();
    let mut events = reader.engine.subscribe();
    reader.sync().await.unwrap();
    assert!(reader.engine.tokens(None, 9, false).iter().all(|row| row.has_payload));
    assert_eq!(told(&mut events).await, reader.engine.revision());
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_came_back_with_a_put_is_told() {
    let world = World::new(0);
    let device = world.device().await;
    device.put(&["a"]).await;
    let mut events = device.engine.subscribe();
    device.put(&["a"]).await;
    device.engine.set("k", "v".into()).await.unwrap();
    device.engine.delete("k").await.unwrap();
    device.engine.spend("a", "s0", SpendKind::Intent, "e".into()).await.unwrap();
    assert_eq!(told(&mut events).await, device.engine.revision());
}

type Row = (String, bool, Ack, bool);
type List = BTreeMap<String, Row>;

fn list(rows: &[TokenRow]) -> List {
    let row = |row: &TokenRow| (format!("{:?}", row.spend), row.forked, Ack::from(row.ack), row.has_payload);
    rows.iter()
        .map(|one| (format!("{}/{}", one.key.token_id.as_str(), one.key.state_hash.as_str()), row(one)))
        .collect()
}

/// A list that is kept by what changed.
struct Shown {
    revision: u64,
    rows: Vec<TokenRow>,
    reads: usize,
}

impl Shown {
    fn new(engine: &Engine) -> Self {
        Self { revision: engine.revision(), rows: engine.tokens(None, 1_000, false), reads: 0 }
    }

    fn follow(&mut self, engine: &Engine) {
        let others = engine.others_level();
        let changes = engine.token_changes(self.revision, false, 1_000);
        self.revision = changes.revision;
        match changes.tokens {
            None => {
                self.reads += 1;
                self.rows = engine.tokens(None, 1_000, false);
            }
            Some(changed) => {
                self.rows.retain(|row| !changed.contains(&row.key.token_id));
                self.rows.extend(changes.rows);
            }
        }
        for row in self.rows.iter_mut().filter(|row| !row.own) {
            row.ack = match others {
                Ack::Verified if row.has_payload => Level::Verified,
                _ => Level::Published,
            };
        }
        assert_eq!(list(&self.rows), list(&engine.tokens(None, 1_000, false)));
    }
}

async fn both(shown: &mut [Shown; 2], devices: [&Device; 2]) {
    for (shown, device) in shown.iter_mut().zip(devices) {
        shown.follow(&device.engine);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_kept_by_what_changed_is_the_list_and_is_not_read_again() {
    let world = World::new(3);
    let (one, two) = (world.device().await, world.device().await);
    let devices = [&one, &two];
    let mut shown = [Shown::new(&one.engine), Shown::new(&two.engine)];
    for round in 0..4 {
        let names = [format!("a{round}"), format!("b{round}")];
        one.put(&[&names[0], "fork"]).await;
        two.engine.put(vec![crate::support::world::token("fork", &format!("s{round}"))]).await.unwrap();
        two.put(&[&names[1]]).await;
        both(&mut shown, devices).await;
        one.sync_to(Level::Verified).await.unwrap();
        both(&mut shown, devices).await;
        two.sync_to(Level::Verified).await.unwrap();
        both(&mut shown, devices).await;
        one.engine.spend(&names[0], "s0", SpendKind::Proof, "e".into()).await.unwrap();
        two.engine.spend(&names[0], "s0", SpendKind::Intent, "e".into()).await.unwrap();
        both(&mut shown, devices).await;
        one.sync_to(Level::Verified).await.unwrap();
        two.sync_to(Level::Verified).await.unwrap();
        both(&mut shown, devices).await;
    }
    assert_eq!(shown.map(|one| one.reads), [0, 0]);
}

/// Devices of other releases tell a deleted entry by these bytes.
#[tokio::test(start_paused = true)]
async fn nobody_sets_the_value_that_says_an_entry_was_deleted() {
    let device = World::new(0).device().await;
    let value = bytes::Bytes::from_static(b"\0wallet-sync:deleted");
    let refused = device.engine.set("k", value).await.unwrap_err();
    assert_eq!(refused.code(), tauri_plugin_wallet_sync::Code::BadRequest);
    assert_eq!(device.engine.get("k").await.unwrap_err().code(), tauri_plugin_wallet_sync::Code::NotFound);
}
