//! Names devices whose clock is off.

use crate::clock::{UnixMs, millis};
use crate::engine::account::Account;
use crate::engine::api::warning::Word;
use crate::limits;
use crate::model::root::Root;

/// An alert, and a warning, where a root is dated further ahead than clocks may differ. What it brings is merged all the same:
/// no clock decides what is kept.
pub fn look(account: &Account, root: &Root) -> Option<String> {
    let ahead = UnixMs::try_from(root.published).unwrap_or(UnixMs::MAX).saturating_sub(account.clock.now());
    if ahead <= millis(limits::HLC_AHEAD) {
        return None;
    }
    let device: String = root.device.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let (slot, minutes) = (root.slot, ahead / 60_000);
    let words = format!(
        "the device of slot {slot} ({device}) dates its changes {minutes} minutes ahead of this one: one of both clocks is off"
    );
    account.local.alert("clock", words.clone());
    Some(Word::Clock.say(words))
}
