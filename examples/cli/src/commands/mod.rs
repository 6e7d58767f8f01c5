//! One file per command. Each opens what it needs, does one thing, prints one result.

mod audit;
mod backup;
mod cache;
mod car;
mod change_secret;
mod demo;
mod devices;
mod files;
mod get;
mod import_legacy;
mod init;
mod kept;
mod metrics;
mod names;
mod nodes;
mod nodes_check;
mod put;
mod record;
mod set;
mod spend;
mod status;
mod sync;
mod tokens;
mod watch;

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tokio::time::Instant;

use crate::args::{Backup, Car, Command, Global, Record};
use crate::failure::Failure;
use crate::output::Output;

/// What every command gets.
pub struct Context {
    /// The global arguments.
    pub global: Global,
    /// Where results go.
    pub output: Output,
    /// Start of the command's work: deadlines and times count from here.
    pub started: Instant,
}

impl Context {
    /// Time since the start of the command's work.
    pub fn elapsed(&self) -> Duration {
        monotonic().saturating_duration_since(self.started)
    }

    /// The same in milliseconds, to the microsecond.
    pub fn elapsed_ms(&self) -> f64 {
        to_ms(self.elapsed())
    }
}

/// Milliseconds, to the microsecond.
pub fn to_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// Runs a command.
pub async fn run(command: Command, context: Context) -> Result<(), Failure> {
    match command {
        Command::Init { restore } => init::run(&context, restore).await,
        Command::Names => names::run(&context).await,
        Command::Put { file } => put::run(&context, &file).await,
        Command::Spend(spend) => spend::run(&context, &spend).await,
        Command::Set { key, value } => set::run(&context, &key, &value).await,
        Command::Get { key } => get::run(&context, &key).await,
        Command::Tokens { all, data } => tokens::run(&context, all, data).await,
        Command::Sync(sync) => sync::run(&context, &sync).await,
        Command::Status => status::run(&context).await,
        Command::Metrics { prometheus } => metrics::run(&context, prometheus).await,
        Command::Nodes { check: false } => nodes::run(&context).await,
        Command::Nodes { check: true } => nodes_check::run(&context).await,
        Command::Cache { clear } => cache::run(&context, clear).await,
        Command::Devices { retire, label } => devices::run(&context, retire, label.as_deref()).await,
        Command::Audit(audit) => audit::run(&context, &audit).await,
        Command::Watch => watch::run(&context).await,
        Command::Record(Record::Verify { file, name, now }) => {
            record::verify(&context, &file, &name, now.as_deref())
        }
        Command::Car(Car::Verify { file, root }) => car::verify(&context, &file, &root),
        Command::Backup(Backup::Export { file, force }) => backup::export(&context, &file, force).await,
        Command::Backup(Backup::Verify { file }) => backup::verify(&context, &file).await,
        Command::Backup(Backup::Import { file }) => backup::import(&context, &file).await,
        Command::ChangeSecret(change) => change_secret::run(&context, &change).await,
        Command::ImportLegacy { file } => import_legacy::run(&context, file.as_deref()).await,
        Command::Kept { key } => kept::run(&context, key.as_deref()).await,
        Command::Demo => demo::run(&context).await,
    }
}
