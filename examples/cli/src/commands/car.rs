//! `car verify`: checks a CAR offline, block by block.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::limits::{CAR_BLOCKS, CAR_BYTES};
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader};
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::shown::counted;

use super::{Context, files};
use crate::failure::Failure;
use crate::limits::CHUNK_BYTES;

#[derive(Serialize)]
struct Checked {
    blocks: usize,
    bytes: u64,
}

/// Checks every hash, and that everything under the root is there.
pub fn verify(context: &Context, file: &Path, root: &str) -> Result<(), Failure> {
    let root: Cid = root.parse().map_err(|e: tauri_plugin_wallet_sync::Error| {
        Failure::new(Code::BadRequest, format!("--root: {}", e.message()))
    })?;
    let mut from = files::open(file)?;
    let mut reader = CarReader::new(root, CarBounds { blocks: CAR_BLOCKS, bytes: CAR_BYTES });
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut is_empty = true;
    loop {
        let read = from.read(&mut chunk).map_err(|e| files::unreadable(file, &e))?;
        if read == 0 {
            break;
        }
        is_empty = false;
        reader.push(chunk.get(..read).unwrap_or_default())?;
    }
    if is_empty {
        return Err(files::empty(file));
    }
    let summary = reader.finish()?;
    if let Some(first) = summary.missing.first() {
        let missing = counted(summary.missing.len(), "block is", "blocks are");
        let message = format!("incomplete: {missing} missing, the first is {first}");
        return Err(Failure::new(Code::Malformed, message));
    }
    let checked = Checked { blocks: summary.blocks, bytes: summary.bytes };
    context.output.done(&checked, || {
        format!("complete: {}, {} bytes", counted(checked.blocks, "block", "blocks"), checked.bytes)
    })
}
