//! The program prints the nodes file, obeys its control port and ends when told.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::support::client;

#[tokio::test]
async fn program_prints_its_nodes_obeys_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("nodes.json");
    let mut program = Command::new(env!("CARGO_BIN_EXE_dev-nodes"))
        .args(["--count", "2", "--nodes-file"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(program.stderr.take().unwrap()).lines();
    let said = stderr.next_line().await.unwrap().unwrap();
    let control = said.rsplit(' ').next().unwrap().to_owned();
    let nodes: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(nodes.len(), 2);
    let api = nodes[1]["api"].as_str().unwrap();
    let version = || client().post(format!("{api}/api/v0/version")).send();
    assert_eq!(version().await.unwrap().status(), 200);

    let fault = |node: String, body: Value| {
        client().post(format!("{control}/{node}/fault")).body(body.to_string()).send()
    };
    let id = nodes[1]["id"].as_str().unwrap().to_owned();
    assert_eq!(fault(id, json!({"fault": "server_error", "status": 503})).await.unwrap().status(), 204);
    assert_eq!(version().await.unwrap().status(), 503);
    let list: Value =
        serde_json::from_str(&client().get(&control).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(list[1]["faults"], json!(["ServerError(503)"]));
    assert_eq!(fault("1".to_owned(), json!({"fault": "none"})).await.unwrap().status(), 204);
    assert_eq!(version().await.unwrap().status(), 200);
    assert_eq!(fault("1".to_owned(), json!({"fault": "gremlins"})).await.unwrap().status(), 400);
    assert_eq!(fault("9".to_owned(), json!({"fault": "none"})).await.unwrap().status(), 404);
    let from_page = client().post(format!("{control}/1/wipe")).header("origin", "http://evil.example").send();
    assert_eq!(from_page.await.unwrap().status(), 403);

    let pid = program.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    assert!(program.wait().await.unwrap().success());
    let mut printed = String::new();
    program.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
    assert_eq!(serde_json::from_str::<Vec<Value>>(&printed).unwrap(), nodes);
    assert!(!file.exists(), "the nodes file goes with the nodes");
}
