//! `init`: makes the secret file when it is absent, opens the store, shows the names.

use serde::Serialize;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Engine, Mode, NameInfo, SyncRequest};

use super::Context;
use super::names;
use crate::failure::Failure;
use crate::{account, secret_file};

#[derive(Serialize)]
struct Opened {
    names: Vec<NameInfo>,
    created: bool,
}

/// Reads the nodes; a wallet that none of them knows is an error.
async fn find(engine: &Engine) -> Result<(), Failure> {
    let request = SyncRequest { fresh: true, deadline: None, wait: None };
    let report = engine.sync(request, |_| ()).await?;
    let is_nothing = |warning: &String| warning.contains("nothing was found");
    match report.warnings.into_iter().find(is_nothing) {
        Some(warning) if warning.starts_with("new_wallet") => Err(Failure::new(Code::NotFound, warning)),
        // Who was not asked, or did not answer, may have it.
        Some(warning) => Err(Failure::new(Code::Unreachable, warning)),
        None => Ok(()),
    }
}

pub async fn run(context: &Context, restore: bool) -> Result<(), Failure> {
    let path = account::secret_path(&context.global)?;
    let created = secret_file::create_if_absent(path)?;
    let engine = match account::open(&context.global, Mode::Own).await {
        Ok(engine) => engine,
        Err(failure) => {
            // The folder belongs to another secret: the one just made has opened nothing and would only confuse.
            if created && failure.code() == Code::WrongWallet {
                let _ = std::fs::remove_file(path);
            }
            return Err(failure);
        }
    };
    let names = account::with(engine, async |engine| {
        if restore {
            find(engine).await?;
        } else if created {
            engine.note_created().await?;
        }
        Ok(engine.names())
    })
    .await?;
    let opened = Opened { names, created };
    context.output.done(&opened, || {
        let secret = if created { "created" } else { "found" };
        format!("secret {secret}: {}\n{}", path.display(), names::table(&opened.names))
    })
}
