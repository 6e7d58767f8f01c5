//! `cache`: statistics, or clears what can be fetched again.

use tauri_plugin_wallet_sync::engine::{CacheKind, Mode};

use super::Context;
use crate::account;
use crate::args::Clear;
use crate::failure::Failure;

pub async fn run(context: &Context, clear: Option<Clear>) -> Result<(), Failure> {
    let mode = if clear.is_some() { Mode::Own } else { Mode::ReadAlong };
    let engine = account::open(&context.global, mode).await?;
    let stats = account::with(engine, async |engine| {
        if let Some(clear) = clear {
            engine.clear_cache(kind(clear)).await?;
        }
        Ok(engine.cache_stats().await?)
    })
    .await?;
    context.output.done(&stats, || {
        format!(
            "records {}, blocks {}, bytes {}; hits {}, misses {}, failures {}",
            stats.records, stats.blocks, stats.bytes, stats.hits, stats.misses, stats.failures
        )
    })
}

const fn kind(clear: Clear) -> CacheKind {
    match clear {
        Clear::Records => CacheKind::Records,
        Clear::Content => CacheKind::Content,
        Clear::All => CacheKind::All,
    }
}
