//! What the engine promises on imitated nodes, in paused time; and what holds for the sources and the pages as a whole.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

#[path = "../support/mod.rs"]
mod support;

mod all_is_proven;
mod audits;
mod backup_file;
mod backup_gaps;
mod c06_time_is_injected;
mod checked_nodes;
mod configuration_page;
mod damage_of_others;
mod disputes;
mod faults_page;
mod first_look;
mod first_readings;
mod folder_is_gone;
mod foreign_text;
mod guards_page;
mod i08_example_app;
mod i10_secrets_have_no_form;
mod import_direction;
mod incidents;
mod incidents_page;
mod labels;
mod large_payloads;
mod legacy_on_nodes;
mod legacy_wallet;
mod limits_not_walls;
mod live_push;
mod live_push_nodes;
mod machines;
mod many_devices;
mod n03_any_one_node;
mod n05_flapping;
mod n12_not_in_step;
mod never_hang;
mod never_lose;
mod one_bad_node;
mod one_is_one;
mod other_nodes;
mod pins_of_former_owners;
mod pools;
mod r10_highest_sequence;
mod round_trips;
mod runners;
mod secret_change;
mod slots_come_back;
mod slow_lines;
mod slow_operations_are_logged;
mod thin_lines;
mod third_tier;
mod troubleshooting_page;
mod unread;
mod upkeep;
mod what_lists_show;
mod windows;
