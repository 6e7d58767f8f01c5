//! `walletsync`: the engine on the command line.
//!
//! Owns arguments, files, output and exit codes; everything else is the engine's. Data goes to stdout, everything
//! for people (progress, logs) to stderr. Every way out is an exit code of [`exit`], never a panic message.

mod account;
mod args;
mod commands;
mod dumps;
mod exit;
mod failure;
mod json_text;
mod limits;
mod logs;
mod nodes_file;
mod output;
mod progress;
mod secret_file;
mod tokens_file;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;

use crate::failure::Failure;
use crate::output::Output;

/// Wipes whatever is freed, by whichever library.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    dumps::refuse();
    install_panic_hook();
    catch_unwind(start).unwrap_or_else(|_| ExitCode::from(exit::code(Code::TaskFailed)))
}

fn start() -> ExitCode {
    let started = monotonic();
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(refused) => return refused.report(),
    };
    let output = Output::new(arguments.global.json);
    logs::start();
    match run(arguments, output, started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(output),
    }
}

fn run(arguments: args::Arguments, output: Output, started: tokio::time::Instant) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Code::TaskFailed, format!("cannot start: {e}")))?;
    let context = commands::Context { global: arguments.global, output, started };
    let work = commands::run(arguments.command, context);
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work)));
    // What connections hold is wiped with them: their buffers have the nodes' tokens. A name look-up that hangs in the system's
    // resolver must not hold the process.
    runtime.shutdown_timeout(limits::EXIT);
    ended.unwrap_or_else(|_| Err(Failure::new(Code::TaskFailed, "internal error; the place is on stderr")))
}

/// One line instead of a backtrace, without the message: it might quote data.
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Nothing is left to do when stderr is gone too.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("walletsync: internal error at {place}\n").as_bytes(),
        );
    }));
}
