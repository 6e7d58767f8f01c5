//! `status`: the state of the wallet, without any network.

use tauri_plugin_wallet_sync::engine::Status;
use tauri_plugin_wallet_sync::shown::counted;

use super::Context;
use crate::account;
use crate::failure::Failure;

pub async fn run(context: &Context) -> Result<(), Failure> {
    let status = account::status(&context.global).await?;
    context.output.done(&status, || describe(&status))
}

fn describe(status: &Status) -> String {
    let slot = status.slot.map_or_else(|| "none yet".to_owned(), |slot| slot.to_string());
    let sync = status.last_sync.as_ref();
    let sync = sync.map_or_else(|| "never".to_owned(), |sync| format!("{} ({})", sync.outcome, sync.source));
    let mut text = format!(
        "tokens     {} live, {} unspent\npending    {}\nlevel      {}\nlast sync  {sync}\nslot       {slot}",
        status.tokens.total,
        status.tokens.unspent,
        status.pending,
        super::sync::level(status.ack),
    );
    if !status.unread.is_empty() {
        let slots: Vec<String> = status.unread.iter().map(u8::to_string).collect();
        let word = if slots.len() == 1 { "slot" } else { "slots" };
        let slots = slots.join(", ");
        text.push_str(&format!("\nnot whole  the content of {word} {slots} was seen and is not here"));
    }
    if status.moved {
        text.push_str(
            "\nmoved      the wallet has another secret since; change-secret takes along what is here",
        );
    }
    for left in &status.left_out {
        let items = counted(left.items as usize, "item", "items");
        text.push_str(&format!("\nnot whole  {items} of slot {} left out: no room here", left.slot));
    }
    for mark in &status.high_water {
        text.push_str(&format!("\nname       {} at sequence {}", mark.name, mark.sequence));
    }
    text
}
