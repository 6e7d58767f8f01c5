//! Changes on this disk, cut at every call.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::inject::{Cut, Fault, every_cut};
use crate::matrix::check_each;
use crate::support::{Outcome, Wallet, run_with};

/// Places of each command that an ordinary run takes.
const SOME: usize = 26;

/// What a wallet shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    tokens: Vec<Value>,
    value: Option<Value>,
    pending: Value,
}

/// Files that a command may take, and folders that are copied.
struct Bench {
    wallet: Wallet,
    before: View,
}

impl Bench {
    /// A wallet with two tokens, one of them spent, and a setting; or none at all yet.
    fn new(is_new: bool) -> Self {
        let wallet = Wallet::new();
        wallet.run(&["init"]).done();
        let token =
            |id: &str| format!("{{\"tokenId\":\"{id}\",\"stateHash\":\"s\",\"data\":\"{id}{id}\"}}\n");
        let old = wallet.file("old.ndjson", ["a", "b"].map(token).concat());
        wallet.file("new.ndjson", ["c", "d"].map(token).concat());
        if is_new {
            fs::remove_dir_all(wallet.path("data")).unwrap();
            fs::create_dir(wallet.path("before")).unwrap();
            let before = View { tokens: Vec::new(), value: None, pending: 0.into() };
            return Self { wallet, before };
        }
        wallet.run(&["put", &old]).done();
        wallet.run(&["spend", "b", "s", "--proof", "1"]).done();
        wallet.run(&["set", "k", "1"]).done();
        let before = look(&wallet);
        assert_eq!((before.tokens.len(), &before.value, &before.pending), (2, &Some(1.into()), &3.into()));
        fs::rename(wallet.path("data"), wallet.path("before")).unwrap();
        Self { wallet, before }
    }

    /// Puts the data folder back to where it was.
    fn reset(&self) {
        let _ = fs::remove_dir_all(self.wallet.path("data"));
        copy(&self.wallet.path("before"), &self.wallet.path("data"));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.wallet.command();
        command.args(arguments).current_dir(self.wallet.path(""));
        command
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// What is shown, by processes that only read along; a folder without a wallet shows nothing.
fn look(wallet: &Wallet) -> View {
    let tokens = wallet.run(&["tokens", "--all", "--data"]);
    if tokens.exit == Some(2) {
        tokens.refused(2, "not_found");
        return View { tokens: Vec::new(), value: None, pending: 0.into() };
    }
    assert_eq!(tokens.exit, Some(0), "{tokens:?}");
    let value = wallet.run(&["get", "k"]);
    let value = (value.exit == Some(0)).then(|| value.done()["value"].clone());
    let pending = wallet.run(&["status"]).done()["pending"].clone();
    View { tokens: tokens.lines(), value, pending }
}

/// Nothing was taken for damaged.
pub fn is_whole(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("corrupt") && !name.contains("damaged"), "{name}");
    }
}

/// What the answer allows to be there.
fn is_as_answered(cut: &Cut, outcome: &Outcome, there: &View, before: &View, after: &View) {
    assert!(there == before || there == after, "neither before nor after: {there:?}");
    // Whether what a failed sync was for is on the disk nobody knows.
    let is_unknown = cut.fault != Fault::Killed && matches!(cut.call.as_str(), "fsync" | "fdatasync");
    match outcome.exit {
        Some(0) => assert_eq!(there, after, "{outcome:?}"),
        Some(_) => {
            let code = outcome.lines()[0]["code"].as_str().unwrap().to_owned();
            assert!(["storage_io", "storage_full"].contains(&code.as_str()), "{outcome:?}");
            assert!(there == before || is_unknown, "done, and said to have failed: {outcome:?}");
        }
        None => assert_eq!(cut.fault, Fault::Killed, "{outcome:?}"),
    }
    assert!(!outcome.stderr.contains("internal error"), "{outcome:?}");
}

fn matrix(what: &str, is_new: bool, arguments: &[&str]) {
    let bench = Bench::new(is_new);
    let folder = bench.wallet.path("data");
    bench.reset();
    let cuts = every_cut(&bench.command(arguments), &folder);
    let after = look(&bench.wallet);
    assert_ne!(after, bench.before);
    check_each(what, cuts, SOME, |cut| {
        bench.reset();
        let outcome = run_with(&mut cut.into(&bench.command(arguments), &folder), b"");
        let there = look(&bench.wallet);
        is_as_answered(cut, &outcome, &there, &bench.before, &after);
        let again = run_with(&mut bench.command(arguments), b"");
        again.done();
        assert_eq!(again.stderr, "");
        assert_eq!(look(&bench.wallet), after);
        is_whole(&folder);
    });
}

#[test]
fn p7_a_first_put_is_cut_at_every_call() {
    matrix("first put", true, &["put", "new.ndjson"]);
}

#[test]
fn p7_a_put_is_cut_at_every_call() {
    matrix("put", false, &["put", "new.ndjson"]);
}

#[test]
fn p7_a_spend_is_cut_at_every_call() {
    matrix("spend", false, &["spend", "a", "s", "--proof", "{\"p\":1}"]);
}

#[test]
fn p7_a_set_is_cut_at_every_call() {
    matrix("set", false, &["set", "k", "[2]"]);
}

/// The intent is answered, then it is spent, and the process ends anywhere before that is recorded: the token is never offered.
#[test]
fn crash_between_spend_and_save() {
    let bench = Bench::new(false);
    let folder = bench.wallet.path("data");
    let (intent, proof) =
        (["spend", "a", "s", "--intent", "{\"salt\":7}"], ["spend", "a", "s", "--proof", "{}"]);
    bench.reset();
    bench.wallet.run(&intent).done();
    fs::remove_dir_all(bench.wallet.path("before")).unwrap();
    copy(&folder, &bench.wallet.path("before"));
    let cuts = every_cut(&bench.command(&proof), &folder);
    let killed = cuts.into_iter().filter(|cut| cut.fault == Fault::Killed).collect();
    check_each("spend after its intent", killed, SOME, |cut| {
        bench.reset();
        let outcome = run_with(&mut cut.into(&bench.command(&proof), &folder), b"");
        assert_eq!(outcome.exit, None);
        let rows = look(&bench.wallet).tokens;
        let spent = rows.iter().find(|row| row["tokenId"] == "a").unwrap();
        assert!(["intent", "proof"].map(Value::from).contains(&spent["spend"]), "{spent}");
        bench.wallet.run(&proof).done();
        // With the intent, and all that is needed to claim what comes of it.
        bench.wallet.run(&intent).done();
        assert_eq!(bench.wallet.run(&["status"]).done()["tokens"]["unspent"], 0);
        assert_eq!(bench.wallet.run(&["tokens"]).lines(), [] as [Value; 0]);
    });
}
