//! The arguments, and the environment variables that are used in their place.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use tauri_plugin_wallet_sync::Code;

use crate::failure::Failure;
use crate::limits;
use crate::output::Output;

/// Highest slot there is.
const LAST_SLOT: i64 = tauri_plugin_wallet_sync::limits::SLOTS as i64 - 1;

/// Keeps a wallet's tokens on this disk and on your own IPFS nodes.
#[derive(Debug, Parser)]
#[command(name = "walletsync", version, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    // Not global: behind a command, `tokens --data` is another option.
    /// Data folder, before the command; one per wallet and network [default: the platform's data folder]
    #[arg(long, value_name = "DIR", env = "WALLETSYNC_DATA")]
    pub data: Option<PathBuf>,
    /// JSON array of nodes; without it the wallet stays on this disk
    #[arg(long, global = true, value_name = "FILE", env = "WALLETSYNC_NODES")]
    pub nodes: Option<PathBuf>,
    /// File with the wallet's secret, 64 hex digits, readable by you alone
    #[arg(long, global = true, value_name = "FILE", env = "WALLETSYNC_SECRET_FILE")]
    pub secret_file: Option<PathBuf>,
    /// Network name, part of every derived key [default: the main network]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "WALLETSYNC_NETWORK",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub network: Option<String>,
    /// Use a data folder on a network or shared file system: a crash or a second machine can damage it
    #[arg(long, global = true, env = "WALLETSYNC_ALLOW_NETWORK_FOLDER", value_parser = clap::builder::FalseyValueParser::new())]
    pub allow_network_folder: bool,
    /// Print JSON, errors too
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the secret file when it is absent, open the store
    Init {
        /// Read the nodes at once; no wallet there is an error
        #[arg(long)]
        restore: bool,
    },
    /// Print the wallet's IPNS names
    Names,
    /// Add token states, all or nothing
    Put {
        /// NDJSON lines {tokenId, stateHash, previous?, summary?, data | dataBase64}; - for stdin
        file: PathBuf,
    },
    /// Record the spend of a token state
    Spend(Spend),
    /// Set a synced setting
    Set {
        /// 1 to 128 characters
        key: String,
        /// Any JSON value
        #[arg(value_name = "JSON", allow_hyphen_values = true)]
        value: String,
    },
    /// Print a synced setting
    Get {
        /// 1 to 128 characters
        key: String,
    },
    /// List the token states
    Tokens {
        /// Spent ones too
        #[arg(long)]
        all: bool,
        /// With payloads, fetched when missing
        #[arg(long = "data", id = "payloads")]
        data: bool,
    },
    /// Read the nodes, merge, publish what is pending
    Sync(Sync),
    /// Print the state of the wallet, without any network
    Status,
    /// Print what was measured
    Metrics {
        /// In Prometheus text format
        #[arg(long)]
        prometheus: bool,
    },
    /// Print the health of each node, or go through what it is able to do
    Nodes {
        /// Try everything that a sync asks of a node, and say what to change; needs only the nodes file
        #[arg(long)]
        check: bool,
    },
    /// Print statistics of the cache, or clear what can be fetched again
    Cache {
        /// What to clear first
        #[arg(long, value_name = "WHAT")]
        clear: Option<Clear>,
    },
    /// List the wallet's devices, name this one, or give back the slot of one that is gone
    Devices {
        /// Its slot, once all it published is here and verified
        #[arg(long, value_name = "SLOT", value_parser = clap::value_parser!(u8).range(..=LAST_SLOT))]
        retire: Option<u8>,
        /// What the others show for this device, from the next sync on; an empty one takes it away
        #[arg(long, value_name = "TEXT", conflicts_with = "retire")]
        label: Option<String>,
    },
    /// Look at what each node's own store holds of this wallet, or rehearse a restore
    Audit(Audit),
    /// Stay, sync, and print each event, until interrupted
    Watch,
    /// Work on an IPNS record file
    #[command(subcommand)]
    Record(Record),
    /// Work on a CAR file
    #[command(subcommand)]
    Car(Car),
    /// The whole wallet in one encrypted file, without any node
    #[command(subcommand)]
    Backup(Backup),
    /// Change the wallet's secret: everything goes to a new one, is verified there, and the old one says so from then on
    ChangeSecret(ChangeSecret),
    /// Take over a predecessor's clear-text wallet, from a file or from the nodes
    ImportLegacy {
        /// Its JSON; without it what slot 0's record on the nodes leads to
        file: Option<PathBuf>,
    },
    /// List the parts of a predecessor's wallet that are kept as they stand, or print one
    Kept {
        /// Its key, as the list and the report of the import have it
        key: Option<String>,
    },
    /// Show it all on five embedded nodes and two devices
    Demo,
}

/// Arguments of `spend`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("kind").required(true).multiple(false).args(["intent", "proof"]))]
pub struct Spend {
    /// Token id
    pub token_id: String,
    /// State hash
    pub state_hash: String,
    /// About to be spent: whatever is needed to finish or undo it
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub intent: Option<String>,
    /// Spent: the evidence
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub proof: Option<String>,
}

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// Ask the nodes even when the cache is fresh
    #[arg(long)]
    pub fresh: bool,
    /// End of the whole command, milliseconds
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=limits::DEADLINE_MS))]
    pub deadline: Option<u64>,
    /// Stay until every change made here has this level
    #[arg(long, value_name = "LEVEL")]
    pub wait: Option<Wait>,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Read and hash every block, not a sample
    #[arg(long)]
    pub all: bool,
    /// Put back what is missing or damaged
    #[arg(long)]
    pub repair: bool,
    /// Restore into memory from the secret and the nodes alone, and compare with what is here
    #[arg(long, conflicts_with_all = ["all", "repair"])]
    pub rehearse: bool,
}

/// Arguments of `change-secret`.
#[derive(Debug, Args)]
pub struct ChangeSecret {
    /// File with the new secret; made when it is absent
    #[arg(long, value_name = "FILE")]
    pub to_secret_file: PathBuf,
    /// Data folder of the wallet under the new secret
    #[arg(long, value_name = "DIR")]
    pub to_data: PathBuf,
    /// Go on although payloads are on no node any more that answers
    #[arg(long)]
    pub leave_missing: bool,
}

/// Level of acknowledgement.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Wait {
    /// On this disk
    Local,
    /// On at least one node
    Published,
    /// Read back from at least two nodes
    Verified,
}

/// What `cache --clear` clears.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Clear {
    /// The freshness of records: the next sync asks the nodes
    Records,
    /// Blocks that can be fetched again
    Content,
    /// Both
    All,
}

/// `record …`
#[derive(Debug, Subcommand)]
pub enum Record {
    /// Check an IPNS record offline
    Verify {
        /// The record's bytes
        file: PathBuf,
        /// The name it must belong to: k51…, bafz… or 12D3KooW…
        #[arg(long)]
        name: String,
        /// Check as of this time [default: now]
        #[arg(long, value_name = "RFC3339")]
        now: Option<String>,
    },
}

/// `car …`
#[derive(Debug, Subcommand)]
pub enum Car {
    /// Check a CAR offline: every hash, completeness from the root
    Verify {
        /// The CAR
        file: PathBuf,
        /// CID of its root
        #[arg(long, value_name = "CID")]
        root: String,
    },
}

/// `backup …`
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Write everything that this device has
    Export {
        /// The file to be made
        file: PathBuf,
        /// Replace a file of this name
        #[arg(long)]
        force: bool,
    },
    /// Check a file; with a secret file also all that is sealed in it
    Verify {
        /// The file
        file: PathBuf,
    },
    /// Add what a file has to what is here
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Why there are no arguments: help was asked for, or they are wrong.
pub struct Refused {
    error: clap::Error,
    json: bool,
}

/// Reads the command line.
pub fn parse() -> Result<Arguments, Refused> {
    let given: Vec<OsString> = std::env::args_os().collect();
    Arguments::try_parse_from(&given).map_err(|error| Refused { error, json: asks_for_json(&given) })
}

/// Whether `--json` comes before a `--`, whatever else is wrong.
fn asks_for_json(given: &[OsString]) -> bool {
    given.iter().skip(1).take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

impl Refused {
    /// Tells why, and the exit code.
    pub fn report(self) -> ExitCode {
        let asked = matches!(self.error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        if self.json && !asked {
            return Failure::new(Code::BadRequest, first_paragraph(&self.error)).report(Output::new(true));
        }
        // Help goes to stdout, complaints to stderr; a closed one is no reason to fail.
        let _ = self.error.print();
        ExitCode::from(if asked { 0 } else { crate::exit::code(Code::BadRequest) })
    }
}

/// What is wrong, without usage and tips, on one line.
fn first_paragraph(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is needed; see --help".to_owned();
    }
    let text = error.to_string();
    let lines =
        text.lines().map(str::trim).take_while(|line| !line.is_empty() && !line.starts_with("Usage:"));
    let joined = lines.collect::<Vec<_>>().join(" ");
    joined.strip_prefix("error: ").unwrap_or(&joined).to_owned()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
