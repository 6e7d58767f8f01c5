//! Memory dumps: this process holds the wallet's secret and leaves none behind.

/// No dump is written when the process ends badly, and nobody but root reads its memory meanwhile. Where the system refuses that,
/// everything works all the same.
#[cfg(unix)]
pub fn refuse() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A dump that the system hands to a program is not bounded by that.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Windows writes dumps where an administrator has asked for them.
#[cfg(not(unix))]
pub fn refuse() {}
