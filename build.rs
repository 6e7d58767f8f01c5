//! Permission files of the commands; nothing without the feature `tauri`.

/// Every command. Sets of them are in `permissions/{default,write,spend,admin}.toml`.
#[cfg(feature = "tauri")]
const COMMANDS: &[&str] = &[
    "accounts",
    "status",
    "list_tokens",
    "token_changes",
    "get_token",
    "list_entries",
    "entry_versions",
    "metrics",
    "metrics_history",
    "node_health",
    "cache_stats",
    "devices",
    "subscribe",
    "put_tokens",
    "record_spend",
    "set_entry",
    "delete_entry",
    "sync_now",
    "flush",
    "invalidate_cache",
    "reset_metrics",
    "export_metrics",
    "set_node_enabled",
    "check_node",
    "set_device_label",
    "retire_device",
    "wipe",
    "list_proofs",
    "reject_proof",
    "export_backup",
    "audit",
    "rehearse",
];

fn main() {
    #[cfg(feature = "tauri")]
    tauri_plugin::Builder::new(COMMANDS).global_api_script_path("./api-iife.js").build();
}
