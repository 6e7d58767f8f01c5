//! A glance: one node is asked for the names that are known. It costs a fifth of a reading, and is enough while live push brings what
//! is new: what it shows otherwise than it is known here leads to a reading.

use super::round;
use crate::engine::account::Account;
use crate::engine::network::ask::Asked;
use crate::engine::network::heard::Heard;
use crate::limits;
use crate::metrics::Operation;
use crate::model::identity::Slot;

/// Asks the node whose turn it is, or the next one if it does not answer; whether it shows what is known here, and nothing else.
///
/// # Cancel safety
/// Reads only.
pub async fn is_as_known(account: &Account, turn: usize) -> bool {
    let mut slots = round::busy_slots(account);
    if slots.is_empty() {
        // Where a new wallet begins.
        slots.push(Slot::ZERO);
    }
    let nodes = account.network.askable(false);
    for at in nodes.iter().cycle().skip(turn.checked_rem(nodes.len()).unwrap_or(0)).take(limits::GLANCES) {
        let (names, started) = (round::names(account, &slots), account.clock.monotonic());
        let call = account.network.call(account.config.timeouts.sync);
        let heard = account.network.ask(&names, &[*at], None, &call).await;
        let is_answered = slots.iter().all(|slot| heard.answering(*slot) > 0);
        account.measure.part(Operation::Resolve, heard.source(), started, is_answered);
        if is_answered {
            return names.iter().all(|asked| is_expected(asked, &heard));
        }
    }
    false
}

/// Whether a name has the record that it is known to have, or none if none is known.
fn is_expected(asked: &Asked, heard: &Heard) -> bool {
    let records = heard.records(asked.slot);
    match (records.first(), &asked.expected) {
        (Some(shown), Some(expected)) => shown.same_as(expected),
        (None, None) => asked.high_water == 0,
        _ => false,
    }
}
