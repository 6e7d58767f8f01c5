//! Yamux within bounds: windows that do not grow, a number of streams that a peer may have open, and a bound on all that is unread.
//!
//! The wrapper of libp2p lets windows grow up to 1 GiB in each connection, after round trips that the peer itself can make look long.

use std::io;
use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::futures::{AsyncRead, AsyncWrite, future};

use super::unread::{Unread, Watched};
use crate::limits;

/// What yamux lets a peer send on a stream before anybody has read of it, bytes.
const WINDOW_BYTES: usize = yamux::DEFAULT_CREDIT as usize;
/// Streams beyond the bound that are dropped in one go, before others get their turn.
const DROPPED_AT_ONCE: usize = 64;

/// How a connection is multiplexed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yamux;

impl Yamux {
    fn over<C: AsyncRead + AsyncWrite + Unpin>(io: C, mode: yamux::Mode) -> Muxer<C> {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(limits::CONNECTION_STREAMS);
        config.set_max_connection_receive_window(Some(limits::CONNECTION_STREAMS * WINDOW_BYTES));
        let unread = Unread::new(limits::PEER_UNREAD_BYTES);
        let connection = yamux::Connection::new(Watched::new(io, unread.clone()), config, mode);
        Muxer { connection, unread, most: limits::PEER_STREAMS, open: Arc::new(()) }
    }
}

impl UpgradeInfo for Yamux {
    type Info = &'static str;
    type InfoIter = iter::Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> InboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Self::Output>>;

    fn upgrade_inbound(self, io: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(Self::over(io, yamux::Mode::Server)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Self::Output>>;

    fn upgrade_outbound(self, io: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(Self::over(io, yamux::Mode::Client)))
    }
}

/// A connection that keeps so many inbound streams and resets what is opened beside them.
pub(super) struct Muxer<C> {
    connection: yamux::Connection<Watched<C>>,
    unread: Unread,
    most: usize,
    /// Shared by every inbound stream that is open.
    open: Arc<()>,
}

impl<C> Muxer<C> {
    /// Changes how many streams the peer may have open, and how many bytes of all of them may be unread.
    pub fn within(mut self, most: usize, unread: usize) -> Self {
        self.most = most;
        self.unread.limit(unread);
        self
    }

    fn known(&self, stream: yamux::Stream, count: Option<Arc<()>>) -> Stream {
        Stream { stream, unread: self.unread.clone(), count }
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Muxer<C> {
    type Substream = Stream;
    type Error = io::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        for _ in 0..DROPPED_AT_ONCE {
            let next = ready!(self.connection.poll_next_inbound(cx));
            let stream =
                next.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?.map_err(failed)?;
            let count = (Arc::strong_count(&self.open) <= self.most).then(|| self.open.clone());
            let stream = self.known(stream, count);
            if stream.count.is_some() {
                return Poll::Ready(Ok(stream));
            }
            // Dropped, which resets it.
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(self.connection.poll_new_outbound(cx)).map_err(failed)?;
        Poll::Ready(Ok(self.known(stream, None)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_close(cx).map_err(failed)
    }

    /// Nothing: inbound streams are taken up whenever the connection is looked at, which is what moves it on.
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Poll::Pending
    }
}

fn failed(error: yamux::ConnectionError) -> io::Error {
    match error {
        yamux::ConnectionError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// A stream that says what is read of it, and counts as open until it is dropped.
pub(super) struct Stream {
    stream: yamux::Stream,
    unread: Unread,
    count: Option<Arc<()>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.unread.dropped(self.stream.id().val());
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, bytes))?;
        self.unread.read(self.stream.id().val(), read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests;
