//! Brings what a backup file has here.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::reading::{Hears, Reading, open, report};
use crate::engine::account::Account;
use crate::engine::api::backup::ImportReport;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::inventory::BlockRef;

/// Joins a file's items with those here, and stores the blocks that they refer to. The file is checked whole before anything is stored;
/// items come in one commit, after their blocks. What is new is this device's to publish.
///
/// # Errors
/// Those of [`Reading`], with nothing changed; store errors. Blocks that came before a failure stay, and are of no harm.
///
/// # Cancel safety
/// The items come all or not at all; import the file again.
pub async fn import(account: &Arc<Account>, from: PathBuf, hears: Hears<'_>) -> Result<ImportReport, Error> {
    account.tasks.check_open()?;
    let keys = account.local.keys();
    let (file, size) = open(from.clone()).await?;
    let total = size.saturating_mul(2);
    let reading = Reading::begin(file, Some(keys), 0, total).await?;
    let backup = reading.check(hears, Some(&account.tasks)).await?;
    let backup_report = report(&backup);
    let Some(opened) = backup.opened else { return Err(Error::new(Code::TaskFailed, "no keys")) };
    let wanted: HashSet<Cid> =
        opened.items.iter().flat_map(|item| item.refs()).flat_map(|one| chunks(&one)).collect();
    let mut storing = Storing { account, wanted, blocks: Vec::new(), bytes: 0, stored: 0 };
    let (file, _) = open(from).await?;
    let mut reading = Reading::begin(file, None, size, total).await?;
    while let Some(blocks) = reading.next(hears).await? {
        storing.take(blocks).await?;
    }
    if reading.finish()?.head.root != backup.head.root {
        return Err(Error::new(Code::Malformed, "the file changed while it was read"));
    }
    storing.write().await?;
    let Storing { stored, wanted, .. } = storing;
    let items = opened.items.len();
    let spare = account.entropy.draw();
    // What neither the file nor this device has is nowhere, as far as is known: nothing that wants it is verified.
    let lacking = wanted.into_iter().filter(|cid| !account.local.read().holdings().is_on_disk(cid)).collect();
    let gain = account.local.take_copy(opened.items, lacking, spare).await?;
    Ok(ImportReport {
        backup: backup_report,
        added: gain.added,
        spent: gain.spent,
        unchanged: items.saturating_sub(gain.changed),
        stored,
    })
}

fn chunks(block: &BlockRef) -> Vec<Cid> {
    block.chunks().copied().collect()
}

/// Stores data blocks as they come, some megabytes in one commit.
struct Storing<'a> {
    account: &'a Arc<Account>,
    wanted: HashSet<Cid>,
    blocks: Vec<Block>,
    bytes: usize,
    stored: usize,
}

impl Storing<'_> {
    async fn take(&mut self, blocks: Vec<Block>) -> Result<(), Error> {
        self.account.tasks.check_open()?;
        for block in blocks {
            // One that is here may be damaged: it is read.
            if !self.wanted.contains(block.cid()) || self.account.local.block(block.cid()).await?.is_some() {
                continue;
            }
            self.bytes = self.bytes.saturating_add(block.bytes().len());
            self.blocks.push(block);
            if self.bytes >= limits::IMPORT_COMMIT {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Error> {
        self.stored = self.stored.saturating_add(self.blocks.len());
        self.bytes = 0;
        self.account.local.keep_ahead(std::mem::take(&mut self.blocks)).await
    }
}
