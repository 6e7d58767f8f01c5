//! A system call of the program that does not come to its end.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of a data folder; the empty name is the folder itself.
const FILES: [&str; 8] = [
    "wallet.sqlite3",
    "wallet.sqlite3-wal",
    "wallet.sqlite3-shm",
    "wallet.sqlite3.open",
    "wallet.sqlite3.new",
    "wallet.sqlite3.damaged",
    "lock",
    "",
];

/// Calls that change something, or that come before it.
const CALLS: &str = "openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,unlink";

/// What becomes of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process is gone before it.
    Killed,
    /// The disk fails.
    Fails,
    /// The disk is full, this once.
    Full,
    /// The disk is full from then on.
    StaysFull,
}

/// A fault at the n-th such call of one thread on one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    pub file: &'static str,
    pub call: String,
    pub fault: Fault,
    pub when: u32,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} {} of '{}'", self.fault, self.call, self.when, self.file)
    }
}

impl Cut {
    pub fn new(file: &'static str, call: &str, fault: Fault, when: u32) -> Self {
        Self { file, call: call.to_owned(), fault, when }
    }

    /// The arguments that inject it.
    fn arguments(&self, folder: &Path) -> Vec<String> {
        let (what, from) = match self.fault {
            Fault::Killed => ("signal=KILL", ""),
            Fault::Fails => ("error=EIO", ""),
            Fault::Full => ("error=ENOSPC", ""),
            Fault::StaysFull => ("error=ENOSPC", "+"),
        };
        let inject = format!("inject={}:{what}:when={}{from}", self.call, self.when);
        let (file, trace) = (path(folder, self.file), format!("trace={}", self.call));
        ["-P", file.to_str().unwrap(), "-e", &trace, "-e", &inject].map(str::to_owned).to_vec()
    }

    /// The command with this fault in it, on a data folder.
    pub fn into(&self, command: &Command, folder: &Path) -> Command {
        traced(command, Path::new("/dev/null"), &self.arguments(folder))
    }
}

fn path(folder: &Path, file: &str) -> PathBuf {
    if file.is_empty() { folder.to_owned() } else { folder.join(file) }
}

/// The command under `strace`.
fn traced(command: &Command, log: &Path, arguments: &[String]) -> Command {
    let version = Command::new("strace").arg("-V").output();
    assert!(version.is_ok(), "strace is missing: apt-get install strace");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-y", "-s", "0", "-o"]).arg(log).args(arguments);
    traced.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced
}

/// Runs a command to its end, and gives every fault that can be put into it.
pub fn every_cut(command: &Command, folder: &Path) -> Vec<Cut> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut arguments = vec!["-e".to_owned(), format!("trace={CALLS}")];
    for file in FILES {
        arguments.extend(["-P".to_owned(), path(folder, file).to_str().unwrap().to_owned()]);
    }
    let output = traced(command, log.path(), &arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    cuts(&most_calls(&fs::read_to_string(log.path()).unwrap(), folder))
}

/// How often one thread makes each call on each file, at most.
fn most_calls(trace: &str, folder: &Path) -> BTreeMap<(&'static str, String), u32> {
    let mut calls: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    let folder = folder.to_str().unwrap();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, rest)) = rest.trim_start().split_once('(') else { continue };
        let Some((_, rest)) = rest.split_once(folder) else { continue };
        let end = rest.find(['"', '>']).unwrap_or(rest.len());
        let name = rest[..end].trim_start_matches('/');
        if let (Some(file), true) =
            (FILES.iter().find(|file| **file == name), CALLS.split(',').any(|c| c == call))
        {
            *calls.entry((file, call, thread)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((file, call, _), count) in calls {
        let known: &mut u32 = most.entry((file, call.to_owned())).or_default();
        *known = count.max(*known);
    }
    most
}

fn cuts(calls: &BTreeMap<(&'static str, String), u32>) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for ((file, call), count) in calls {
        for when in 1..=*count {
            let mut faults = vec![Fault::Killed, Fault::Fails, Fault::Full];
            if matches!(call.as_str(), "write" | "pwrite64") {
                faults.push(Fault::StaysFull);
            }
            cuts.extend(faults.into_iter().map(|fault| Cut::new(file, call, fault, when)));
        }
    }
    cuts
}

#[test]
fn calls_are_counted_for_each_file_and_thread() {
    let trace = "7 openat(AT_FDCWD</x>, \"/d/lock\", O_RDWR|O_CREAT, 0600) = 9</d/lock>\n\
        8 pwrite64(4</d/wallet.sqlite3-wal>, \"\"..., 32, 0) = 32\n\
        9 pwrite64(4</d/wallet.sqlite3-wal>, \"\"..., 32, 0 <unfinished ...>\n\
        9 <... pwrite64 resumed>) = 32\n\
        9 pwrite64(4</d/wallet.sqlite3-wal>, \"\"..., 24, 32) = 24\n\
        9 fsync(5</d>) = 0\n\
        9 unlink(\"/d/other\") = 0\n";
    let most = most_calls(trace, Path::new("/d"));
    let seen: Vec<_> = most.iter().map(|((file, call), n)| (*file, call.as_str(), *n)).collect();
    assert_eq!(seen, [("", "fsync", 1), ("lock", "openat", 1), ("wallet.sqlite3-wal", "pwrite64", 2)]);
    assert_eq!(cuts(&most).len(), 3 + 3 + 8);
}
