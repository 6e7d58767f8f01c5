//! The generated TypeScript: types and thin calls for `guest-js/`.
//!
//! `UPDATE_BINDINGS=1 cargo test --features specta,test-ipc bindings` generates it again.

// Only compiled for tests, which the lint does not see through the features.
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;

use specta_typescript::Typescript;
use tauri::test::MockRuntime;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};

use super::{PLUGIN_NAME, commands, wire};

fn builder() -> Builder<MockRuntime> {
    Builder::new()
        .plugin_name(PLUGIN_NAME)
        .commands(collect_commands![
            commands::read::accounts::<MockRuntime>,
            commands::read::status::<MockRuntime>,
            commands::read::list_tokens::<MockRuntime>,
            commands::read::token_changes::<MockRuntime>,
            commands::read::list_entries::<MockRuntime>,
            commands::read::entry_versions::<MockRuntime>,
            commands::read::metrics::<MockRuntime>,
            commands::read::metrics_history::<MockRuntime>,
            commands::read::node_health::<MockRuntime>,
            commands::read::cache_stats::<MockRuntime>,
            commands::read::devices::<MockRuntime>,
            commands::read::subscribe::<MockRuntime>,
            commands::write::record_spend::<MockRuntime>,
            commands::write::set_entry::<MockRuntime>,
            commands::write::delete_entry::<MockRuntime>,
            commands::sync::sync_now::<MockRuntime>,
            commands::sync::flush::<MockRuntime>,
            commands::admin::invalidate_cache::<MockRuntime>,
            commands::admin::reset_metrics::<MockRuntime>,
            commands::admin::export_metrics::<MockRuntime>,
            commands::admin::set_node_enabled::<MockRuntime>,
            commands::admin::check_node::<MockRuntime>,
            commands::admin::set_device_label::<MockRuntime>,
            commands::admin::retire_device::<MockRuntime>,
            commands::admin::wipe::<MockRuntime>,
            commands::proofs::list_proofs::<MockRuntime>,
            commands::proofs::reject_proof::<MockRuntime>,
            commands::backup::export_backup::<MockRuntime>,
            commands::care::audit::<MockRuntime>,
            commands::care::rehearse::<MockRuntime>,
        ])
        // Returned by a command whose body is bytes.
        .typ::<wire::PutReport>()
        // One type for both directions: optional arguments are `null` here.
        .disable_serde_phases()
        .error_handling(ErrorHandlingMode::Throw)
}

fn exported() -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("bindings.ts");
    builder().export(Typescript::default(), &path).expect("exports");
    let text = std::fs::read_to_string(path).expect("was written");
    // The package's own call gives each an id, and knows when there is no Tauri.
    let (tauri, own) = (
        "import { invoke as __TAURI_INVOKE, Channel } from \"@tauri-apps/api/core\";",
        concat!(
            "import type { Channel } from \"@tauri-apps/api/core\";\n",
            "import { call as __TAURI_INVOKE } from \"./call.js\";"
        ),
    );
    assert!(text.contains(tauri), "the generator writes another import");
    text.replace(tauri, own)
}

#[test]
fn bindings_are_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/guest-js/bindings.ts");
    let fresh = exported();
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(committed, fresh).expect("writes");
        return;
    }
    let old = std::fs::read_to_string(committed).unwrap_or_default();
    assert!(old == fresh, "stale: UPDATE_BINDINGS=1 cargo test --features specta,test-ipc bindings");
}

/// Checks each command's arguments by name: none takes a secret, an address, a path or a query.
#[test]
fn no_command_takes_more_than_names_numbers_and_content() {
    let allowed = BTreeSet::from([
        "account",
        "page",
        "range",
        "onEvents",
        "listener",
        "since",
        "opening",
        "tokenId",
        "stateHash",
        "kind",
        "evidence",
        "proof",
        "entryKey",
        "value",
        "options",
        "onProgress",
        "withinMs",
        "format",
        "nodeId",
        "slot",
        "label",
        "enabled",
        "confirm",
        "force",
    ]);
    let text = exported();
    let calls = text.lines().filter(|line| line.contains("__TAURI_INVOKE"));
    let mut seen = 0;
    for call in calls.filter(|line| line.contains("plugin:wallet-sync|")) {
        seen += 1;
        let Some((_, rest)) = call.split_once("|") else { continue };
        let Some((_, arguments)) = rest.split_once('{') else { continue };
        let arguments = arguments.split('}').next().unwrap_or_default();
        for argument in arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
            let name = argument.split(':').next().unwrap_or_default().trim();
            assert!(allowed.contains(name), "{call}");
        }
    }
    assert_eq!(seen, 30, "every command but the two whose bytes go outside of JSON");
}
