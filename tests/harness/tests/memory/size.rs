//! How large this process is, and what it has used of the processor.

use std::fs;
use std::time::Duration;

/// Kernel ticks of the processor's time in a second.
const TICKS: u64 = 100;

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What it holds now, KiB; from here on the most is counted anew.
pub fn begin() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    status("VmRSS:")
}

/// The most that it held since, above what it held then, KiB.
pub fn most_above(before: u64) -> u64 {
    status("VmHWM:").saturating_sub(before)
}

/// Time of the processor used so far.
pub fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 1_000 / TICKS)
}
