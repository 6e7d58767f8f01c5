//! The engine of one account: keeps a wallet's tokens, backs them up on the user's nodes, and merges what other devices
//! published.
//!
//! [`Engine::open`] gives a handle that is cheap to clone. Local reads and writes never wait for a network; a change is on disk
//! before its call returns. [`Engine::sync`] reads the nodes and publishes what is pending; with [`Mode::Background`] the
//! engine does both by itself.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | slot | one of the 64 names of a wallet; each device that writes owns one, and only it signs for it |
//! | record | the IPNS record of a name: a signed sequence number and the CID of a root |
//! | high-water mark | highest sequence ever seen of a name, kept on disk; nothing older is believed |
//! | root | the block that a record points at: links an index and a keep, names the heads of other slots |
//! | index | a trie of all items of the wallet, sealed; equal wallets have equal indexes |
//! | keep | a trie of the CIDs of the data blocks a device has, so that a node's pin holds them |
//! | beacon | a pin that only the wallet can name; its name says which edition of a slot is pinned (two for each slot) |
//! | contained | whose items and blocks are all in what is signed next: only that may be replaced |
//! | edition | one signed record with its root and all blocks below it |
//! | gap | the slots beyond the highest known one, asked for now and then to find new devices |
//! | lane | the steps that bring one node to the newest edition |
//! | level | how far a change has come: `local` (on this disk), `published` (one node), `verified` (read back from two) |
//! | outbox | changes below `verified`; published again until they are |
//! | tier | where an answer comes from: cache, the nodes over HTTP, the nodes as libp2p peers |
//!
//! # Rooms
//!
//! Each folder is one concern and names only those below it; `tests/engine/import_direction` holds them to that.
//!
//! ```text
//!  mod, observe, disputes, devices, care, windows   the public methods
//!  start             opens and closes
//!  rehearse | rekey  a fresh device in memory, compared with this one | all of it taken to another secret
//!  schedule          when the engine works by itself: outbox, polling, push, upkeep, audits
//!  audit             what each node's own store holds, and putting it back
//!  sync              one call: read, publish, wait
//!  read | publish    nodes to device | device to nodes
//!  wallet | backup   the wallet's own reads and writes | the wallet in one file (legacy: a predecessor's)
//!  merge             a root found elsewhere to the inventory
//!  account           wires the owners together
//!  local | network   what this device knows, the only door for writes | the nodes, HTTP first, then peers
//!  api               plain data that callers see; next to it events, tasks, lanes, push, measure
//! ```
//!
//! # One sync, from the command to the socket and back
//!
//! ```text
//!  Engine::sync
//!   └ sync          fresh enough? ── yes ──> answer from memory (tier 1)
//!      │ no
//!      ├ read       which slots? ──> network::ask ──> node ──> sockets (tier 2)
//!      │             │                    └ nothing usable after 0.8 s ──> peers (tier 3)
//!      │             │ records, highest first; beacons of names that are new, absent or behind
//!      │             ├ merge    root, index (what the record does not carry: network ──> node ──> sockets) ──> items
//!      │             │           └ local::turn ─ commit ─> disk, then memory ──> tokens-changed
//!      │             ├ checks   beside the questions: do nodes still have what they were proven to hold?
//!      │             ├ verdict  is it an answer? what was seen, in one commit
//!      │             ├ repairs  older records elsewhere, behind the answer
//!      │             ├ merge    payloads that are missing, with the time that is left
//!      │             └ confirm  what others wrote: pin, beacon, bytes on two machines, behind the answer
//!      ├ publish    edition: sign ─ local commits it ─> disk, before anything is sent
//!      │             └ one lane a node: upload, read ─ pin, put, rename a beacon ─ look ──> local: level ──> publish-changed
//!      └ wait       until the level is reached, nothing moves, or the deadline passes ──> SyncReport
//! ```
//!
//! A local write takes the short way: `Engine::put` ─ wallet::write ─ local::turn ─ commit ─> disk, then memory ─> answer.
//! So a token goes from `put_tokens` to the record on a node through `wallet`, `local`, `schedule`, `sync`, `publish`, `network`,
//! and a foreign record from the socket to `tokens-changed` through `network`, `read`, `merge`, `local`, `events`: each room once.

mod account;
mod api;
mod attempts;
mod audit;
mod backup;
mod care;
mod damage;
mod devices;
mod disputes;
mod events;
mod first_look;
mod lanes;
mod legacy;
mod local;
mod measure;
mod merge;
mod network;
mod observe;
mod publish;
mod push;
mod read;
mod rehearse;
mod rekey;
mod schedule;
mod shares;
mod start;
mod sync;
mod tasks;
#[cfg(test)]
mod tests;
mod uplink;
mod wallet;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::account::Account;
pub use self::api::audit::{AuditProgress, AuditReport, AuditRequest, Lost, Mark, NodeAudit};
pub use self::api::backup::{BackupProgress, BackupReport, ImportReport};
pub use self::api::event::{Event, Origin, Progress, Way};
pub use self::api::first_look::FirstLook;
pub use self::api::legacy::{Found, LegacyPart, LegacyReport, LegacySource, Unreadable};
pub use self::api::rehearsal::{Missed, Rehearsal};
pub use self::api::report::{NameReport, NodeOutcome, NodeReport, SyncFailure, SyncOutcome, SyncReport};
pub use self::api::request::SyncRequest;
pub use self::api::secret_change::{SecretChange, Unmarked};
pub use self::api::status::{
    Ability, Ack, CacheKind, CacheStats, DeviceRow, Finding, HighWater, LastSync, LeftOut, NameInfo,
    NodeStatus, Status, TokenCounts,
};
pub use self::api::tokens::{
    Entries, EntryRow, EntryVersionRow, EntryVersions, NewToken, ProofRow, PutReport, SpendKind, SpendReport,
    TokenChanges, TokenRow,
};
pub use self::events::Subscription;
pub use self::local::room::Bounds;
use self::start::OpenAccount;
pub use self::start::{Mode, OpenOptions, Parts, nodes_of};
use self::tasks::to_the_end;
use crate::error::{Code, Error};
use crate::model::inventory::Entry;
pub use crate::model::inventory::{Id, ProofHash, Spend, TokenKey};
pub use crate::node::health::NodeState;
use crate::secret::Secret;
pub use crate::store::Level;

/// A handle to an open account. Cheap to clone; the last one dropped does not close it, [`Engine::close`] does.
#[derive(Clone)]
pub struct Engine(Arc<OpenAccount>);

impl Engine {
    /// Opens an account in a folder.
    ///
    /// # Errors
    /// `bad_request` for a wrong setting, `locked` when another process has the folder (naming its pid),
    /// `newer_schema`, `wrong_wallet`, `storage_io`, `storage_full`, `corrupt`.
    ///
    /// # Cancel safety
    /// A folder that was made stays; nothing is left open.
    pub async fn open(secret: &Secret, options: OpenOptions) -> Result<Self, Error> {
        start::open(secret, options).await.map(Arc::new).map(Self)
    }

    /// Opens an account from its parts.
    ///
    /// # Errors
    /// As [`Engine::open`].
    ///
    /// # Cancel safety
    /// As [`Engine::open`].
    pub async fn assemble(secret: &Secret, parts: Parts) -> Result<Self, Error> {
        start::assemble(secret, parts, Vec::new()).await.map(Arc::new).map(Self)
    }

    /// Adds token states, all or nothing. On disk when it returns.
    ///
    /// # Errors
    /// `bad_request` naming the token and field, `conflict` when a state is here with other content,
    /// `inventory_too_large`, `locked`, store errors. Nothing is stored then.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the write; it happens whole or not at all.
    pub async fn put(&self, tokens: Vec<NewToken>) -> Result<PutReport, Error> {
        to_the_end(wallet::write::put(self.writable()?, tokens)).await
    }

    /// Records a spend of a state; a second, different intent or proof is kept too. On disk when it returns, also when the
    /// state itself is not known here; the report says whether it is.
    ///
    /// # Errors
    /// `bad_request`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn spend(
        &self,
        token_id: &str,
        state_hash: &str,
        kind: SpendKind,
        evidence: Bytes,
    ) -> Result<SpendReport, Error> {
        let (token_id, state_hash) = (token_id.to_owned(), state_hash.to_owned());
        to_the_end(wallet::write::spend(self.writable()?, token_id, state_hash, kind, evidence)).await
    }

    /// Sets a synced entry.
    ///
    /// # Errors
    /// `bad_request`, `inventory_too_large`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn set(&self, key: &str, value: Bytes) -> Result<(), Error> {
        to_the_end(wallet::write::set(self.writable()?, key.to_owned(), value)).await
    }

    /// Deletes a synced entry: it is not listed any more until it is set again, here or on a device that has not seen this.
    ///
    /// # Errors
    /// As [`Engine::set`].
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        to_the_end(wallet::write::delete(self.writable()?, key.to_owned())).await
    }

    /// Checks the key of an entry before it is used: 1–128 characters, none of them a control character.
    ///
    /// # Errors
    /// `bad_request` naming the rule.
    pub fn check_entry_key(key: &str) -> Result<(), Error> {
        Entry::check_key(key)
    }

    /// The shown value of a synced entry.
    ///
    /// # Errors
    /// `not_found`; `unreachable` when its bytes are not here yet.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn get(&self, key: &str) -> Result<Bytes, Error> {
        wallet::read::get(self.account(), key).await
    }

    /// A payload, byte for byte as it was put; fetched when it is not on this disk.
    ///
    /// # Errors
    /// `not_found`, `bad_request`; `unreachable` when it cannot be fetched within the sync's deadline.
    ///
    /// # Cancel safety
    /// Reads only; a fetched block may be kept or not.
    pub async fn payload(&self, token_id: &str, state_hash: &str) -> Result<Bytes, Error> {
        wallet::read::payload(self.account(), token_id, state_hash).await
    }

    /// Entries whose key starts with `prefix`, in key order, after a key: up to `limit`, and no further ones once their
    /// values exceed `max_bytes`. No network is asked.
    ///
    /// # Errors
    /// Store errors; `decrypt_failed` for a value that does not open.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn entries(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Entries, Error> {
        wallet::read::entries(self.account(), prefix, after, limit, max_bytes).await
    }

    /// Reads the nodes, merges, publishes what is pending. Concurrent calls share one read.
    ///
    /// # Errors
    /// `unreachable`, `invalid` or `denied` when no source gave a usable answer and one was needed (`fresh`, or nothing is
    /// here yet); storage codes. Local data are as they were.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the read and the publish running; their results are kept.
    pub async fn sync(
        &self,
        request: SyncRequest,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<SyncReport, SyncFailure> {
        self.writable()?;
        self.0.syncs.sync(request, Arc::new(progress)).await
    }

    /// Publishes what is pending until it is `verified`, or the time is up.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    ///
    /// # Cancel safety
    /// As [`Engine::sync`].
    pub async fn flush(&self, within: Duration) -> Result<SyncReport, SyncFailure> {
        self.sync(SyncRequest { fresh: false, deadline: Some(within), wait: Some(Level::Verified) }, |_| ())
            .await
    }

    /// The secret was made here just now: there is nothing to be read before the first publish.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Whole or not done.
    pub async fn note_created(&self) -> Result<(), Error> {
        self.account().local.note_first_read().await
    }

    /// The state of the account, without any network.
    #[must_use]
    pub fn status(&self) -> Status {
        wallet::status::status(self.account())
    }

    /// Names of slot 0 to the highest known and two more, at least slots 0 to 2.
    #[must_use]
    pub fn names(&self) -> Vec<NameInfo> {
        wallet::status::names(self.account())
    }

    /// Takes a node out of use or back into it. It lasts until the account is closed: a node that is to go for good
    /// goes from the configuration. The node still counts as configured, so that a majority stays what it was.
    ///
    /// # Errors
    /// `not_found` when no node has this id.
    pub fn set_node_enabled(&self, id: &str, enabled: bool) -> Result<(), Error> {
        wallet::status::set_node_enabled(self.account(), id, enabled)
    }

    /// Does what is due by the wall clock: records put again every 12 h, signed again every year, history kept, cache
    /// trimmed. [`Mode::Background`] does this by itself.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Each step is whole or not done; call it again.
    pub async fn upkeep(&self) -> Result<(), Error> {
        schedule::upkeep::upkeep(&self.writable()?).await
    }

    /// Tells whether the app is in front. With [`Mode::Background`] this decides how often the nodes are read; coming to
    /// the front reads at once unless the cache is fresh.
    pub fn set_foreground(&self, is_in_front: bool) {
        self.0.schedule().set_foreground(is_in_front);
    }

    /// Tells that the app was suspended and runs again: the nodes are read at once, whatever the cache says.
    pub fn resume(&self) {
        self.0.schedule().resume();
    }

    /// Listens to events from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.account().events.subscribe()
    }

    /// Sentences about what was found damaged when the account was opened; each is given once.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<String> {
        self.account().local.take_damage()
    }

    /// Lets running work end for at most `drain`, then releases the folder. Idempotent; what is left is on disk.
    ///
    /// # Errors
    /// Store errors of putting things in order. A warning: what was answered stays done, and the folder is free.
    ///
    /// # Cancel safety
    /// Call it again when dropped early.
    pub async fn close(&self, drain: Duration) -> Result<(), Error> {
        self.0.close(drain).await
    }

    fn writable(&self) -> Result<Arc<Account>, Error> {
        if self.account().local.reads_along() {
            return Err(Error::new(Code::Locked, "this handle only reads along"));
        }
        self.account().tasks.check_open()?;
        Ok(self.account().clone())
    }

    fn account(&self) -> &Arc<Account> {
        &self.0.account
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}
