//! Faults of `docs/faults.md` that show on real sockets only, one file for each: the line, names, the system's settings, answers that
//! are cut, grow or lead elsewhere. Each file is named after its number.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod again;
mod b02_cut_off;
mod b03_endless;
mod b04_compressed;
mod b06_addresses_in_answers;
mod c02_clock_behind;
mod canned;
#[path = "../front/device.rs"]
#[allow(dead_code)]
mod device;
mod dropped_in_part;
#[path = "../lines/front.rs"]
#[allow(dead_code)]
mod front;
mod k04_memory;
mod lost_reply;
mod n02_silence;
mod n07_resets;
mod n08_names;
mod n10_system_proxy;
mod n11_retry_after;
mod n13_dead_ipv6;
mod n14_thin_line;
#[path = "../lines/way.rs"]
#[allow(dead_code)]
mod way;
