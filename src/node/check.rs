//! Goes through what one node is asked to do: whether it does it, and what its operator has to change where it does not.
//!
//! Everything is done with things drawn for this: a key, a few blocks, a pin, a record that ends in minutes. Nothing of a wallet is
//! touched, nothing is left pinned, and only requests are sent that syncs send too.

mod push;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Call, Meter, Node, Outcome, Put, PutMode, Rename, Repin, Shown};
use crate::clock::{Entropy, UnixMs, millis, monotonic};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarWriter;
use crate::model::cid::Codec;
use crate::model::identity::{Name, Slot, WalletKeys};
use crate::model::record::Record;
use crate::secret::Secret;

/// What was tried, and what came of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was tried.
    pub ability: Ability,
    /// What was found.
    pub outcome: Result<Found, Error>,
    /// What to change where it failed, or could be better.
    pub change: Option<&'static str>,
}

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Whether and how it answers.
    Connection,
    /// Which Kubo it is.
    Version,
    /// Its time.
    Clock,
    /// Which machine it is.
    Machine,
    /// Taking blocks and giving them back.
    Blocks,
    /// Pins: made, named, moved, removed.
    Pins,
    /// Storing records and giving them back.
    Records,
    /// A large upload.
    Bodies,
    /// Messages between devices.
    Push,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Connection,
        Self::Version,
        Self::Clock,
        Self::Machine,
        Self::Blocks,
        Self::Pins,
        Self::Records,
        Self::Bodies,
        Self::Push,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Version => "version",
            Self::Clock => "clock",
            Self::Machine => "machine",
            Self::Blocks => "blocks",
            Self::Pins => "pins",
            Self::Records => "records",
            Self::Bodies => "bodies",
            Self::Push => "push",
        }
    }
}

/// What a node is able to do. Of its own words only a version and a peer id, both held to their form.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It has no API, and is not checked further.
    ReadOnly,
    /// It answers.
    Answers {
        /// Milliseconds until it did, with what it takes to connect.
        ms: u64,
        /// As `HTTP/2.0`.
        protocol: String,
        /// Over TLS.
        is_secure: bool,
    },
    /// A Kubo of this version.
    Version(String),
    /// Seconds that its clock is ahead of this machine's.
    Clock(i64),
    /// Its peer id.
    Machine(String),
    /// Blocks were taken and given back.
    Blocks,
    /// Pins were made, named, moved and removed.
    Pins,
    /// A record was stored and given back.
    Records {
        /// Whether it shows many in one answer.
        many: bool,
    },
    /// A large upload was taken.
    Bodies {
        /// Its size.
        bytes: usize,
        /// How fast.
        mbit_per_s: f64,
    },
    /// A message came back.
    Push {
        /// Milliseconds from the subscription to the echo.
        ms: u64,
    },
    /// It carries no messages, and need not.
    NoPush,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("read-only: it has no api, and is not checked"),
            Self::Answers { ms, protocol, is_secure } => {
                write!(f, "answers in {ms} ms, {protocol}, {}", if *is_secure { "TLS" } else { "no TLS" })
            }
            Self::Version(version) => write!(f, "Kubo {version}"),
            Self::Clock(ahead_s) => f.write_str(&ahead(*ahead_s)),
            Self::Machine(id) => write!(f, "peer {id}"),
            Self::Blocks => f.write_str("taken and given back"),
            Self::Pins => f.write_str("pinned, named, moved and removed"),
            Self::Records { many: true } => f.write_str("stored and given back, many at once"),
            Self::Records { many: false } => f.write_str("stored and given back, one at a time"),
            Self::Bodies { bytes, mbit_per_s } => {
                write!(f, "{} KB at once, at {mbit_per_s:.1} Mbit/s", bytes / 1_000)
            }
            Self::Push { ms } => write!(f, "a message came back in {ms} ms"),
            Self::NoPush => {
                f.write_str("it carries no messages: changes of other devices are seen when it is read")
            }
        }
    }
}

fn ahead(seconds: i64) -> String {
    format!("{seconds} s ahead of this machine's")
}

const PASS: &str =
    "let the verb that is named pass what stands before the node; docs/configuration.md lists what has to";
const UPDATE: &str = "update Kubo to 0.40 or newer";
const CLOCK: &str = "set the clock of the node's machine, or of this one, by NTP";
const BODIES: &str =
    "let bodies of at least 1 MB pass (nginx: client_max_body_size 9m); until then uploads are cut smaller";
const DISK: &str = "look at the node's disk and its log: it does not give back what it took";

/// A node without pubsub does all that a wallet needs; changes of other devices are seen a little later.
const ENABLE: &str =
    "for changes at once set Pubsub.Enabled to true in Kubo's configuration, and let /api/v0/pubsub/ pass";
const NO_ECHO: &str = "pubsub/sub: a message that was sent did not come back";

/// Oldest Kubo that works.
const OLDEST: (u64, u64) = (0, 40);

struct Check<'a> {
    node: &'a dyn Node,
    entropy: &'a Entropy,
    now: UnixMs,
    meter: Arc<Meter>,
    /// When all of it ends.
    end: Instant,
}

/// Tries everything on one node, at most [`limits::CHECK_STEP`] for each question, [`limits::CHECK_BODY`] for the large upload and
/// [`limits::CHECK_WHOLE`] for everything.
///
/// # Cancel safety
/// A pin of one block of 34 bytes may be left behind.
pub async fn check(node: &dyn Node, entropy: &Entropy, now: UnixMs, meter: Arc<Meter>) -> Vec<Finding> {
    if !node.has_api() {
        return vec![Finding { ability: Ability::Connection, outcome: Ok(Found::ReadOnly), change: None }];
    }
    let check = Check { node, entropy, now, meter, end: monotonic() + limits::CHECK_WHOLE };
    let mut found = check.reached().await;
    if found.iter().any(|finding| finding.ability == Ability::Connection && finding.outcome.is_err()) {
        return found;
    }
    found.push(finding(Ability::Machine, check.machine().await, PASS));
    let (first, second) = (check.drawn(), check.drawn());
    let blocks = check.blocks(&[&first, &second]).await;
    let is_taken = blocks.is_ok();
    found.push(finding(Ability::Blocks, blocks, PASS));
    if is_taken {
        found.push(finding(Ability::Pins, check.pins(&first, &second).await, PASS));
        found.push(finding(Ability::Records, check.records(&first).await, PASS));
    }
    found.push(finding(Ability::Bodies, check.bodies().await, BODIES));
    found.push(check.push().await);
    found
}

fn finding(ability: Ability, outcome: Result<Found, Error>, change: &'static str) -> Finding {
    let change = outcome.as_ref().err().map(|e| match e.code() {
        Code::Invalid | Code::HashMismatch => DISK,
        _ => change,
    });
    Finding { ability, outcome, change }
}

impl Check<'_> {
    fn call(&self) -> Call {
        self.until(monotonic() + limits::CHECK_STEP)
    }

    fn until(&self, deadline: Instant) -> Call {
        Call { deadline: deadline.min(self.end), meter: self.meter.clone() }
    }

    /// A block that nobody else has.
    fn drawn(&self) -> Block {
        // A byte string of 32 bytes.
        let bytes = [&[0x58, 0x20][..], &self.entropy.draw::<32>()].concat();
        Block::new(Codec::DagCbor, bytes)
    }

    async fn reached(&self) -> Vec<Finding> {
        let began = monotonic();
        let about = match self.node.about(&self.call()).await {
            Ok(about) => about,
            Err(e) => {
                let change = Some(reaching(&e));
                return vec![Finding { ability: Ability::Connection, change, outcome: Err(e) }];
            }
        };
        let took = monotonic().saturating_duration_since(began).as_millis();
        let ms = u64::try_from(took).unwrap_or(u64::MAX);
        let answers = Found::Answers { ms, protocol: about.protocol, is_secure: about.is_secure };
        let mut found = vec![Finding { ability: Ability::Connection, outcome: Ok(answers), change: None }];
        let is_old = numbers(&about.version).is_some_and(|version| version < OLDEST);
        let version = if is_old || about.version.is_empty() {
            Err(Error::new(
                Code::Unreachable,
                format!("Kubo {} is older than 0.40, or no Kubo", about.version),
            ))
        } else {
            Ok(Found::Version(about.version))
        };
        found.push(finding(Ability::Version, version, UPDATE));
        if let Some(clock) = about.clock {
            let off = clock.saturating_sub(self.now) / 1_000;
            let is_off = off.unsigned_abs() > limits::CHECK_CLOCK.as_secs();
            let outcome =
                if is_off { Err(Error::new(Code::Invalid, ahead(off))) } else { Ok(Found::Clock(off)) };
            let change = is_off.then_some(CLOCK);
            found.push(Finding { ability: Ability::Clock, outcome, change });
        }
        found
    }

    async fn machine(&self) -> Result<Found, Error> {
        self.node.machine(&self.call()).await.map(Found::Machine)
    }

    /// Uploads blocks, and reads them back from the node's own store in each way.
    async fn blocks(&self, blocks: &[&Block]) -> Result<Found, Error> {
        for block in blocks {
            let (call, cid) = (self.call(), block.cid());
            self.node.import(car(&[block]), &call).await?;
            let is_there = self.node.holds(cid, &call).await?
                && self.node.own_block(cid, &call).await?.is_some()
                && self.node.holds_dag(cid, &call).await?.is_some();
            if !is_there {
                return Err(Error::new(Code::Invalid, "a block that it took is not there"));
            }
            self.node.block(cid, &call).await?;
            self.node.car(cid, Default::default(), &mut |_| (), &call).await?;
        }
        Ok(Found::Blocks)
    }

    /// Pins one block under a name, moves the pin to another, and takes both away.
    async fn pins(&self, first: &Block, second: &Block) -> Result<Found, Error> {
        let done = self.pin_and_move(first, second).await;
        for block in [first, second] {
            self.node.unpin(block.cid(), &self.call()).await?;
        }
        done
    }

    async fn pin_and_move(&self, first: &Block, second: &Block) -> Result<Found, Error> {
        let (call, name) = (self.call(), self.name());
        self.node.pin(first.cid(), &name, &|_| (), &call).await?;
        if let Rename::Refused(e) = self.node.name_pin(first.cid(), "check", &call).await? {
            return Err(e);
        }
        if self.node.pin_name(first.cid(), &call).await?.as_deref() != Some("check") {
            return Err(Error::new(Code::Invalid, "a pin does not show the name that it was given"));
        }
        match self.node.repin(first.cid(), second.cid(), &call).await? {
            Repin::Pinned => Ok(Found::Pins),
            Repin::OldMissing => Err(Error::new(Code::Invalid, "a pin that it made is not there")),
        }
    }

    /// Stores a record that ends in minutes, and reads it back.
    async fn records(&self, root: &Block) -> Result<Found, Error> {
        let keys = WalletKeys::derive(&Secret::new(self.entropy.draw()), None);
        let key = keys.slot(Slot::ZERO);
        let eol = self.now.saturating_add(millis(limits::CHECK_RECORD));
        let record = Record::create(&key, 1, root.cid(), eol, &[])?;
        let call = self.call();
        if !matches!(self.node.record(record.name(), false, &call).await, Outcome::Absent) {
            return Err(Error::new(Code::Unreachable, "name/get: it does not say that a record is absent"));
        }
        match self.node.put_record(&record, PutMode::Offline, &call).await? {
            Put::Stored => {}
            Put::Older | Put::Refused(_) => {
                return Err(Error::new(
                    Code::Unreachable,
                    "routing/put: a good record was refused; is a clock off?",
                ));
            }
        }
        match self.node.record(record.name(), true, &call).await {
            Outcome::Found(found, _) if found.same_as(&record) => {}
            Outcome::Unreachable(e) | Outcome::Invalid(e) => return Err(e),
            _ => return Err(Error::new(Code::Invalid, "a record that it took is not there")),
        }
        let shown = self.node.shown(&[*record.name()], &call).await?;
        Ok(Found::Records { many: !matches!(shown, Shown::Refused) })
    }

    /// Uploads 1 MiB at once.
    async fn bodies(&self) -> Result<Found, Error> {
        let mut bytes = vec![0; limits::CHECK_BODY_BYTES];
        self.entropy.fill(&mut bytes);
        let blocks: Vec<Block> =
            bytes.chunks(limits::CHUNK_BYTES).map(|chunk| Block::new(Codec::Raw, chunk.to_vec())).collect();
        let body = car(&blocks.iter().collect::<Vec<_>>());
        let (began, size) = (monotonic(), body.len());
        self.node.import(body, &self.until(began + limits::CHECK_BODY)).await?;
        let took = monotonic().saturating_duration_since(began).as_secs_f64().max(0.001);
        Ok(Found::Bodies { bytes: size, mbit_per_s: size as f64 * 8.0 / took / 1e6 })
    }

    fn name(&self) -> Name {
        WalletKeys::derive(&Secret::new(self.entropy.draw()), None).name(Slot::ZERO)
    }
}

fn car(blocks: &[&Block]) -> Bytes {
    let Some(first) = blocks.first() else { return Bytes::new() };
    let mut writer = CarWriter::new(first.cid());
    blocks.iter().for_each(|block| writer.push(block));
    writer.finish()
}

/// What to change for a node that is not reached.
fn reaching(error: &Error) -> &'static str {
    match error.code() {
        Code::Denied => "set the token or the basic credentials that the node expects",
        Code::Deadline => "look at the way there (firewall, VPN, proxy) and at the node's load",
        _ => "see docs/troubleshooting.md, \"nodes fail\", for these words",
    }
}

/// `0.43.0` as numbers.
fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    Some((parts.next()??, parts.next()??))
}
