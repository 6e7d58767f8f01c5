//! Backup files of the wallet: which there are, and bringing one back behind the window's questions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tauri::{AppHandle, async_runtime};
use tauri_plugin_wallet_sync::engine::BackupProgress;
use tauri_plugin_wallet_sync::plugin::CommandError;
use tauri_plugin_wallet_sync::{Code, Engine, Error, WalletSyncExt};

use crate::devices;

/// How the plugin ends the names of its files.
const ENDING: &str = ".backup.car";
/// More than the plugin keeps of both devices.
const FILES: usize = 256;

/// A file in the folder for backups.
#[derive(Debug, Serialize)]
pub struct BackupFile {
    /// Its name, which is all that the window knows it by.
    name: String,
    /// Its bytes.
    bytes: u64,
}

/// How far bringing a file back is.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Import {
    /// Under way: bytes, of a file that is read twice.
    Running { done: u64, total: u64 },
    /// It is all here.
    Done { added: usize, spent: usize, unchanged: usize, missing: usize },
    /// Nothing was changed.
    Failed { error: CommandError },
}

/// The last import of each device.
#[derive(Debug, Default)]
pub struct Imports(Mutex<BTreeMap<String, Import>>);

impl Imports {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Import>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn of(&self, account: &str) -> Option<Import> {
        self.lock().get(account).cloned()
    }

    fn set(&self, account: &str, import: Import) {
        self.lock().insert(account.to_owned(), import);
    }

    /// There was none after all.
    fn forget(&self, account: &str) {
        self.lock().remove(account);
    }

    /// Takes the turn of a device; `rate_limited` while it has one.
    fn begin(&self, account: &str) -> Result<(), Error> {
        let mut all = self.lock();
        if matches!(all.get(account), Some(Import::Running { .. })) {
            return Err(Error::new(Code::RateLimited, "a backup file is being read for this device"));
        }
        all.insert(account.to_owned(), Import::Running { done: 0, total: 0 });
        Ok(())
    }
}

/// The files in the folder, the newest name first; none where there is no folder.
pub fn files(folder: &Path) -> Vec<BackupFile> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| name.ends_with(ENDING))?;
        let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(BackupFile { name, bytes: about.len() })
    };
    let mut files: Vec<_> = entries.filter_map(file).collect();
    files.sort_by(|a, b| b.name.cmp(&a.name));
    files.truncate(FILES);
    files
}

/// The path of a file that is listed: a name that is not in the list is none, whatever it spells.
fn listed(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let found = files(folder).into_iter().find(|file| file.name == name);
    let file = found.ok_or_else(|| Error::new(Code::NotFound, "no such backup file"))?;
    Ok(folder.join(file.name))
}

/// Begins to bring a file back into a device, which is opened for it; [`Imports::of`] says how far it is.
pub fn begin(app: &AppHandle, imports: &Arc<Imports>, account: &str, name: &str) -> Result<(), Error> {
    let path = listed(app.wallet_sync().backup_folder(), name)?;
    imports.begin(account)?;
    let engine = opened(app, account).inspect_err(|_| imports.forget(account))?;
    let (imports, account) = (imports.clone(), account.to_owned());
    // Without a handle of the window: those stay on the main thread.
    async_runtime::spawn(async move {
        let (shown, of) = (imports.clone(), account.clone());
        let tell = move |step: BackupProgress| {
            shown.set(&of, Import::Running { done: step.done, total: step.total });
        };
        let ended = match engine.import_backup(&path, tell).await {
            Ok(report) => Import::Done {
                added: report.added,
                spent: report.spent,
                unchanged: report.unchanged,
                missing: report.backup.missing.unwrap_or(0),
            },
            Err(error) => Import::Failed { error: error.into() },
        };
        imports.set(&account, ended);
    });
    Ok(())
}

/// The engine of a device, which is opened where it is not.
fn opened(app: &AppHandle, account: &str) -> Result<Engine, Error> {
    if let Some(engine) = app.wallet_sync().engine(account) {
        return Ok(engine);
    }
    async_runtime::block_on(devices::open(app, account))?;
    app.wallet_sync().engine(account).ok_or_else(|| Error::new(Code::Closed, "not open"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backup_files_of_the_folder_are_listed_and_found_by_their_names() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(files(&folder.path().join("none")).is_empty());
        for name in ["account-a.1.backup.car", "account-a.2.backup.car", "notes.txt"] {
            std::fs::write(folder.path().join(name), "12345").expect("written");
        }
        std::fs::create_dir(folder.path().join("account-a.3.backup.car")).expect("made");
        let found = files(folder.path());
        let names: Vec<_> = found.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
        assert_eq!(names, [("account-a.2.backup.car", 5), ("account-a.1.backup.car", 5)]);
        assert!(listed(folder.path(), "account-a.1.backup.car").is_ok());
        for name in ["../secret", "/etc/passwd", "notes.txt", "account-a.3.backup.car", ""] {
            assert_eq!(listed(folder.path(), name).map_err(|e| e.code()), Err(Code::NotFound), "{name}");
        }
    }

    #[test]
    fn one_file_at_a_time_is_read_for_a_device() {
        let imports = Imports::default();
        imports.begin("a").expect("free");
        assert_eq!(imports.begin("a").map_err(|e| e.code()), Err(Code::RateLimited));
        imports.begin("b").expect("another device");
        imports.set("a", Import::Done { added: 1, spent: 0, unchanged: 0, missing: 0 });
        imports.begin("a").expect("free again");
    }
}
