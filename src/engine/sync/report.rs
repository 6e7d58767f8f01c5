//! What a sync reports of its reading and its publishing.

use std::cmp::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::account::Account;
use crate::engine::api::report::{NameReport, NodeReport, SyncFailure, SyncOutcome, SyncReport};
use crate::engine::api::warning::{Word, of_node, told};
use crate::engine::network::heard::Heard;
use crate::engine::read::cache::{Reading, unread};
use crate::error::Code;
use crate::model::identity::Slot;
use crate::node::{Node, Source, Traffic};

/// Result of the publishing part of a sync.
pub struct Publishing {
    pub traffic: Traffic,
    /// Whether a level rose.
    pub raised: bool,
    pub warnings: Vec<String>,
}

impl Publishing {
    /// Two parts of one sync as one.
    pub fn both(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(mut first), Some(second)) => {
                first.traffic = first.traffic + second.traffic;
                first.raised |= second.raised;
                first.warnings.extend(second.warnings);
                Some(first)
            }
            (first, second) => first.or(second),
        }
    }
}

/// The reading when nothing answered: what is here, named as offline.
pub fn offline(account: &Account, started: Instant, failure: SyncFailure) -> Reading {
    let elapsed = account.clock.monotonic().saturating_duration_since(started);
    Reading {
        source: Source::None,
        outcome: SyncOutcome::Offline,
        list: elapsed,
        elapsed,
        added: 0,
        spent: 0,
        nodes: if failure.nodes.is_empty() {
            Heard::default().node_reports(&account.network)
        } else {
            failure.nodes
        },
        unread: unread(account),
        warnings: vec![Word::of(failure.error.code(), Word::Offline).say(failure.error.message())],
    }
}

/// What nodes refused, by node and verb.
fn refused(account: &Account, nodes: &[NodeReport]) -> Vec<String> {
    let is_denied = |node: &NodeReport| {
        node.error.as_ref().filter(|e| e.code() == Code::Denied).map(|e| of_node(&node.id, e))
    };
    let verbs = |at: usize| account.network.node(at).map_or(Vec::new(), Node::refused_verbs);
    let told = |at: usize| {
        let words = move |verb: String| Word::Denied.say(format_args!("{}: {verb}", account.network.id(at)));
        verbs(at).into_iter().map(words)
    };
    nodes.iter().filter_map(is_denied).chain((0..account.network.len()).flat_map(told)).collect()
}

/// Whether the wallet's devices use a newer list of nodes than this one, or another of the same version: then some of what they
/// publish may be where this device does not look.
fn older_pool(account: &Account) -> Option<String> {
    let own = account.pool.as_ref()?;
    let state = account.local.read();
    let newest = state.marks().pool()?;
    let strange: Vec<&str> =
        newest.keys.iter().filter(|key| !own.keys.contains(key)).map(String::as_str).collect();
    let (here, there) = (own.version, newest.version);
    let other = match there.cmp(&here) {
        Ordering::Less => return None,
        Ordering::Equal if strange.is_empty() => return None,
        Ordering::Equal => {
            format!("the list of nodes has version {here}, as that of another device, and is another")
        }
        Ordering::Greater => format!("the list of nodes has version {here}, another device has {there}"),
    };
    let at = if strange.is_empty() {
        String::new()
    } else {
        format!("; copies are on {} too", strange.join(", "))
    };
    Some(Word::Pool.say(format_args!("{other}{at}: give this device the newest list")))
}

/// The report of a finished sync.
pub fn report(
    account: &Account,
    reading: Reading,
    traffic: Traffic,
    publishing: Option<Publishing>,
) -> SyncReport {
    let ms = |duration: Duration| (duration.as_secs_f64() * 10_000.0).round() / 10.0;
    let state = account.local.read();
    let mut outcome = reading.told();
    let Reading { mut warnings, unread: slots, .. } = reading;
    let mut traffic = traffic;
    if let Some(publishing) = publishing {
        if publishing.raised {
            outcome = SyncOutcome::Published;
        }
        warnings.extend(publishing.warnings);
        traffic = traffic + publishing.traffic;
    }
    warnings.extend(refused(account, &reading.nodes));
    let shared = state.nodes().shared_machines();
    warnings.extend(shared.iter().map(|nodes| {
        Word::SameMachine.say(format_args!("nodes {} are one machine and count once", nodes.join(", ")))
    }));
    warnings.extend(older_pool(account));
    warnings.extend(account.config.nodes.iter().filter(|node| node.sends_in_clear()).map(|node| {
        Word::PlainHttp.say(format_args!("{}: its credentials can be read by everyone on the way", node.id))
    }));
    let names = state
        .names()
        .iter()
        .map(|(slot, known)| NameReport {
            slot: slot.number(),
            name: account.local.keys().name(slot).peer_id(),
            sequence: known.sequence,
            root: known.record.as_ref().and_then(|record| record.root()).map(|root| root.to_string()),
        })
        .collect();
    SyncReport {
        ok: true,
        source: reading.source,
        outcome,
        list_ms: ms(reading.list),
        elapsed_ms: ms(reading.elapsed),
        missing_payloads: state.holdings().missing_payloads(),
        ack: state.levels().ack(),
        verified_nodes: state.verified_nodes(),
        tokens: state.counts(),
        added: reading.added,
        spent: reading.spent,
        names,
        requests: traffic.requests,
        bytes_in: traffic.bytes_in,
        bytes_out: traffic.bytes_out,
        nodes: reading.nodes,
        unread: slots.into_iter().map(Slot::number).collect(),
        warnings: told(warnings),
    }
}
