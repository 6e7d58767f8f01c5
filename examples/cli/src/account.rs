//! From the global arguments to an open engine, and back: every use of a data folder starts and ends here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tauri_plugin_wallet_sync::config::Config;
use tauri_plugin_wallet_sync::engine::{Mode, OpenOptions, Status};
use tauri_plugin_wallet_sync::{Code, Engine, Secret};

use crate::args::Global;
use crate::failure::Failure;
use crate::{limits, nodes_file, output, secret_file};

/// Opens the account that the arguments name.
pub async fn open(global: &Global, mode: Mode) -> Result<Engine, Failure> {
    let secret = secret_file::read(secret_path(global)?)?;
    open_with(global, &secret, mode).await
}

/// Opens the account for what only reads here. Where its own disk takes nothing it is left as it is, with a warning: a full or failing
/// disk must not stop what brings the wallet out of there.
pub async fn open_to_read(global: &Global) -> Result<Engine, Failure> {
    let secret = secret_file::read(secret_path(global)?)?;
    let failure = match Engine::open(&secret, options(global, Mode::Own)?).await {
        Ok(engine) => return Ok(with_alerts(engine)),
        Err(failure) => failure,
    };
    if !matches!(failure.code(), Code::StorageFull | Code::StorageIo) {
        return Err(failure.into());
    }
    // The first failure tells more than a second.
    let Ok(engine) = Engine::open(&secret, options(global, Mode::ReadAlong)?).await else {
        return Err(failure.into());
    };
    output::warn(format!("storage: {failure}; the data folder is read, and left as it is"));
    Ok(with_alerts(engine))
}

/// The same with a secret at hand.
pub async fn open_with(global: &Global, secret: &Secret, mode: Mode) -> Result<Engine, Failure> {
    Ok(with_alerts(Engine::open(secret, options(global, mode)?).await?))
}

fn with_alerts(engine: Engine) -> Engine {
    for alert in engine.take_alerts() {
        output::say(&alert);
    }
    engine
}

/// Its state: of a large account from what was left at closing, if that is still so.
pub async fn status(global: &Global) -> Result<Status, Failure> {
    let (secret, options) = (secret_file::read(secret_path(global)?)?, options(global, Mode::ReadAlong)?);
    if let Some(look) = Engine::first_look(&secret, &options).await? {
        return Ok(look.status);
    }
    let engine = open_with(global, &secret, Mode::ReadAlong).await?;
    with(engine, async |engine| Ok(engine.status())).await
}

fn options(global: &Global, mode: Mode) -> Result<OpenOptions, Failure> {
    let mut config = Config::default();
    if let Some(path) = &global.nodes {
        config.nodes = nodes_file::read(path)?;
    }
    config.network.clone_from(&global.network);
    config.allow_network_folder = global.allow_network_folder;
    Ok(OpenOptions { dir: data_folder(global)?, config, mode })
}

/// Where the secret file is.
pub fn secret_path(global: &Global) -> Result<&Path, Failure> {
    global.secret_file.as_deref().ok_or_else(|| {
        Failure::new(
            Code::BadRequest,
            "a secret file is needed: --secret-file FILE or WALLETSYNC_SECRET_FILE",
        )
    })
}

/// Where the data are.
pub fn data_folder(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(folder) = &global.data {
        return Ok(folder.clone());
    }
    let folders = directories::ProjectDirs::from("", "", "walletsync");
    // Not the roaming one of Windows: a copy on a second machine would write to the same names.
    folders.map(|folders| folders.data_local_dir().to_owned()).ok_or_else(|| {
        Failure::new(
            Code::BadRequest,
            "this user has no home folder: --data DIR or WALLETSYNC_DATA is needed",
        )
    })
}

/// Runs one command on an open account and closes it, whatever came of the command. What fails at closing is a warning: what the
/// command did is on disk by then.
pub async fn with<T>(
    engine: Engine,
    work: impl AsyncFnOnce(&Engine) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = work(&engine).await;
    close(&engine, limits::DRAIN).await;
    done
}

/// Closes an account; what fails there is told beside the result.
pub async fn close(engine: &Engine, drain: Duration) {
    if let Err(error) = engine.close(drain).await {
        output::warn(format!("storage: {error}; what was done stays done"));
    }
}
