//! Names devices that cannot see what this one publishes: their list of nodes is older, and shares none with this one's.

use crate::engine::account::Account;
use crate::engine::api::warning::Word;
use crate::model::root::Root;

/// An alert, and a warning, where a root's device has nodes of which none is this device's. What it brings came from former nodes and is
/// merged all the same.
pub fn look(account: &Account, root: &Root) -> Option<String> {
    let (own, its) = (account.pool.as_ref()?, root.pool.as_ref()?);
    if its.version >= own.version || its.keys.iter().any(|key| own.keys.contains(key)) {
        return None;
    }
    let (slot, here, there) = (root.slot, own.version, its.version);
    let words = format!(
        "the device of slot {slot} has version {there} of the list of nodes, this one {here}, and they share no node: it does not see what is published here until it has the newest list"
    );
    account.local.alert("pool", words.clone());
    Some(Word::Pool.say(words))
}
