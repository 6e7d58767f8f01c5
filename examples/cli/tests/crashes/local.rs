//! Changes on this disk, cut at every call.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

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

/// Whether a command writes all at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    AtOnce,
    /// In steps that a repeated command goes on with.
    InSteps,
}

/// Each row is one of those before or after: what comes with a spend is never there without it.
fn is_between(there: &View, before: &View, after: &View) {
    let is_there = |row: &Value| there.tokens.contains(row);
    assert!(before.tokens.iter().all(is_there), "something is gone: {there:?}");
    assert!(there.tokens.iter().all(|row| after.tokens.contains(row)), "neither before nor after: {there:?}");
    assert!([&before.value, &after.value].contains(&&there.value), "{there:?}");
}

/// What the answer allows to be there.
fn is_as_answered(cut: &Cut, outcome: &Outcome, written: Written, there: &View, before: &View, after: &View) {
    match written {
        Written::AtOnce => {
            assert!(there == before || there == after, "neither before nor after: {there:?}")
        }
        Written::InSteps => is_between(there, before, after),
    }
    // Whether what a failed sync was for is on the disk nobody knows.
    let is_unknown = cut.fault != Fault::Killed && matches!(cut.call.as_str(), "fsync" | "fdatasync");
    match outcome.exit {
        Some(0) => assert_eq!(there, after, "{outcome:?}"),
        Some(_) => {
            let code = outcome.lines()[0]["code"].as_str().unwrap().to_owned();
            assert!(["storage_io", "storage_full"].contains(&code.as_str()), "{outcome:?}");
            assert!(
                written == Written::InSteps || there == before || is_unknown,
                "done, and said to have failed: {outcome:?}"
            );
        }
        None => assert_eq!(cut.fault, Fault::Killed, "{outcome:?}"),
    }
    assert!(!outcome.stderr.contains("internal error"), "{outcome:?}");
}

fn matrix(what: &str, is_new: bool, arguments: &[&str]) {
    matrix_of(&Bench::new(is_new), what, arguments, Written::AtOnce);
}

fn matrix_of(bench: &Bench, what: &str, arguments: &[&str], written: Written) {
    let folder = bench.wallet.path("data");
    bench.reset();
    let cuts = every_cut(&bench.command(arguments), &folder);
    let after = look(&bench.wallet);
    assert_ne!(after, bench.before);
    check_each(what, cuts, SOME, |cut| {
        bench.reset();
        let outcome = run_with(&mut cut.into(&bench.command(arguments), &folder), b"");
        let there = look(&bench.wallet);
        is_as_answered(cut, &outcome, written, &there, &bench.before, &after);
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

/// A backup file of another device of the wallet, with two tokens, a spend and a setting that are new here.
#[test]
fn p7_an_import_of_a_backup_is_cut_at_every_call() {
    let bench = Bench::new(false);
    let other = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        run_with(command.env("WALLETSYNC_DATA", bench.wallet.path("other")), b"").done();
    };
    other(&["put", "old.ndjson"]);
    other(&["put", "new.ndjson"]);
    other(&["spend", "a", "s", "--proof", "2"]);
    other(&["set", "k", "[2]"]);
    other(&["backup", "export", "wallet.backup"]);
    matrix_of(&bench, "import", &["backup", "import", "wallet.backup"], Written::AtOnce);
}

#[test]
fn p7_an_import_of_a_predecessors_wallet_is_cut_at_every_call() {
    let bench = Bench::new(false);
    let token = |state: &str| json!({"genesis": {"data": {"coinData": [["uct", "5"]]}}, "_integrity": {"currentStateHash": state}});
    let (one, two) = ("01".repeat(32), "02".repeat(32));
    let document = json!({
        "_meta": {"version": 3, "formatVersion": "2.0"},
        format!("_{one}"): token("s1"),
        format!("_archived_{two}"): token("s2"),
        format!("_{}", "03".repeat(32)): "broken",
        "_outbox": [{"sourceTokenId": one, "salt": "5a"}],
    });
    bench.wallet.file("old.json", document.to_string());
    matrix_of(&bench, "import-legacy", &["import-legacy", "old.json"], Written::InSteps);
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
