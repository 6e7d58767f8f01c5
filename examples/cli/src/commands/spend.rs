//! `spend`: records an intent or a proof.

use bytes::Bytes;
use serde::Serialize;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, Mode, SpendKind};

use super::Context;
use crate::failure::Failure;
use crate::{account, args, json_text};

/// What every local change answers.
#[derive(Serialize)]
pub struct Kept {
    pub ack: Ack,
}

#[derive(Serialize)]
struct Recorded {
    ack: Ack,
    /// Whether the state is in this data folder.
    known: bool,
}

pub async fn run(context: &Context, spend: &args::Spend) -> Result<(), Failure> {
    let (kind, field, text) = match (&spend.intent, &spend.proof) {
        (Some(text), None) => (SpendKind::Intent, "--intent", text),
        (None, Some(text)) => (SpendKind::Proof, "--proof", text),
        _ => return Err(Failure::new(Code::BadRequest, "either --intent or --proof is needed")),
    };
    json_text::parse(field, text)?;
    // Kept as it was given: evidence may be signed.
    let evidence = Bytes::copy_from_slice(text.trim().as_bytes());
    let engine = account::open(&context.global, Mode::Own).await?;
    let report = account::with(engine, async |engine| {
        Ok(engine.spend(&spend.token_id, &spend.state_hash, kind, evidence).await?)
    })
    .await?;
    context.output.done(&Recorded { ack: Ack::Local, known: report.known }, || {
        let unknown = if report.known {
            ""
        } else {
            "; no such token state is known here, so nothing is spent by it yet"
        };
        format!("recorded, on this disk{unknown}")
    })
}
