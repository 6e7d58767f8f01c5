//! Brings the blocks of live items to this disk: payloads first, then evidence and values.

use std::collections::HashSet;

use crate::engine::account::Account;
use crate::engine::api::event::Progress;
use crate::error::Error;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::root::Root;
use crate::node::Call;

/// Bytes written in one transaction while content streams in: bounds memory.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// Blocks asked for singly before their arrival is committed.
const CHUNK_BLOCKS: usize = 64;
/// The same where the peers are asked: their windows stay full.
const PEER_CHUNK_BLOCKS: usize = 512;
/// Part of the time left that streams may take: one that hangs leaves time for the rest.
const STREAM_SHARE: f64 = 0.7;
/// With up to this many blocks missing, single requests are as good as a stream.
const FEW_BLOCKS: usize = 3;

/// ContentFetch of what is missing, and who hears of it.
struct ContentFetch<'a> {
    account: &'a Account,
    call: &'a Call,
    total: usize,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Fetches everything that is missing until the call's deadline; what arrived is kept in any case.
///
/// # Errors
/// Store errors only: content that cannot be had is still missing afterwards.
///
/// # Cancel safety
/// Blocks that were committed stay.
pub async fn fetch_missing(
    account: &Account,
    roots: &[Root],
    progress: &(dyn Fn(Progress) + Send + Sync),
    call: &Call,
) -> Result<(), Error> {
    let (total, kept) = {
        let state = account.local.read();
        (state.holdings().missing_count(), state.holdings().kept())
    };
    let fetching = ContentFetch { account, call, total, progress };
    if total == 0 {
        return Ok(());
    }
    fetching.report();
    // One answer for all pays off when most of a device's content is wanted. It ends at the first block that is nowhere: then
    // each is asked for by itself, and again the next time.
    if total > FEW_BLOCKS && total >= kept && !account.local.read().holdings().has_in_vain() {
        let now = account.clock.monotonic();
        let share = call.deadline.saturating_duration_since(now).mul_f64(STREAM_SHARE);
        let streaming = Call { deadline: now + share, meter: call.meter.clone() };
        for root in roots {
            if !fetching.stream(root, &streaming).await? {
                break;
            }
            if fetching.left() == 0 {
                return Ok(());
            }
        }
    }
    fetching.singly().await
}

/// Fetches these blocks until the call's deadline and keeps what comes.
///
/// # Errors
/// Store errors only: what did not come is still missing afterwards.
///
/// # Cancel safety
/// Blocks that were committed stay.
pub async fn fetch_blocks(account: &Account, cids: &[Cid], call: &Call) -> Result<(), Error> {
    for chunk in cids.chunks(CHUNK_BLOCKS) {
        if account.clock.monotonic() >= call.deadline {
            break;
        }
        let fetched = account.network.fetch_blocks(chunk, call).await;
        account.local.keep_blocks(fetched.blocks).await?;
    }
    Ok(())
}

impl ContentFetch<'_> {
    fn left(&self) -> usize {
        self.account.local.read().holdings().missing_count()
    }

    fn report(&self) {
        (self.progress)(Progress::Fetching {
            done: self.total.saturating_sub(self.left()),
            total: self.total,
        });
    }

    async fn keep(&self, blocks: Vec<Block>) -> Result<(), Error> {
        self.account.local.keep_blocks(blocks).await?;
        self.report();
        Ok(())
    }

    async fn singly(&self) -> Result<(), Error> {
        let rest = self.account.local.read().holdings().missing(self.account.clock.now());
        let size = if self.account.network.http_fails() { PEER_CHUNK_BLOCKS } else { CHUNK_BLOCKS };
        for chunk in rest.chunks(size) {
            if self.account.clock.monotonic() >= self.call.deadline {
                break;
            }
            let fetched = self.account.network.fetch_blocks(chunk, self.call).await;
            self.keep(fetched.blocks).await?;
            let failed = fetched.failed.into_iter().map(|(cid, _)| cid).collect();
            self.account.local.note_in_vain(failed).await?;
        }
        Ok(())
    }

    /// Streams one device's keep and writes the wanted blocks as they come; `false` when the stream did not end by itself.
    async fn stream(&self, root: &Root, call: &Call) -> Result<bool, Error> {
        let held: HashSet<Cid> = self.account.local.read().holdings().on_disk().copied().collect();
        let (sender, mut arrived) = tokio::sync::mpsc::unbounded_channel::<Block>();
        let streaming = async move {
            let mut sink = move |block: Block| {
                // The receiver lives until the stream ends.
                let _ = sender.send(block);
            };
            self.account.network.fetch_car(&root.keep, held, &mut sink, call).await
        };
        let writing = async {
            let (mut blocks, mut bytes) = (Vec::new(), 0);
            while let Some(block) = arrived.recv().await {
                if !self.account.local.read().holdings().is_missing(block.cid()) {
                    continue;
                }
                bytes += block.bytes().len();
                blocks.push(block);
                if bytes >= COMMIT_BYTES || arrived.is_empty() && bytes >= COMMIT_BYTES / 4 {
                    self.keep(std::mem::take(&mut blocks)).await?;
                    bytes = 0;
                }
            }
            self.keep(blocks).await
        };
        let (streamed, written) = futures_util::future::join(streaming, writing).await;
        written?;
        match streamed {
            Some(Err(e)) => {
                tracing::debug!(code = %e.code(), "the content stream ended early");
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}
