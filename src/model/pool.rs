//! Which machines of a pool a wallet uses.
//!
//! Rendezvous hashing: every machine has a score for every wallet, and the highest are used. So each device of a wallet finds the same
//! ones without asking anybody, and a machine that comes or goes moves only the wallets that have it among their highest.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};

use super::fields::{malformed, unsigned};
use super::identity::WalletId;
use crate::error::Error;
use crate::limits;

const DOMAIN: &[u8] = b"wallet-sync-pool-v1";
const WHAT: &str = "pool";

/// A machine of a pool.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What it is ranked by; stays as long as the machine has its data.
    pub key: &'a str,
    /// First version of the pool that has it.
    pub since: u32,
    /// First version that has it no more.
    pub until: Option<u32>,
}

/// The machines of one wallet, by their place in the pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Those that hold the wallet, highest score first.
    pub now: Vec<usize>,
    /// Those that held it by earlier versions of the pool, latest version first.
    pub former: Vec<usize>,
}

/// What a root says of the pool that its device had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolMark {
    /// Version of the pool.
    pub version: u32,
    /// Keys of the machines that hold the wallet, highest score first.
    pub keys: Vec<String>,
}

/// The `replicas` machines of a wallet, and at most so many former ones that both are no more than `most`.
#[must_use]
pub fn place(
    wallet: &WalletId,
    members: &[Member<'_>],
    version: u32,
    replicas: usize,
    most: usize,
) -> Placement {
    let mut ranked: Vec<(Reverse<u64>, &str, usize)> =
        members.iter().enumerate().map(|(at, one)| (Reverse(score(wallet, one.key)), one.key, at)).collect();
    ranked.sort_unstable();
    let ranked: Vec<(usize, &Member<'_>)> =
        ranked.into_iter().filter_map(|(.., at)| Some((at, members.get(at)?))).collect();
    let highest = |version: u32| {
        let there = ranked.iter().filter(move |(_, one)| one.is_in(version));
        there.take(replicas).map(|(at, _)| *at).collect::<Vec<usize>>()
    };
    let now = highest(version);
    let changes = members.iter().flat_map(|one| [Some(one.since), one.until]).flatten();
    let earlier: BTreeSet<u32> = changes.filter_map(|change| change.checked_sub(1)).collect();
    let mut former: Vec<usize> = Vec::new();
    for at in earlier.into_iter().rev().filter(|earlier| *earlier < version).flat_map(highest) {
        if now.len() + former.len() < most && !now.contains(&at) && !former.contains(&at) {
            former.push(at);
        }
    }
    Placement { now, former }
}

fn score(wallet: &WalletId, key: &str) -> u64 {
    // The wallet's id has one length: no other pair gives the same bytes.
    let hash = Sha256::new().chain_update(DOMAIN).chain_update(wallet).chain_update(key).finalize();
    hash.iter().take(size_of::<u64>()).fold(0, |score, byte| (score << 8) | u64::from(*byte))
}

impl Member<'_> {
    fn is_in(&self, version: u32) -> bool {
        self.since <= version && self.until.is_none_or(|until| version < until)
    }
}

impl PoolMark {
    /// `[version, [key, …]]`.
    pub(super) fn to_ipld(&self) -> Ipld {
        let keys = self.keys.iter().cloned().map(Ipld::String).collect();
        Ipld::List(vec![Ipld::Integer(self.version.into()), Ipld::List(keys)])
    }

    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed) for anything else, or beyond the bounds of a pool.
    pub(super) fn from_ipld(value: &[Ipld]) -> Result<Self, Error> {
        let wrong = || malformed(WHAT, "not [version, keys]");
        let [version, Ipld::List(keys)] = value else { return Err(wrong()) };
        let version = unsigned(version, u32::MAX.into()).and_then(|version| u32::try_from(version).ok());
        let key = |key: &Ipld| match key {
            Ipld::String(key) => Some(key.clone()),
            _ => None,
        };
        let keys: Option<Vec<String>> = keys.iter().map(key).collect();
        let mark = Self { version: version.ok_or_else(wrong)?, keys: keys.ok_or_else(wrong)? };
        mark.check()?;
        Ok(mark)
    }

    /// Bounds that hold both ways.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_key = |key: &String| is_pool_key(key);
        if self.version == 0 || self.keys.len() > limits::REPLICAS.1 || !self.keys.iter().all(is_key) {
            return Err(malformed(WHAT, "a version of 0, too many keys, or no key"));
        }
        Ok(())
    }
}

/// Whether a text may be a machine's key: it is shown in warnings, so it is plain.
fn is_pool_key(key: &str) -> bool {
    (1..=limits::POOL_KEY_CHARS).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic())
}
