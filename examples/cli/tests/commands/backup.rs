//! `backup`: one file, made on one machine and read on another, without a node in between.

use std::fs;

use serde_json::{Value, json};

use crate::support::Wallet;

fn filled() -> Wallet {
    let wallet = Wallet::new();
    wallet.run(&["init"]).done();
    let lines = "{\"tokenId\":\"a\",\"stateHash\":\"1\",\"summary\":\"5 ₿\",\"data\":\" {\\n\\u0000} \"}\n\
        {\"tokenId\":\"b\",\"stateHash\":\"1\",\"previous\":\"0\",\"dataBase64\":\"AAH/\"}\n\
        {\"tokenId\":\"c\",\"stateHash\":\"1\",\"data\":\"spent\"}\n";
    wallet.run_with_stdin(&["put", "-"], lines).done();
    wallet.run(&["spend", "c", "1", "--proof", "{\"tx\":1}"]).done();
    wallet.run(&["set", "label", "\"mine\""]).done();
    wallet
}

/// Another machine with the same secret.
fn second(first: &Wallet) -> Wallet {
    let wallet = Wallet::new();
    fs::copy(first.path("secret"), wallet.path("secret")).unwrap();
    wallet
}

#[test]
fn a_file_carries_the_wallet_to_another_machine_without_nodes() {
    let one = filled();
    let file = one.path("wallet.backup");
    let file = file.to_str().unwrap();
    let written = one.run(&["backup", "export", file]).done();
    assert_eq!(
        (&written["tokens"], &written["live"], &written["entries"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(written["bytes"], fs::metadata(file).unwrap().len());
    assert_eq!((&written["missing"], &written["warnings"]), (&json!(0), &json!([])));
    assert_eq!(one.run(&["backup", "verify", file]).done(), written);
    let two = second(&one);
    let imported = two.run(&["backup", "import", file]).done();
    assert_eq!(
        (&imported["added"], &imported["unchanged"], &imported["blocks"]),
        (&json!(3), &json!(0), &written["blocks"])
    );
    for arguments in [&["tokens", "--all", "--data"][..], &["get", "label"]] {
        assert_eq!(two.run(arguments).lines(), one.run(arguments).lines());
    }
    let again = two.run(&["backup", "import", file]).done();
    assert_eq!((&again["added"], &again["unchanged"], &again["stored"]), (&json!(0), &json!(4), &json!(0)));
    // The whole file is a CAR whose root its header names.
    let root = tauri_plugin_wallet_sync::model::car::root_of(&fs::read(file).unwrap()).unwrap();
    let checked = two.run(&["car", "verify", file, "--root", &root.to_string()]).done();
    assert_eq!(checked["blocks"], written["blocks"]);
}

#[test]
fn verify_needs_no_secret_and_says_what_it_did_not_look_at() {
    let one = filled();
    let file = one.path("wallet.backup");
    one.run(&["backup", "export", file.to_str().unwrap()]).done();
    let checked = crate::support::run(&["--json", "backup", "verify", file.to_str().unwrap()]).done();
    assert_eq!((&checked["tokens"], &checked["ok"]), (&Value::Null, &json!(true)));
    assert!(checked["warnings"][0].as_str().unwrap().starts_with("no_secret:"));
}

#[test]
fn bad_files_have_their_codes_and_change_nothing() {
    let (one, other) = (filled(), Wallet::new());
    other.run(&["init"]).done();
    let file = one.path("wallet.backup");
    one.run(&["backup", "export", file.to_str().unwrap()]).done();
    let good = fs::read(&file).unwrap();
    let mut damaged = good.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let cases: [(&str, &[u8], i32, &str, &str); 4] = [
        ("cut", &good[..good.len() - 10], 4, "malformed", "cut short"),
        ("damaged", &damaged, 4, "hash_mismatch", "bytes are not those"),
        ("text", b"a letter", 4, "malformed", "not a backup file"),
        ("empty", b"", 4, "malformed", "empty"),
    ];
    let two = second(&one);
    two.run(&["init"]).done();
    for (name, bytes, exit, code, words) in cases {
        let bad = two.file(name, bytes);
        for command in ["verify", "import"] {
            let message = two.run(&["backup", command, &bad]).refused(exit, code);
            assert!(message.contains(words) && message.contains(name), "{message}");
        }
    }
    for command in ["verify", "import"] {
        let message = other.run(&["backup", command, file.to_str().unwrap()]).refused(4, "decrypt_failed");
        assert!(message.contains("another wallet"), "{message}");
        two.run(&["backup", command, two.path("none").to_str().unwrap()]).refused(2, "bad_request");
    }
    assert_eq!(two.run(&["tokens", "--all"]).lines(), Vec::<Value>::new());
    assert_eq!(two.run(&["status"]).done()["revision"], 0);
}

#[test]
fn a_file_of_this_name_stays_unless_it_is_to_be_replaced() {
    let one = filled();
    let file = one.file("kept", "of the user's");
    let name = file.as_str();
    one.run(&["backup", "export", name]).refused(2, "conflict");
    assert_eq!(fs::read(&file).unwrap(), b"of the user's");
    one.run(&["backup", "export", name, "--force"]).done();
    one.run(&["backup", "verify", name]).done();
    let nowhere = one.path("no-folder").join("file");
    one.run(&["backup", "export", nowhere.to_str().unwrap()]).refused(2, "bad_request");
}
