use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerExt;
use libp2p::core::transport::memory::Channel;
use libp2p::core::transport::{DialOpts, ListenerId, MemoryTransport, PortUse, TransportEvent};
use libp2p::futures::future::poll_fn;
use libp2p::futures::{AsyncReadExt, AsyncWriteExt, StreamExt};

use super::*;

type Line = Channel<Vec<u8>>;

/// The two ends of a line in memory.
async fn line() -> (Line, Line) {
    let mut transport = MemoryTransport::new().boxed();
    transport.listen_on(ListenerId::next(), "/memory/0".parse().unwrap()).unwrap();
    let Some(TransportEvent::NewAddress { listen_addr, .. }) = transport.next().await else {
        panic!("no address")
    };
    let options = DialOpts { role: libp2p::core::Endpoint::Dialer, port_use: PortUse::New };
    let near = transport.dial(listen_addr, options).unwrap();
    let (near, far) = tokio::join!(near, async {
        match transport.next().await {
            Some(TransportEvent::Incoming { upgrade, .. }) => upgrade.await.unwrap(),
            other => panic!("{other:?}"),
        }
    });
    (near.unwrap(), far)
}

/// A peer that opens so many streams, each with some bytes on it, and keeps them open.
async fn opens(far: Line, count: usize) {
    let mut peer = yamux::Connection::new(far, yamux::Config::default(), yamux::Mode::Server);
    let mut open = Vec::new();
    for _ in 0..count {
        let mut stream = poll_fn(|cx| peer.poll_new_outbound(cx)).await.unwrap();
        let writes = tokio::spawn(async move {
            let _ = stream.write_all(b"bytes").await;
            let _ = stream.flush().await;
            let _ = stream.read(&mut [0]).await;
        });
        open.push(writes);
    }
    while poll_fn(|cx| peer.poll_next_inbound(cx)).await.is_some_and(|next| next.is_ok()) {}
}

/// The next inbound stream, or none when so many frames of nothing new were looked at.
async fn inbound(connection: &mut Muxer<Line>) -> Option<Stream> {
    for _ in 0..100 {
        let next = poll_fn(|cx| Poll::Ready(connection.poll_inbound_unpin(cx))).await;
        match next {
            Poll::Ready(stream) => return Some(stream.unwrap()),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    None
}

#[tokio::test]
async fn streams_beyond_the_bound_are_dropped_until_one_ends() {
    let (near, far) = line().await;
    tokio::spawn(opens(far, 6));
    let mut connection = Yamux::over(near, yamux::Mode::Client).within(2, limits::PEER_UNREAD_BYTES);
    let (first, second) = (inbound(&mut connection).await, inbound(&mut connection).await);
    assert!(first.is_some() && second.is_some());
    assert!(inbound(&mut connection).await.is_none(), "the others were dropped");
    assert_eq!(Arc::strong_count(&connection.open), 3);
    drop(first);
    assert_eq!(Arc::strong_count(&connection.open), 2, "there is room for one");
}

#[tokio::test]
async fn own_streams_do_not_count() {
    let (near, far) = line().await;
    tokio::spawn(opens(far, 1));
    let mut connection = Yamux::over(near, yamux::Mode::Client).within(1, limits::PEER_UNREAD_BYTES);
    let own = poll_fn(|cx| connection.poll_outbound_unpin(cx)).await;
    assert!(own.is_ok());
    let mut stream = inbound(&mut connection).await.unwrap();
    let mut bytes = [0; 5];
    // What is read comes while the connection is looked at.
    let read = stream.read_exact(&mut bytes);
    tokio::pin!(read);
    let read = poll_fn(|cx| {
        let _ = connection.poll_inbound_unpin(cx);
        std::future::Future::poll(read.as_mut(), cx)
    });
    read.await.unwrap();
    assert_eq!(&bytes, b"bytes");
}
