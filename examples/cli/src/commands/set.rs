//! `set`: a synced setting.

use bytes::Bytes;
use tauri_plugin_wallet_sync::engine::{Ack, Mode};

use super::Context;
use super::spend::Kept;
use crate::failure::Failure;
use crate::{account, json_text};

pub async fn run(context: &Context, key: &str, value: &str) -> Result<(), Failure> {
    let value = json_text::parse("JSON", value)?;
    let value = Bytes::copy_from_slice(value.get().as_bytes());
    let engine = account::open(&context.global, Mode::Own).await?;
    account::with(engine, async |engine| Ok(engine.set(key, value).await?)).await?;
    context.output.done(&Kept { ack: Ack::Local }, || "set, on this disk".to_owned())
}
