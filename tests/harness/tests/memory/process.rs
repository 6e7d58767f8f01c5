//! A process of its own, its memory, and what it says.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Seek, SeekFrom, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use memchr::memmem;
use zeroize::Zeroizing;

use super::again;

/// Longest line that is told to a process, bytes.
const LINE: usize = 16 * 1024;

/// The second run of one test; it ends with the test.
pub struct Process {
    child: Child,
    to: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub fn of(test: &str) -> Self {
        let mut child = again::command(test).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let to = child.stdin.take().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, to, said }
    }

    /// One line for it.
    pub fn tell(&mut self, line: &str) {
        assert!(line.len() < LINE);
        self.to.write_all(line.as_bytes()).unwrap();
        self.to.write_all(b"\n").unwrap();
    }

    /// Waits for a line that begins so, and gives the rest of it.
    pub fn hears(&mut self, what: &str) -> String {
        loop {
            let line = self.said.next().unwrap_or_else(|| panic!("it ended before it said {what}")).unwrap();
            // The test runner may have begun the line.
            if let Some((_, rest)) = line.split_once(what) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Where the bytes stand in memory that it may write, with what stands around them.
    pub fn places(&self, wanted: &[u8]) -> Vec<String> {
        let process = self.child.id();
        let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let mut memory = fs::File::open(format!("/proc/{process}/mem")).unwrap();
        let mut found = Vec::new();
        let rights = |map: &&str| map.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"));
        for map in maps.lines().filter(rights) {
            let (from, to) = map.split(' ').next().unwrap().split_once('-').unwrap();
            let [from, to] = [from, to].map(|place| u64::from_str_radix(place, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut bytes).is_err() {
                continue;
            }
            for at in memmem::find_iter(&bytes, wanted) {
                let around = &bytes[at.saturating_sub(96)..(at + wanted.len() + 96).min(bytes.len())];
                let map = map.split(' ').next_back().unwrap_or_default();
                found.push(format!("{:x} of {from:x}–{to:x} {map}: {}", at, around.escape_ascii()));
            }
        }
        found
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process itself does: one line of its stdin, of which no copy stays.
pub fn told() -> Zeroizing<String> {
    let mut input = fs::File::open("/dev/stdin").unwrap();
    let mut line = Zeroizing::new(String::with_capacity(LINE));
    let mut byte = [0];
    while input.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(char::from(byte[0]));
    }
    line
}

/// What the process itself does: one line on its stdout, past what the test runner may hold back.
pub fn say(what: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("{what}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
