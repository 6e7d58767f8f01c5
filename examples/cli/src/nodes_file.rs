//! The nodes file: bounded, and refused with what is wrong in it.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use tauri_plugin_wallet_sync::config::{Config, Nodes};
use tauri_plugin_wallet_sync::limits::NODES_FILE_BYTES;
use tauri_plugin_wallet_sync::{Code, NodeConfig};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads the nodes.
pub fn read(path: &Path) -> Result<Nodes, Failure> {
    let bad = |what: String| Failure::new(Code::BadRequest, format!("nodes file {}: {what}", path.display()));
    let file = File::open(path).map_err(|e| bad(e.to_string()))?;
    let opened = file.metadata().map_err(|e| bad(e.to_string()))?;
    let mut text = Zeroizing::new(Vec::new());
    file.take(NODES_FILE_BYTES.saturating_add(1)).read_to_end(&mut text).map_err(|e| bad(e.to_string()))?;
    if text.len() as u64 > NODES_FILE_BYTES {
        return Err(bad(format!("more than {NODES_FILE_BYTES} bytes")));
    }
    let text = std::str::from_utf8(&text).map_err(|_| bad("not UTF-8 text".to_owned()))?;
    let nodes = Config::parse_nodes(text)
        .map_err(|e| bad(e.message().trim_start_matches("nodes file: ").to_owned()))?;
    let mut config = Config::default();
    config.nodes = nodes;
    config.validate().map_err(|e| bad(e.message().to_owned()))?;
    for (at, node) in config.nodes.iter_mut().enumerate() {
        // A path in the file is meant as seen from the file.
        node.resolve_files(path.parent().unwrap_or(Path::new("")));
        node.check_files().map_err(|e| bad(format!("nodes[{at}].{}", e.message())))?;
    }
    if config.nodes.iter().any(NodeConfig::has_credentials)
        && let Some(mode) = others_read(&opened)
    {
        let path = path.display();
        crate::output::say(&format!(
            "warning: nodes file {path}: others can read its credentials (mode {mode:04o}): set its mode to 0600"
        ));
    }
    Ok(config.nodes)
}

/// The mode of a file that others may read.
#[cfg(unix)]
fn others_read(file: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then_some(mode)
}

/// On Windows there are no modes: the rights of the folder keep others out.
#[cfg(not(unix))]
fn others_read(_: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::read;

    fn complaint(text: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        format!("{:?}", read(file.path()).unwrap_err())
    }

    #[test]
    fn a_good_file_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = r#"[{"id":"n1","api":"http://127.0.0.1:5001","gateway":"http://127.0.0.1:8080",
            "swarm":["/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR"],"token":"t"},
            {"id":"n2","gateway":"https://gateway.example"}]"#;
        std::fs::write(file.path(), text).unwrap();
        assert_eq!(read(file.path()).unwrap().len(), 2);
    }

    #[test]
    fn complaints_name_what_is_wrong() {
        let node = r#"{"id":"a","api":"http://127.0.0.1:1"}"#;
        let cases: [(&str, &str); 7] = [
            ("", "EOF"),
            (r#"{"id":"a"}"#, "unknown field `id`, expected one of `pool`"),
            (r#"[{"id":"a"}]"#, "nodes[0]: api or gateway is needed"),
            (
                "[{\"id\":\"a\",\n\"api\":\"http://h\",\"colour\":1}]",
                "line 2: [0].colour: unknown field `colour`",
            ),
            (r#"[{"id":"a","api":"ftp://h"}]"#, "nodes[0]: api"),
            (r#"[{"api":"http://h"}]"#, "missing field `id`"),
            (&format!("[{node},{node}]"), "nodes[1].id"),
        ];
        for (text, words) in cases {
            let told = complaint(text.as_bytes());
            assert!(told.contains(words), "{text}: {told}");
        }
        assert!(complaint(b"[\"\xff\"]").contains("UTF-8"));
        assert!(complaint(&vec![b' '; 1024 * 1024 + 1]).contains("1048576 bytes"));
    }
}
