//! A front that takes no body above its limit: it answers 413 as nginx does, or cuts the connection.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::way::{Door, authority};

/// What nginx 1.22 says.
const REFUSAL: &str = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n\
    <center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
/// Bytes that a front which cuts lets pass before it does.
const CUT_AFTER: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Says413,
    Cuts,
}

/// A request that came: its path, and whether it was refused.
#[derive(Clone, Debug)]
pub struct Came {
    pub path: String,
    pub is_refused: bool,
}

/// Such a front before one node.
pub struct Limited {
    door: Door,
    came: Arc<Mutex<Vec<Came>>>,
    most: Arc<Mutex<usize>>,
}

impl Limited {
    pub async fn before(api: &str, most: usize, how: Refusal) -> Self {
        let came = Arc::new(Mutex::new(Vec::new()));
        let most = Arc::new(Mutex::new(most));
        let (log, limit, backend) = (came.clone(), most.clone(), authority(api));
        let door = Door::open(move |stream| {
            let (log, limit, backend) = (log.clone(), limit.clone(), backend.clone());
            async move {
                let _ = serve(stream, &backend, &limit, how, &log).await;
            }
        })
        .await;
        Self { door, came, most }
    }

    /// A nodes file of these fronts alone: everything goes through them.
    pub fn nodes_json(fronts: &[Self]) -> String {
        let node = |(at, front): (usize, &Self)| serde_json::json!({"id": format!("n{at}"), "api": format!("http://{}", front.door.address)});
        Value::from(fronts.iter().enumerate().map(node).collect::<Vec<_>>()).to_string()
    }

    /// Imports that came, refused or not.
    pub fn imports(&self) -> Vec<Came> {
        let came = self.came.lock().unwrap();
        came.iter().filter(|one| one.path.contains("dag/import")).cloned().collect()
    }

    /// The operator sets another limit.
    pub fn set_most(&self, most: usize) {
        *self.most.lock().unwrap() = most;
    }
}

async fn serve(
    client: TcpStream,
    backend: &str,
    most: &Mutex<usize>,
    how: Refusal,
    log: &Mutex<Vec<Came>>,
) -> std::io::Result<()> {
    let node = TcpStream::connect(backend).await?;
    node.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (mut from_node, mut to_node) = node.into_split();
    let to_client = Arc::new(tokio::sync::Mutex::new(to_client));
    let answers = to_client.clone();
    let back = tokio::spawn(async move {
        let mut chunk = vec![0; CUT_AFTER];
        while let Ok(read @ 1..) = from_node.read(&mut chunk).await {
            if answers.lock().await.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    });
    while let Some((head, path, bytes)) = next_head(&mut from_client).await {
        let is_refused = bytes > *most.lock().unwrap();
        log.lock().unwrap().push(Came { path, is_refused });
        if is_refused {
            back.abort();
            let _ = back.await;
            return refuse(from_client, to_client, how, bytes).await;
        }
        to_node.write_all(head.as_bytes()).await?;
        tokio::io::copy(&mut (&mut from_client).take(bytes as u64), &mut to_node).await?;
    }
    Ok(())
}

async fn next_head(from: &mut OwnedReadHalf) -> Option<(String, String, usize)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1)?.to_owned();
    let length = |line: &str| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok();
    let bytes = head.lines().find_map(length).unwrap_or(0);
    Some((head, path, bytes))
}

async fn refuse(
    mut from: OwnedReadHalf,
    to: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    how: Refusal,
    bytes: usize,
) -> std::io::Result<()> {
    let mut to = Arc::into_inner(to).unwrap().into_inner();
    if how == Refusal::Cuts {
        tokio::io::copy(&mut (&mut from).take(CUT_AFTER as u64), &mut tokio::io::sink()).await?;
        // The rest stays unread: closing resets the connection.
        from.reunite(to).unwrap().set_zero_linger()?;
        return Ok(());
    }
    let head = format!(
        "HTTP/1.1 413 Request Entity Too Large\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        REFUSAL.len()
    );
    to.write_all(format!("{head}{REFUSAL}").as_bytes()).await?;
    to.shutdown().await?;
    // It reads on for a while, so that the answer is not lost with a reset.
    let _ = tokio::io::copy(&mut (&mut from).take(bytes as u64), &mut tokio::io::sink()).await;
    Ok(())
}
