//! `watch` prints what another device told, with where it is from and how it came.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::Wallet;
use crate::support::embedded::Nodes;

/// A `watch` under way; ended with the test.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_change_of_another_device_comes_by_push() {
    let nodes = Nodes::start_with_pubsub();
    let file = |wallet: &Wallet| wallet.file("nodes.json", nodes.nodes_json());
    let (one, two) = (Wallet::new(), Wallet::new());
    let put = |n: u32| {
        let line = format!("{{\"tokenId\":\"t{n}\",\"stateHash\":\"s0\",\"data\":\"x\"}}");
        one.run_with_stdin(&["put", "-"], &line).done();
        one.run(&["--nodes", &file(&one), "sync", "--wait", "verified", "--deadline", "20000"]).done();
    };
    one.run(&["init"]).done();
    put(0);
    // The same wallet on another device, which has read the nodes once.
    std::fs::copy(one.path("secret"), two.path("secret")).unwrap();
    two.run(&["--nodes", &file(&two), "sync", "--fresh"]).done();
    let mut command = two.command();
    command.args(["--nodes", &file(&two), "watch"]).env("RUST_LOG", "off");
    let mut watch = Watch(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let lines = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    let (sender, printed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let events = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        events.filter(|event| event["event"] == "tokens-changed").for_each(|event| drop(sender.send(event)));
    });
    // Nobody says when it listens: changes are made until one comes. None is due by the clock for a minute.
    let came = (1..20).find_map(|n| {
        put(n);
        printed.recv_timeout(std::time::Duration::from_secs(2)).ok()
    });
    let event = came.expect("a change came");
    assert_eq!((&event["origin"]["by"], &event["origin"]["slot"]), (&"push".into(), &0.into()), "{event}");
    assert!(event["lagMs"].is_u64(), "{event}");
}
