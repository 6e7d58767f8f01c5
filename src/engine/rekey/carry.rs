//! Takes what one account has to another one, sealed anew under its keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::engine::account::Account;
use crate::engine::local::rows::Confirmed;
use crate::engine::wallet::read::open_block;
use crate::engine::wallet::seal::seal_block;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::inventory::{BlockRef, Inventory, Item, Resealed, resealed_proof};
use crate::model::seal::Kind;

/// What was taken along.
pub struct Carried {
    /// Items that were here.
    pub items: usize,
    /// States that are new there.
    pub added: usize,
    /// Payloads, evidence and values that could not be had.
    pub missing: usize,
    /// Items of a later release.
    pub unknown: usize,
}

/// Joins every item with those there: the bytes first, some megabytes in one commit, then all items in one.
///
/// # Errors
/// `decrypt_failed` for what does not open; store errors. What came before a failure stays, and is of no harm.
///
/// # Cancel safety
/// The items come all or not at all; call it again.
pub async fn carry(old: &Account, new: &Arc<Account>) -> Result<Carried, Error> {
    let (items, confirmed): (Vec<Item>, Confirmed) = {
        let state = old.local.read();
        let inventory = state.holdings().inventory();
        (inventory.items().collect(), inventory.confirmed().clone())
    };
    let mut sealing = Sealing { new, plain: Vec::new(), bytes: 0, done: Resealed::new() };
    let (mut missing, mut gives) = (0, true);
    for (block, want) in wanted(&items) {
        let bytes = match plain(old, want, &block, gives).await? {
            Some(bytes) => Some(bytes),
            None => {
                // Once one did not come, what is not here is not waited for again and again.
                gives = false;
                missing += usize::from(want.is_needed);
                // A spend stays one, whatever became of what shows it.
                (want.kind == Kind::Evidence).then(Bytes::new)
            }
        };
        if let Some(bytes) = bytes {
            sealing.take(want, block, bytes).await?;
        }
    }
    sealing.write().await?;
    let done = sealing.done;
    let is_unknown = |item: &&Item| matches!(item, Item::Unknown { .. });
    let unknown = items.iter().filter(is_unknown).count();
    let confirmed = {
        let state = old.local.read();
        resealed_rejections(state.holdings().inventory(), confirmed, &done)
    };
    let count = items.len();
    let items = items.into_iter().map(|item| item.resealed(&done)).collect();
    let gain = new.local.take_copy(items, Vec::new(), new.entropy.draw()).await?;
    if !confirmed.is_empty() {
        new.local.confirm_also(confirmed).await?;
    }
    Ok(Carried { items: count, added: gain.added, missing, unknown })
}

/// What a reference is to.
#[derive(Clone, Copy, Debug)]
struct Want {
    kind: Kind,
    /// Bytes at most.
    max: usize,
    /// The wallet is not whole without it.
    is_needed: bool,
}

/// What is to be sealed anew, each once. Of what is proven spent nothing but the fact is needed.
fn wanted(items: &[Item]) -> BTreeMap<BlockRef, Want> {
    let mut wanted = BTreeMap::new();
    for item in items {
        match item {
            Item::Token(_, state) => {
                let is_needed = !state.is_spent();
                let evidence = Want { kind: Kind::Evidence, max: limits::EVIDENCE_BYTES, is_needed };
                let payload = Want { kind: Kind::State, max: limits::PAYLOAD_BYTES, is_needed };
                wanted.extend(state.intents.iter().chain(&state.proofs).map(|one| (one.clone(), evidence)));
                wanted.extend(state.payloads.iter().map(|one| (one.clone(), payload)));
            }
            other => {
                let value = Want { kind: Kind::Value, max: limits::VALUE_BYTES, is_needed: true };
                wanted.extend(other.refs().into_iter().map(|one| (one, value)));
            }
        }
    }
    wanted
}

/// The bytes themselves; none where they are neither here nor on a node. `asks`: also of the nodes.
async fn plain(old: &Account, want: Want, block: &BlockRef, asks: bool) -> Result<Option<Bytes>, Error> {
    let is_here = {
        let state = old.local.read();
        block.chunks().all(|cid| state.holdings().is_on_disk(cid))
    };
    if !is_here && !asks {
        return Ok(None);
    }
    match open_block(old, want.kind, block, want.max).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.is_storage() || e.code() == Code::DecryptFailed => Err(e),
        Err(_) => Ok(None),
    }
}

fn resealed_rejections(inventory: &Inventory, confirmed: Confirmed, done: &Resealed) -> Confirmed {
    let of = |(key, proofs): (_, BTreeSet<_>)| {
        let state = inventory.state(&key)?;
        let proofs = proofs.iter().map(|hash| resealed_proof(state, hash, done)).collect();
        Some((key, proofs))
    };
    confirmed.into_iter().filter_map(of).collect::<BTreeMap<_, _>>()
}

type Plain = (Want, BlockRef, Bytes);

/// Seals bytes and stores them, some megabytes at a time.
struct Sealing<'a> {
    new: &'a Arc<Account>,
    plain: Vec<Plain>,
    bytes: usize,
    done: Resealed,
}

impl Sealing<'_> {
    async fn take(&mut self, want: Want, old: BlockRef, bytes: Bytes) -> Result<(), Error> {
        self.new.tasks.check_open()?;
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.plain.push((want, old, bytes));
        if self.bytes >= limits::IMPORT_COMMIT || self.plain.len() >= limits::CARRY_BATCH {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Error> {
        self.bytes = 0;
        let (local, plain) = (self.new.local.clone(), std::mem::take(&mut self.plain));
        let sealed = tokio::task::spawn_blocking(move || {
            let seal = |(want, old, bytes): Plain| {
                let (blocks, new) = seal_block(local.keys(), want.kind, &bytes, want.max)?;
                Ok((old, new, blocks))
            };
            plain.into_iter().map(seal).collect::<Result<Vec<_>, Error>>()
        });
        let sealed =
            sealed.await.map_err(|_| Error::new(Code::TaskFailed, "sealing ended unexpectedly"))??;
        let mut lacking: Vec<Block> = Vec::new();
        for (old, new, blocks) in sealed {
            self.done.insert(old, new);
            for block in blocks {
                // One that is here may be damaged: it is read.
                if self.new.local.block(block.cid()).await?.is_none() {
                    lacking.push(block);
                }
            }
        }
        self.new.local.keep_ahead(lacking).await
    }
}
