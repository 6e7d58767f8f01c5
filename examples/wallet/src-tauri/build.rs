//! Permission files of the app's own commands, and what Tauri needs of the configuration.

use std::process::ExitCode;

const COMMANDS: &[&str] = &[
    "backup_files",
    "begin_import",
    "import_state",
    "overview",
    "reopen_device",
    "save_metrics",
    "set_fault",
];

fn main() -> ExitCode {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    match tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo:warning={error:#}");
            ExitCode::FAILURE
        }
    }
}
