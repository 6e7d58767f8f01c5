//! `tokens`: the view, row by row.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{Ack, Level, Mode, SyncRequest, TokenRow};
use tauri_plugin_wallet_sync::model::inventory::Spend;
use tauri_plugin_wallet_sync::shown::plain;
use tauri_plugin_wallet_sync::{Code, Engine};

use super::Context;
use crate::account;
use crate::failure::Failure;
use crate::limits::{FETCH, FETCHES, PAGE_ROWS};
use crate::output::Lines;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    token_id: &'a str,
    state_hash: &'a str,
    previous: Option<&'a str>,
    summary: Option<Cow<'a, str>>,
    size: u32,
    spend: &'static str,
    forked: bool,
    ack: Ack,
    #[serde(flatten)]
    payload: Option<Payload>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Payload {
    Data(String),
    DataBase64(String),
}

pub async fn run(context: &Context, all: bool, data: bool) -> Result<(), Failure> {
    let along = account::open(&context.global, Mode::ReadAlong).await?;
    let is_unread = data && !along.status().unread.is_empty();
    let fetches = is_unread || data && pages(&along, all).flatten().any(|row| !row.has_payload);
    let engine = if fetches {
        account::close(&along, crate::limits::DRAIN).await;
        // What is fetched is kept, which takes the folder; where that takes nothing, it is only shown.
        account::open_to_read(&context.global).await?
    } else {
        along
    };
    account::with(engine, async |engine| {
        if is_unread {
            // The list comes first, for as long as bytes flow.
            let request = SyncRequest { fresh: true, deadline: Some(FETCH), wait: Some(Level::Local) };
            // What did not come is said after what is here.
            drop(engine.sync(request, |_| ()).await);
        }
        let mut lines = context.output.lines();
        let printed = print(engine, all, data, &mut lines).await;
        lines.flush()?;
        printed.and(whole(engine))
    })
    .await
}

/// Says so where the list is not the whole wallet; one that has nothing of it is no list.
fn whole(engine: &Engine) -> Result<(), Failure> {
    let status = engine.status();
    if status.unread.is_empty() {
        return Ok(());
    }
    let slots: Vec<String> = status.unread.iter().map(u8::to_string).collect();
    let word = if slots.len() == 1 { "slot" } else { "slots" };
    let words = format!(
        "the wallet is not whole: the content of {word} {} was seen and is not here",
        slots.join(", ")
    );
    if pages(engine, true).next().is_none() {
        return Err(Failure::new(Code::Unreachable, words));
    }
    crate::output::say(&words);
    Ok(())
}

/// Prints every row; a row whose payload cannot be had is printed without, and the first reason is the command's failure.
async fn print(engine: &Engine, all: bool, data: bool, lines: &mut Lines) -> Result<(), Failure> {
    let mut failure = None;
    let unreachable = AtomicBool::new(false);
    let rows = pages(engine, all).flatten().map(|row| {
        let unreachable = &unreachable;
        async move {
            // When no source answers for one payload, waiting again for each of the others helps nobody.
            let ask = data && (row.has_payload || !unreachable.load(Ordering::Relaxed));
            let payload = if ask { Some(payload(engine, &row, unreachable).await) } else { None };
            (row, payload)
        }
    });
    let mut rows = stream::iter(rows).buffered(FETCHES);
    while let Some((row, payload)) = rows.next().await {
        let payload = match payload.transpose() {
            Ok(payload) => payload,
            Err(error) => {
                failure.get_or_insert(error);
                None
            }
        };
        lines.value(&to_row(&row, payload), || describe(&row))?;
    }
    failure.map_or(Ok(()), Err)
}

async fn payload(engine: &Engine, row: &TokenRow, unreachable: &AtomicBool) -> Result<Bytes, Failure> {
    let result = engine.payload(row.key.token_id.as_str(), row.key.state_hash.as_str()).await;
    result.map_err(|error| {
        if matches!(error.code(), Code::Unreachable | Code::Deadline) {
            unreachable.store(true, Ordering::Relaxed);
        }
        Failure::from(error)
    })
}

/// The view, a page at a time.
fn pages(engine: &Engine, all: bool) -> impl Iterator<Item = Vec<TokenRow>> {
    let mut after = None;
    std::iter::from_fn(move || {
        let page = engine.tokens(after.as_ref(), PAGE_ROWS, all);
        after = Some(page.last()?.key.clone());
        Some(page)
    })
}

fn to_row(row: &TokenRow, payload: Option<Bytes>) -> Row<'_> {
    Row {
        token_id: row.key.token_id.as_str(),
        state_hash: row.key.state_hash.as_str(),
        previous: row.previous.as_deref(),
        summary: row.summary.as_deref().map(plain),
        size: row.size,
        spend: spend(row.spend),
        forked: row.forked,
        ack: row.ack.into(),
        payload: payload.map(|bytes| match std::str::from_utf8(&bytes) {
            Ok(text) => Payload::Data(text.to_owned()),
            Err(_) => Payload::DataBase64(data_encoding::BASE64.encode(&bytes)),
        }),
    }
}

const fn spend(spend: Spend) -> &'static str {
    match spend {
        Spend::None => "none",
        Spend::Intent => "intent",
        Spend::Proof => "proof",
    }
}

fn describe(row: &TokenRow) -> String {
    let mut text = format!("{}  {}", row.key.token_id.as_str(), row.key.state_hash.as_str());
    if let Some(summary) = &row.summary {
        // A summary comes from another device: it must not steer a terminal.
        text.push_str("  ");
        text.push_str(&plain(summary));
    }
    match row.spend {
        Spend::None => {}
        Spend::Intent => text.push_str("  suspect"),
        Spend::Proof => text.push_str("  spent"),
    }
    if row.forked {
        text.push_str("  forked");
    }
    text
}
