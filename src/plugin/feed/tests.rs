use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tauri::ipc::{Channel, InvokeResponseBody};
use tokio::sync::mpsc;

use super::*;
use crate::plugin::listeners::Place;
use crate::plugin::main_thread::Outlet;

/// A feed that runs, the engine's side of it, and what a listener hears.
struct World {
    feed: Arc<Feed>,
    listeners: Arc<Listeners>,
    engine: tokio::sync::broadcast::Sender<Event>,
}

impl World {
    fn new() -> Self {
        let (engine, events) = tokio::sync::broadcast::channel(limits::EVENT_BACKLOG);
        let listeners = Arc::new(Listeners::default());
        let feed = Arc::new(Feed::new("a", listeners.clone()));
        let running = feed.clone();
        tokio::spawn(async move { running.run(Subscription::of(events)).await });
        Self { feed, listeners, engine }
    }

    fn listen(&self) -> mpsc::UnboundedReceiver<(Instant, Value)> {
        let (sender, heard) = mpsc::unbounded_channel();
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Json(text) = body else { panic!("bytes") };
            let _ = sender.send((monotonic(), serde_json::from_str(&text)?));
            Ok(())
        });
        self.listen_on(channel);
        heard
    }

    fn listen_on(&self, channel: Channel<Vec<WalletEvent>>) -> bool {
        let place = Place { account: "a".into(), window: "main".into(), copy: String::new() };
        self.listeners.listen(place, Outlet::unbound(channel)).unwrap()
    }

    fn tell(&self, event: Event) {
        self.engine.send(event).unwrap();
    }
}

fn added(revision: u64, added: usize) -> Event {
    Event::TokensChanged { revision, added, spent: 0, origin: None, lag_ms: None }
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_and_those_of_a_kind_become_one() {
    let world = World::new();
    let mut heard = world.listen();
    world.tell(Event::SyncChanged { revision: 1, running: true, outcome: None, source: None });
    let (first, message) = heard.recv().await.unwrap();
    assert_eq!(
        message,
        json!([{"event": "sync-changed", "account": "a", "revision": 1, "running": true, "outcome": null, "source": null}])
    );
    assert!(world.feed.is_syncing());
    world.tell(added(2, 3));
    world.tell(Event::PublishChanged { revision: 3, ack: crate::engine::Ack::Published, verified_nodes: 1 });
    world.tell(added(4, 2));
    let (second, message) = heard.recv().await.unwrap();
    assert_eq!(
        message,
        json!([
            {"event": "publish-changed", "account": "a", "revision": 3, "ack": "published", "verifiedNodes": 1},
            {"event": "metrics-updated", "account": "a", "revision": 3},
            {"event": "tokens-changed", "account": "a", "revision": 4, "added": 5, "spent": 0, "origin": null, "lagMs": null},
        ])
    );
    assert!(second - first >= limits::EVENT_SPACING);
}

#[tokio::test(start_paused = true)]
async fn a_flood_makes_at_most_twenty_messages_a_second_and_loses_no_count() {
    let world = World::new();
    let mut heard = world.listen();
    let start = monotonic();
    for revision in 1..=2_000 {
        world.tell(added(revision, 1));
        tokio::time::advance(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
    }
    let (mut messages, mut sum) = (0_u32, 0);
    while sum < 2_000 {
        let (_, message) = heard.recv().await.unwrap();
        messages += 1;
        sum += message[0]["added"].as_u64().unwrap();
    }
    let took = monotonic() - start;
    assert!(f64::from(messages) <= took.as_secs_f64() * 20.0 + 1.0, "{messages} in {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_fell_behind_says_so_first() {
    let world = World::new();
    let mut heard = world.listen();
    // The feed does not run in between: the engine's backlog overflows.
    for revision in 1..=(limits::EVENT_BACKLOG as u64 + 10) {
        world.tell(added(revision, 1));
    }
    let mut lagged = Value::Null;
    while lagged.is_null() {
        let (_, message) = heard.recv().await.unwrap();
        assert!(message.as_array().unwrap().len() <= 3);
        if message[0]["event"] == "lagged" {
            lagged = message[0].clone();
        }
    }
    assert_eq!(lagged["missed"], 10);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_hangs_gets_a_bounded_number_and_is_told_when_it_comes_back() {
    let world = World::new();
    let mut heard = world.listen();
    for revision in 1..=u64::from(limits::SUBSCRIPTION_CREDIT) + 5 {
        world.tell(added(revision, 1));
        tokio::time::sleep(limits::EVENT_SPACING).await;
    }
    let mut messages = 0;
    while heard.try_recv().is_ok() {
        messages += 1;
    }
    assert_eq!(messages, limits::SUBSCRIPTION_CREDIT);
    assert!(world.listen_on(Channel::new(|_| Ok(()))), "it missed some");
    assert!(!world.listen_on(Channel::new(|_| Ok(()))));
}

#[tokio::test(start_paused = true)]
async fn alerts_are_kept_apart_and_bounded() {
    let world = World::new();
    let mut heard = world.listen();
    let alert = |n: usize| Event::Alert {
        revision: 1,
        kind: "clone",
        message: format!("{n}\n{}", "x".repeat(1_000)),
    };
    world.tell(alert(0));
    heard.recv().await.unwrap();
    (0..limits::EVENT_ALERTS + 3).for_each(|n| world.tell(alert(n)));
    world.tell(alert(1));
    let (_, message) = heard.recv().await.unwrap();
    assert_eq!(message[0], json!({"event": "lagged", "account": "a", "revision": 1, "missed": 3}));
    assert_eq!(message.as_array().unwrap().len(), limits::EVENT_ALERTS + 1);
    let text = message[1]["message"].as_str().unwrap();
    assert!(text.chars().count() <= limits::SENTENCE_CHARS && !text.contains('\n'));
}

#[tokio::test(start_paused = true)]
async fn who_listened_before_an_account_was_closed_hears_that_it_is_opened_again() {
    let world = World::new();
    let mut heard = world.listen();
    world.feed.close();
    assert_eq!(heard.recv().await.unwrap().1, json!([{"event": "closed", "account": "a", "revision": 0}]));
    Feed::new("a", world.listeners.clone()).open(2);
    let opened = json!([{"event": "opened", "account": "a", "revision": 0, "opening": 2}]);
    assert_eq!(heard.recv().await.unwrap().1, opened);
}

#[tokio::test(start_paused = true)]
async fn revisions_only_grow() {
    let world = World::new();
    let mut heard = world.listen();
    world.tell(added(9, 1));
    heard.recv().await.unwrap();
    world.tell(Event::NodeHealthChanged { revision: 4 });
    assert_eq!(heard.recv().await.unwrap().1[0]["revision"], 9);
}
