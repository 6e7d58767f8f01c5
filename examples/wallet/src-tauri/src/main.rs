//! A wallet to try the plugin with: two devices of one secret, five nodes with faults on demand, a dashboard.
//!
//! The secret, the nodes and every path stay on this side; the window names devices, nodes and faults only.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod backups;
mod commands;
mod devices;
mod nodes;
mod proofs;
mod secret;
mod start;

use std::process::ExitCode;

/// Wipes whatever is freed, by whichever library.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WALLET_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let app = tauri::Builder::default().setup(|app| set_up(app)).invoke_handler(tauri::generate_handler![
        commands::backup_files,
        commands::begin_import,
        commands::import_state,
        commands::overview,
        commands::reopen_device,
        commands::save_metrics,
        commands::set_fault,
    ]);
    match app.run(tauri::generate_context!()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the wallet did not start");
            ExitCode::FAILURE
        }
    }
}

/// Ends the program with its reason where it cannot start: an error that Tauri is given here is a panic.
fn set_up(app: &tauri::App) -> Result<(), Box<dyn std::error::Error>> {
    if let Err(error) = start::set_up(app) {
        tracing::error!(%error, "the wallet did not start");
        app.handle().cleanup_before_exit();
        std::process::exit(1);
    }
    Ok(())
}
