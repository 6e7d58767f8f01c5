//! One edition on one node: supply, pin, put, read back, look again.

use std::time::Duration;

use futures_util::future::{join, join_all};

use super::edition::Prepared;
use super::supply::{bytes_of, forget_held, lacking, pin, upload};
use super::{Run, Step};
use crate::engine::account::Account;
use crate::engine::claim;
use crate::engine::open::name_row;
use crate::engine::state::KnownName;
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::node::{Node, Outcome, Put, PutMode};
use crate::store::{NodeRow, Write};
use crate::{Code, Error, limits};

/// Blocks looked for one by one without asking for the whole DAG.
const FEW_BLOCKS: usize = 2;
/// DAGs of up to this many blocks are looked for as a whole: one request, a few milliseconds (measured: 44 ms at 2,066).
const SMALL_DAG: usize = 256;

/// What a node said of our own name before we put there.
pub(super) enum Own {
    /// Nothing, or something we wrote that is older.
    Behind,
    /// Exactly this edition.
    Same,
    /// A record this device never wrote: to be merged before anything replaces it.
    Rival(Box<Record>),
}

/// Reads our name on one node, from its own store.
///
/// # Errors
/// When the node gives no usable answer: then nothing is put there.
pub(super) async fn own_record(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<Own, Error> {
    let call = run.call(account, account.config.timeouts.publish);
    match node.record(&prepared.name, true, &call).await {
        Outcome::Absent => Ok(Own::Behind),
        Outcome::Found(record, _) if record.same_as(&prepared.record) => Ok(Own::Same),
        Outcome::Found(record, _) if claim::is_rival(account, prepared.edition.slot, &record) => {
            Ok(Own::Rival(record))
        }
        Outcome::Found(..) => Ok(Own::Behind),
        // What does not verify is no record of anybody; an honest put replaces it.
        Outcome::Invalid(_) => Ok(Own::Behind),
        Outcome::Unreachable(e) => Err(e),
        Outcome::Skipped => Err(Error::new(Code::Unreachable, "the node was not asked")),
    }
}

/// Makes the node hold the edition's blocks, pinned. `direct` sends them; otherwise the node is told to pull them from its
/// peers, and is sent them when it cannot.
///
/// # Errors
/// The node's error.
pub(super) async fn supply(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    lack: &[Cid],
    direct: bool,
    run: &Run,
) -> Result<(), Error> {
    if !direct {
        match pull(account, node, prepared, run).await {
            Ok(()) => return Ok(()),
            Err(e) => tracing::debug!(node = node.id(), code = %e.code(), "could not pull from its peers"),
        }
    }
    if !lack.is_empty() {
        upload(account, node, prepared, lack, run).await?;
    }
    Ok(())
}

/// Tells the node to pin, which makes it pull what it lacks from its peers; gives up when no further block arrives.
async fn pull(account: &Account, node: &dyn Node, prepared: &Prepared, run: &Run) -> Result<(), Error> {
    let call = run.call(account, limits::PULL_TOTAL);
    let (blocks, mut seen) = tokio::sync::watch::channel(0_u64);
    let progress = |count: u64| {
        // The same count again is a sign of life, not of progress.
        if blocks.send_if_modified(|old| std::mem::replace(old, count) != count) {
            account.step();
        }
    };
    let stalled =
        async { while let Ok(Ok(())) = tokio::time::timeout(limits::PULL_IDLE, seen.changed()).await {} };
    tokio::select! {
        pinned = node.pin(&prepared.edition.root, &prepared.name, &progress, &call) => pinned,
        () = stalled => Err(Error::new(Code::Deadline, "no further block came from its peers")),
    }
}

/// Publishes to one node, all steps.
///
/// # Errors
/// The node's error; what it holds by then is found out by the next run.
pub(super) async fn publish_to(
    account: &Account,
    at: usize,
    prepared: &Prepared,
    direct: bool,
    run: &Run,
) -> Result<Step, Error> {
    let Some(node) = account.nodes.node(at) else { return Err(Error::new(Code::NotFound, "no such node")) };
    let node = node.as_ref();
    let started = account.clock.monotonic();
    let step = |step: &str| {
        let ms = account.clock.monotonic().saturating_duration_since(started).as_millis();
        tracing::trace!(node = node.id(), step, ms, "publishing");
    };
    let mut lack = lacking(account, node.id(), prepared);
    if lack.len() == prepared.all.len() && was_pinned(account, node.id()) {
        lack = look_for_all(account, node, prepared, lack, run).await;
    }
    let (own, supplied) =
        join(own_record(account, node, prepared, run), supply(account, node, prepared, &lack, direct, run))
            .await;
    supplied?;
    let own = own?;
    if let Own::Rival(record) = own {
        return Ok(Step::Rival(record));
    }
    step("supplied");
    let put = async {
        match own {
            Own::Same => Ok(()),
            _ => put_record(account, node, prepared, run).await,
        }
    };
    let (put, pinned) = join(put, pin_or_resend(account, node, prepared, run)).await;
    put?;
    step("put and pinned");
    run.note_put(account);
    let (seen, held) =
        join(sees(account, node, prepared, run), holds(account, node, prepared, &lack, run)).await;
    if !seen? {
        return Err(Error::new(Code::Invalid, "the node said it took the record and does not show it"));
    }
    run.seen(at);
    pinned?;
    if !held? {
        forget_held(account, node.id()).await?;
        return Err(Error::new(Code::Invalid, "the node said it pinned and lacks a block"));
    }
    step("read back");
    second_look(account, node, prepared, run).await?;
    step("seen twice");
    note_verified(account, node.id(), prepared, &lack).await?;
    Ok(Step::Verified)
}

fn was_pinned(account: &Account, node: &str) -> bool {
    account.read().nodes.contains_key(node)
}

/// Nothing is known of a node that was written to before: one question may save sending everything.
async fn look_for_all(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    lack: Vec<Cid>,
    run: &Run,
) -> Vec<Cid> {
    let call = run.call(account, account.config.timeouts.publish);
    match node.holds_dag(&prepared.edition.root, &call).await {
        Ok(Some(_)) => Vec::new(),
        _ => lack,
    }
}

pub(super) async fn put_record(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<(), Error> {
    let call = run.call(account, account.config.timeouts.publish);
    match node.put_record(&prepared.record, PutMode::Offline, &call).await? {
        Put::Stored => Ok(()),
        Put::Older => Err(Error::new(Code::Conflict, "the node holds a record that it prefers")),
        Put::Refused(why) => Err(Error::new(Code::Invalid, format!("the node refused the record: {why}"))),
    }
}

/// Pins; when the node lost what it was known to hold, sends everything once more.
pub(super) async fn pin_or_resend(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<(), Error> {
    let first = match pin(account, node, prepared, run).await {
        Ok(()) => return Ok(()),
        Err(e) => e,
    };
    if matches!(first.code(), Code::Denied) {
        return Err(first);
    }
    tracing::debug!(node = node.id(), code = %first.code(), "the pin failed; everything is sent again");
    forget_held(account, node.id()).await?;
    upload(account, node, prepared, &prepared.all, run).await?;
    pin(account, node, prepared, run).await
}

/// Whether the node's own store shows exactly this edition's record.
pub(super) async fn sees(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<bool, Error> {
    let call = run.call(account, account.config.timeouts.publish);
    match node.record(&prepared.name, true, &call).await {
        Outcome::Found(record, _) => Ok(record.same_as(&prepared.record)),
        Outcome::Absent | Outcome::Invalid(_) => Ok(false),
        Outcome::Unreachable(e) => Err(e),
        Outcome::Skipped => Err(Error::new(Code::Unreachable, "the node was not asked")),
    }
}

/// Whether the node's own store holds the root and the changed blocks; of many, the whole DAG and a hashed sample.
pub(super) async fn holds(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    changed: &[Cid],
    run: &Run,
) -> Result<bool, Error> {
    let call = run.call(account, account.config.timeouts.publish);
    let root = prepared.edition.root;
    if changed.len() <= FEW_BLOCKS || (prepared.all.len() > SMALL_DAG && changed.len() <= limits::STAT_BLOCKS)
    {
        let asked = changed.iter().chain(std::iter::once(&root)).map(|cid| node.holds(cid, &call));
        let answers: Vec<Result<bool, Error>> = join_all(asked).await;
        return answers.into_iter().try_fold(true, |all, one| Ok(all && one?));
    }
    if node.holds_dag(&root, &call).await?.is_none() {
        return Ok(false);
    }
    if prepared.all.len() <= SMALL_DAG {
        return Ok(true);
    }
    let samples = (0..limits::SAMPLE_BLOCKS).filter_map(|_| {
        let at = usize::try_from(account.entropy.below(changed.len() as u64)).ok()?;
        changed.get(at)
    });
    let blocks = join_all(samples.map(|cid| node.own_block(cid, &call))).await;
    blocks.into_iter().try_fold(true, |all, block| Ok(all && block?.is_some()))
}

/// Racing puts show within this time; where a lower record came back, ours is put again.
async fn second_look(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<(), Error> {
    for _ in 0..SECOND_LOOKS {
        tokio::time::sleep(limits::SECOND_LOOK + Duration::from_millis(1)).await;
        match own_record(account, node, prepared, run).await? {
            Own::Same => return Ok(()),
            Own::Rival(_) => return Err(Error::new(Code::Conflict, "another record took the place of ours")),
            Own::Behind => put_record(account, node, prepared, run).await?,
        }
    }
    Err(Error::new(Code::Invalid, "the node does not keep the record"))
}

/// Times a displaced record is put again before the node counts as not keeping it.
const SECOND_LOOKS: u32 = 3;

/// Remembers a node as proven to hold the edition, and our own name as seen.
pub(super) async fn note_verified(
    account: &Account,
    node: &str,
    prepared: &Prepared,
    sent: &[Cid],
) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let now = account.clock.now();
    let slot = prepared.edition.slot;
    let (row, own, stale) = {
        let state = account.read();
        let old = state.nodes.get(node).filter(|row| row.slot == slot.number()).cloned();
        let mut row = old.unwrap_or_else(|| fresh_row(node, slot.number()));
        row.pinned.retain(|root| *root != prepared.edition.root);
        row.pinned.push(prepared.edition.root);
        row.verified_sequence = prepared.edition.sequence;
        row.put_at = now;
        let own = state.names.get(&slot).map(|known| KnownName { verified_at: now, ..known.clone() });
        let held = state.held.get(node).map_or(0, std::collections::HashSet::len);
        (row, own, held > prepared.all.len().saturating_mul(2).saturating_add(STALE_HELD))
    };
    let held = if stale {
        Write::HeldExactly { node: node.to_owned(), cids: prepared.all.clone() }
    } else {
        Write::Held { node: node.to_owned(), cids: sent.to_vec() }
    };
    let mut batch = vec![Write::Node(row.clone()), held];
    batch.extend(own.as_ref().map(|own| Write::Name(name_row(slot, own))));
    account.store.commit(batch).await?;
    let mut state = account.write();
    state.nodes.insert(node.to_owned(), row);
    let held = state.held.entry(node.to_owned()).or_default();
    if stale {
        *held = prepared.all.iter().copied().collect();
    } else {
        held.extend(sent);
    }
    if let Some(own) = own {
        state.names.insert(slot, own);
    }
    Ok(())
}

/// Blocks of older editions remembered beyond twice the present ones before the list is made anew.
const STALE_HELD: usize = 1_000;

fn fresh_row(node: &str, slot: u8) -> NodeRow {
    NodeRow { node: node.to_owned(), slot, pinned: Vec::new(), verified_sequence: 0, put_at: 0 }
}

/// Whether an upload is bulk: then two nodes carry it to the others.
pub(super) fn is_bulk(account: &Account, node: &str, prepared: &Prepared) -> bool {
    bytes_of(prepared, &lacking(account, node, prepared)) > limits::BULK_BYTES as u64
}

/// Unpins roots of ours beyond the newest few. Only roots that the node was verified with are listed, so a newer one is
/// pinned and proven there.
pub(super) async fn unpin_older(account: &Account, at: usize, run: &Run) {
    let Some(node) = account.nodes.node(at) else { return };
    let Some(row) = account.read().nodes.get(node.id()).cloned() else { return };
    let surplus = row.pinned.len().saturating_sub(limits::PINNED_ROOTS);
    for root in row.pinned.iter().take(surplus) {
        let call = run.call(account, account.config.timeouts.publish);
        if node.unpin(root, &call).await.is_err() {
            return;
        }
        let _order = account.order.lock().await;
        let Some(mut row) = account.read().nodes.get(node.id()).cloned() else { return };
        row.pinned.retain(|pinned| pinned != root);
        if account.store.commit(vec![Write::Node(row.clone())]).await.is_err() {
            return;
        }
        account.write().nodes.insert(node.id().to_owned(), row);
    }
}
