//! Files given to the `verify` commands.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tauri_plugin_wallet_sync::Code;

use crate::failure::Failure;

/// Opens a file.
pub fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|e| unreadable(path, &e))
}

/// Reads at most `most` bytes and one more, which tells that there are more.
pub fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let longest = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?.take(longest).read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    Ok(bytes)
}

/// A file that cannot be read is wrong input.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::BadRequest, format!("{}: {error}", path.display()))
}

/// A file without any bytes.
pub fn empty(path: &Path) -> Failure {
    Failure::new(Code::Malformed, format!("{}: the file is empty", path.display()))
}
