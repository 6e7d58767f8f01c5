//! What a script in a window can do at worst with the permission to write: bounded over time, on disk, and told.

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::{Clock, millis};
use tauri_plugin_wallet_sync::engine::{Event, Spend, SpendKind, Subscription};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::support::world::{Device, World, token};

const SCRIPT: &str = "main";

/// Puts as many new states as are taken, and says how many those were.
async fn flood(device: &Device, window: &str, tag: &str) -> usize {
    let (mut taken, mut size) = (0, 1_000);
    while size > 0 {
        let tokens = (taken..taken + size).map(|n| token(&format!("{tag}-{n}"), "s0")).collect();
        match device.engine.put_from_window(window, tokens).await {
            Ok(report) => taken += report.added,
            Err(e) => {
                assert!(matches!(e.code(), Code::RateLimited | Code::InventoryTooLarge), "{e:?}");
                size /= 10;
            }
        }
    }
    taken
}

fn alerts(events: &mut Subscription) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        if let Event::Alert { kind: "window", message, .. } = event {
            told.push(message);
        }
    }
    told
}

fn evidence(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[tokio::test(start_paused = true)]
async fn a_day_of_a_script_that_puts_what_it_can_is_four_busy_hours() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 300;
    let device = world.device().await;
    let hour = limits::WINDOW_HOUR;
    let (first, mut all) = (flood(&device, SCRIPT, "first").await, 0);
    assert_eq!(first, 300);
    for n in 0..23 {
        world.clock.advance_ms(millis(hour));
        all += flood(&device, SCRIPT, &format!("hour{n}")).await;
    }
    // A day is four busy hours, and a tenth of that for windows that add little.
    assert!((1_200..=1_320).contains(&(first + all)), "{first} {all}");
    // Rust, and so what the app itself receives, is not bound.
    device.engine.put(vec![token("received", "s0")]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_restart_begins_no_new_hour() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 100;
    let device = world.device().await;
    assert_eq!(flood(&device, SCRIPT, "a").await, 100);
    device.close().await;
    let again = world.device_on(device.store.snapshot()).await;
    // Nothing is known of the window any more: it counts as one that added little.
    assert_eq!(flood(&again, SCRIPT, "b").await, (100 / limits::WINDOW_MODEST_PART) as usize);
    assert_eq!(flood(&again, SCRIPT, "c").await, 0);
    world.clock.advance_ms(millis(limits::WINDOW_HOUR));
    assert_eq!(flood(&again, SCRIPT, "d").await, 100);
}

#[tokio::test(start_paused = true)]
async fn one_window_that_takes_all_it_can_keeps_another_from_nothing() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 1_000;
    let device = world.device().await;
    assert_eq!(flood(&device, SCRIPT, "a").await, 1_000);
    let token = vec![token("received", "s0")];
    assert_eq!(device.engine.put_from_window("wallet", token).await.unwrap().added, 1);
}

#[tokio::test(start_paused = true)]
async fn half_of_a_bound_and_what_is_over_it_are_told_once() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 100;
    let device = world.device().await;
    let mut events = device.engine.subscribe();
    let put = async |from: usize, to: usize| {
        let tokens = (from..to).map(|n| token(&n.to_string(), "s0")).collect();
        device.engine.put_from_window(SCRIPT, tokens).await
    };
    put(0, 49).await.unwrap();
    assert!(alerts(&mut events).is_empty());
    put(49, 50).await.unwrap();
    assert_eq!(
        alerts(&mut events),
        ["window main: windows have added half of the token states that they may within one hour"]
    );
    put(50, 100).await.unwrap();
    for _ in 0..50 {
        assert_eq!(put(100, 400).await.unwrap_err().code(), Code::RateLimited);
    }
    assert_eq!(
        alerts(&mut events),
        ["window main: more token states than windows may add within one hour were refused"]
    );
    world.clock.advance_ms(millis(limits::TOLD_AGAIN));
    put(100, 400).await.unwrap_err();
    let told = "window main: more token states than windows may add within one hour were refused (50 times)";
    assert_eq!(alerts(&mut events), [told]);
}

#[tokio::test(start_paused = true)]
async fn spends_of_tokens_that_nobody_has_fill_nothing_either() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 100;
    let device = world.device().await;
    let mut taken = 0;
    let spend = async |n: usize| {
        let token = format!("t{n}");
        device.engine.spend_from_window("other", &token, "s0", SpendKind::Intent, evidence("e")).await
    };
    while spend(taken).await.is_ok() {
        taken += 1;
        assert!(taken < 10_000);
    }
    assert!(taken <= 110, "{taken}");
}

#[tokio::test(start_paused = true)]
async fn what_is_here_already_is_not_counted() {
    let mut world = World::new(0);
    world.config.windows.states_per_hour = 100;
    let device = world.device().await;
    let all = || (0..100).map(|n| token(&n.to_string(), "s0")).collect();
    for _ in 0..3 {
        device.engine.put_from_window(SCRIPT, all()).await.unwrap();
    }
    device.engine.set_from_window(SCRIPT, "k", evidence("1")).await.unwrap();
    device.engine.delete_from_window(SCRIPT, "k").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_script_leaves_room_for_the_intents_and_proofs_of_the_app() {
    let world = World::new(0);
    let device = world.device().await;
    device.put(&["coin"]).await;
    for (kind, most) in
        [(SpendKind::Intent, limits::WINDOW_INTENTS), (SpendKind::Proof, limits::WINDOW_PROOFS)]
    {
        for n in 0..most {
            device
                .engine
                .spend_from_window(SCRIPT, "coin", "s0", kind, evidence(&n.to_string()))
                .await
                .unwrap();
        }
        let more = device.engine.spend_from_window(SCRIPT, "coin", "s0", kind, evidence("more")).await;
        assert_eq!(more.unwrap_err().code(), Code::BadRequest);
        device.engine.spend("coin", "s0", kind, evidence("of the app")).await.unwrap();
    }
    assert_eq!(device.engine.tokens(None, 9, true)[0].spend, Spend::Proof);
}

#[tokio::test(start_paused = true)]
async fn a_script_that_puts_a_rival_of_a_coin_is_told_of() {
    let world = World::new(0);
    let device = world.device().await;
    device.put(&["coin"]).await;
    let mut events = device.engine.subscribe();
    let mut next = token("coin", "s1");
    next.previous = Some("s0".to_owned());
    device.engine.put_from_window(SCRIPT, vec![next]).await.unwrap();
    assert!(alerts(&mut events).is_empty(), "a state that follows is none");
    device.engine.put_from_window(SCRIPT, vec![token("coin", "s2")]).await.unwrap();
    let told = "window main: put another state of 1 token that was on offer and is not now";
    assert_eq!(alerts(&mut events), [told]);
}

#[tokio::test(start_paused = true)]
async fn entries_and_bytes_are_bounded_as_well() {
    let world = World::new(0);
    let device = world.device().await;
    let mut taken = 0;
    while device.engine.set_from_window(SCRIPT, &format!("k{taken}"), evidence("v")).await.is_ok() {
        taken += 1;
        assert!(taken < 20_000);
    }
    assert_eq!(taken, limits::WINDOW_ENTRIES.0 as usize);
    // Setting one again is no new one.
    device.engine.set_from_window(SCRIPT, "k0", evidence("w")).await.unwrap();
    assert!(world.clock.now() > 0);
}
