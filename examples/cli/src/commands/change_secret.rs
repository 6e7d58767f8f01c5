//! `change-secret`: takes the wallet to another secret.

use std::path::Path;

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{Mode, SecretChange, Unmarked};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::{Code, Engine};

use super::Context;
use crate::args::{ChangeSecret, Global};
use crate::failure::Failure;
use crate::{account, secret_file};

#[derive(Serialize)]
struct Changed {
    #[serde(flatten)]
    change: SecretChange,
    /// The new secret was made now.
    created: bool,
}

pub async fn run(context: &Context, change: &ChangeSecret) -> Result<(), Failure> {
    let to = Global {
        data: Some(change.to_data.clone()),
        secret_file: Some(change.to_secret_file.clone()),
        ..context.global.clone()
    };
    if is_same_folder(&change.to_data, &account::data_folder(&context.global)?) {
        let words = "--to-data is the wallet's own folder: under another secret it needs another one";
        return Err(Failure::new(Code::BadRequest, words));
    }
    let old = account::open(&context.global, Mode::Own).await?;
    let changed = account::with(old, async |old| {
        let created = secret_file::create_if_absent(&change.to_secret_file)?;
        let new = account::open(&to, Mode::Own).await?;
        account::with(new, async |new| {
            if created {
                new.note_created().await?;
            }
            take(old, new, change.leave_missing, created).await
        })
        .await
    })
    .await?;
    context.output.done(&changed, || text(&changed, change))
}

/// Whether two paths lead to one folder; one that is not there yet is no other.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || real(one).is_some_and(|one| Some(one) == real(other))
}

async fn take(old: &Engine, new: &Engine, leave_missing: bool, created: bool) -> Result<Changed, Failure> {
    let change = old.change_secret(new, leave_missing).await?;
    Ok(Changed { change, created })
}

fn text(changed: &Changed, arguments: &ChangeSecret) -> String {
    let SecretChange { items, added, missing, unknown, verified_nodes, begun_elsewhere, marked, unmarked } =
        &changed.change;
    let secret = if changed.created { "created" } else { "found" };
    let mut lines = vec![
        format!("secret {secret}: {}", arguments.to_secret_file.display()),
        format!(
            "{} taken along, {added} new there; on {}",
            counted(*items, "token state or entry", "token states and entries"),
            counted(*verified_nodes, "node", "nodes")
        ),
    ];
    if *begun_elsewhere {
        lines.push("another device had changed the secret already".to_owned());
    } else {
        let slots = counted(marked.len(), "slot of the old secret says", "slots of the old secret say");
        lines.push(format!("{slots} that the wallet moved"));
    }
    if *missing > 0 {
        let missing = counted(*missing, "payload, proof or value is", "payloads, proofs or values are");
        lines.push(format!("{missing} on no node that answers, and left"));
    }
    if *unknown > 0 {
        let items = counted(*unknown, "item of a later release", "items of a later release");
        lines.push(format!("{items} went along unchanged"));
    }
    for Unmarked { slot, reason } in unmarked {
        lines.push(format!("slot {slot} does not say so yet: {reason}; run the command again"));
    }
    lines.join("\n")
}
