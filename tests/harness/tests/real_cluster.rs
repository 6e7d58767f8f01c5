//! Real daemons can be killed, frozen and started again, and none is left behind.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use wallet_sync_harness::RealCluster;

/// The status line of `version`, or why there is none.
fn version(address: &str) -> Result<String, std::io::ErrorKind> {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"POST /api/v0/version HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")?;
        let mut line = [0; 15];
        stream.read_exact(&mut line)?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    };
    asked().map_err(|error| error.kind())
}

/// Nobody answers. A dying process may still reset a connection that its kernel took.
fn is_gone(address: &str) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset};
    matches!(version(address), Err(ConnectionRefused | ConnectionReset))
}

#[test]
fn daemons_die_freeze_and_come_back_and_end_with_the_cluster() {
    let cluster = RealCluster::start(2).unwrap();
    assert_eq!((cluster.len(), cluster.is_empty()), (2, false));
    let nodes: serde_json::Value = serde_json::from_str(&cluster.nodes_json().unwrap()).unwrap();
    let address = |i: usize| nodes[i]["api"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let ok = Ok("HTTP/1.1 200 OK".to_owned());
    assert_eq!(version(&address(1)), ok);
    cluster.kill(1).unwrap();
    assert!(is_gone(&address(1)));
    assert!(cluster.kill(1).unwrap_err().to_string().contains("not running"));
    cluster.up(1).unwrap();
    assert_eq!(version(&address(1)), ok);
    cluster.stop_signal(0).unwrap();
    assert_eq!(version(&address(0)), Err(std::io::ErrorKind::WouldBlock));
    cluster.cont(0).unwrap();
    assert_eq!(version(&address(0)), ok);
    // A frozen daemon is ended as well.
    cluster.stop_signal(0).unwrap();
    let dir = cluster.dir().to_owned();
    drop(cluster);
    for i in 0..2 {
        assert!(is_gone(&address(i)));
    }
    assert!(!Path::exists(&dir));
}
