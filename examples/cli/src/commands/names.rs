//! `names`: the wallet's IPNS names.

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{Mode, NameInfo};

use super::Context;
use crate::account;
use crate::failure::Failure;

#[derive(Serialize)]
struct Names {
    names: Vec<NameInfo>,
}

pub async fn run(context: &Context) -> Result<(), Failure> {
    let engine = account::open(&context.global, Mode::ReadAlong).await?;
    let names = account::with(engine, async |engine| Ok(engine.names())).await?;
    let names = Names { names };
    context.output.done(&names, || table(&names.names))
}

/// One line per name.
pub fn table(names: &[NameInfo]) -> String {
    let line = |name: &NameInfo| format!("{:>2}  {}  {}", name.slot, name.name, name.cid);
    names.iter().map(line).collect::<Vec<_>>().join("\n")
}
