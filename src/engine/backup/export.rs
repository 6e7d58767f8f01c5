//! Writes everything that this device has into one file.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::reading::{Hears, Reading, report};
use crate::engine::account::Account;
use crate::engine::api::backup::{BackupProgress, BackupReport};
use crate::engine::publish::snapshot::{Snapshot, snapshot};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::backup::Head;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::store::whole_file::WholeFile;

/// Writes the file; on disk under its name when this returns.
///
/// # Errors
/// Those of [`WholeFile::begin`]; `too_large` where no reader would take it; `corrupt` where block after block is found damaged;
/// store errors. What was under the name is as it was.
///
/// # Cancel safety
/// The file is there whole or not at all.
pub async fn export(
    account: &Arc<Account>,
    to: PathBuf,
    replaces: bool,
    hears: Hears<'_>,
) -> Result<BackupReport, Error> {
    for _ in 0..limits::BACKUP_TRIES {
        account.tasks.check_open()?;
        let snapshot = snapshot(account).await?;
        if let Some(report) = write(account, snapshot, to.clone(), replaces, hears).await? {
            return Ok(report);
        }
    }
    Err(Error::new(Code::Corrupt, "blocks of this wallet are found damaged again and again"))
}

/// Writes one snapshot and reads it back; nothing where a block of it cannot be read from this disk any more, which is known from
/// then on.
async fn write(
    account: &Arc<Account>,
    snapshot: Snapshot,
    to: PathBuf,
    replaces: bool,
    hears: Hears<'_>,
) -> Result<Option<BackupReport>, Error> {
    let total = check_size(&snapshot)?;
    let head = Head { root: *snapshot.root.cid(), record: snapshot.record }.to_block()?;
    let tag = u64::from_be_bytes(account.entropy.draw());
    let mut file = blocking(move || WholeFile::begin(&to, tag, replaces)).await?;
    let mut car = CarWriter::new(head.cid());
    let mut done = 0_u64;
    [&head, &snapshot.root].into_iter().chain(&snapshot.nodes).for_each(|block| car.push(block));
    for (cid, _) in &snapshot.data {
        let Some(block) = account.local.block(cid).await? else {
            find_damage(account, &snapshot.data).await?;
            return Ok(None);
        };
        car.push(&block);
        if car.len() as u64 >= limits::FILE_CHUNK {
            account.tasks.check_open()?;
            done = done.saturating_add(car.len() as u64);
            file = append(file, car.take()).await?;
            hears(BackupProgress { done, total: total.max(done) });
        }
    }
    file = append(file, car.take()).await?;
    // What is told is what the file says, not what was meant to be in it.
    let (file, written) = blocking(move || file.read_back().map(|written| (file, written))).await?;
    let keys = account.local.keys();
    let reading = Reading::begin(written, Some(keys), 0, 0).await?;
    let backup = reading.check(&|_| (), Some(&account.tasks)).await?;
    let report = report(&backup);
    blocking(move || file.finish()).await?;
    hears(BackupProgress { done: report.bytes, total: report.bytes });
    Ok(Some(report))
}

/// Bytes of all blocks, where a reader takes as many.
fn check_size(snapshot: &Snapshot) -> Result<u64, Error> {
    let blocks = snapshot.nodes.len().saturating_add(snapshot.data.len()).saturating_add(2);
    let nodes = snapshot.nodes.iter().map(|block| block.bytes().len() as u64);
    let bytes = nodes.chain(snapshot.data.iter().map(|(_, size)| *size)).sum::<u64>();
    // Around each block stand its CID and its length.
    let around = (blocks as u64).saturating_mul(limits::CAR_CID_BYTES as u64);
    if blocks > limits::CAR_BLOCKS || bytes.saturating_add(around) > limits::CAR_BYTES {
        let message = format!("{blocks} blocks of {bytes} bytes: more than one file may hold");
        return Err(Error::new(Code::TooLarge, message));
    }
    Ok(bytes)
}

/// Looks at every block once, so that one further attempt is enough however many are damaged.
async fn find_damage(account: &Arc<Account>, data: &[(Cid, u64)]) -> Result<(), Error> {
    for (cid, _) in data {
        account.local.block(cid).await?;
        account.tasks.check_open()?;
    }
    Ok(())
}

async fn append(mut file: WholeFile, bytes: Bytes) -> Result<WholeFile, Error> {
    blocking(move || file.write(&bytes).map(|()| file)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| Error::new(Code::TaskFailed, "writing the file ended unexpectedly"))?
}
