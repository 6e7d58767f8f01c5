//! Exit codes: the fixed table of the command line.

use tauri_plugin_wallet_sync::Code;

/// The exit code that stands for an error code.
pub const fn code(code: Code) -> u8 {
    match code {
        Code::BadRequest
        | Code::Conflict
        | Code::InventoryTooLarge
        | Code::NotFound
        | Code::PendingChanges
        | Code::RateLimited => 2,
        Code::Unreachable | Code::Deadline | Code::SlotsExhausted | Code::SequenceExhausted => 3,
        Code::Invalid
        | Code::Denied
        | Code::DecryptFailed
        | Code::Expired
        | Code::HashMismatch
        | Code::Malformed
        | Code::Moved
        | Code::NameMismatch
        | Code::ReadOnly
        | Code::SignatureInvalid
        | Code::TooLarge => 4,
        Code::Locked => 6,
        // What fails on this machine: the store, and faults of our own (`closed`, `task_failed`, codes to come).
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::code;
    use tauri_plugin_wallet_sync::Code;

    #[test]
    fn the_table_is_the_contract() {
        let table = [
            (2, "bad_request conflict inventory_too_large not_found pending_changes rate_limited"),
            (3, "deadline sequence_exhausted slots_exhausted unreachable"),
            (
                4,
                "decrypt_failed denied expired hash_mismatch invalid malformed moved name_mismatch read_only \
                 signature_invalid too_large",
            ),
            (5, "closed corrupt newer_schema storage_full storage_io task_failed wrong_wallet"),
            (6, "locked"),
        ];
        for (exit, codes) in table {
            let mapped: Vec<_> =
                Code::ALL.into_iter().filter(|c| code(*c) == exit).map(Code::as_str).collect();
            assert_eq!(mapped.join(" "), codes, "exit {exit}");
        }
    }
}
