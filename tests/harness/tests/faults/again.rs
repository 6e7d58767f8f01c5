//! One test of this program run once more, as a process of its own: with other settings, or in a network that is its own.

use std::process::{Command, Output, Stdio};

/// Says to a test that it is the second run.
const MARK: &str = "WALLETSYNC_TEST_INSIDE";

/// Whether this is the second run.
pub fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

/// The command of the second run of one test, `module::name`.
pub fn command(test: &str) -> Command {
    arranged(Command::new(std::env::current_exe().unwrap()), test)
}

/// The same in a network of its own, without root: `script` prepares it as root of a user namespace, with `$0` as a scratch folder,
/// in which it may lay files over those of the system.
pub fn in_own_network(test: &str, script: &str, scratch: &std::path::Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "--mount", "sh", "-euc"]);
    command.arg(format!("ip link set lo up\n{script}\nexec \"$@\"")).arg(scratch);
    command.arg(std::env::current_exe().unwrap());
    arranged(command, test)
}

fn arranged(mut command: Command, test: &str) -> Command {
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(MARK, "1");
    command.stdin(Stdio::null());
    command
}

/// Runs it to its end: the one test ran, and passed.
#[track_caller]
pub fn passes(mut command: Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let Output { stdout, stderr, .. } = &output;
    let told = format!("{}\n{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
