//! `get`: the value of a synced setting.

use serde::Serialize;
use serde_json::value::RawValue;
use tauri_plugin_wallet_sync::engine::Mode;

use super::Context;
use crate::failure::Failure;
use crate::{account, json_text};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    ok: bool,
    value: Option<Box<RawValue>>,
    /// Bytes that are not JSON: another program has set them.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

pub async fn run(context: &Context, key: &str) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::ReadAlong).await?;
    let bytes = account::with(engine, async |engine| Ok(engine.get(key).await?)).await?;
    let value = std::str::from_utf8(&bytes).ok().and_then(|text| json_text::compact(text).ok());
    let value_base64 = value.is_none().then(|| data_encoding::BASE64.encode(&bytes));
    let answer = Value { ok: true, value, value_base64 };
    context.output.value(&answer, || match &answer.value {
        Some(value) => value.get().to_owned(),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
}
