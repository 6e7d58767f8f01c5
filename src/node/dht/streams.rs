//! Streams that a peer may open on one connection: each may hold a window of bytes that nobody has read yet.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::futures::{AsyncRead, AsyncWrite};

/// Streams beyond the bound that are dropped in one go, before others get their turn.
const DROPPED_AT_ONCE: usize = 64;

/// A connection that keeps so many inbound streams and resets what is opened beside them.
pub(super) struct FewStreams<M> {
    inner: M,
    most: usize,
    /// Shared by every inbound stream that is open.
    open: Arc<()>,
}

impl<M> FewStreams<M> {
    pub fn new(inner: M, most: usize) -> Self {
        Self { inner, most, open: Arc::new(()) }
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for FewStreams<M>
where
    M::Substream: Unpin,
{
    type Substream = Counted<M::Substream>;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        for _ in 0..DROPPED_AT_ONCE {
            match Pin::new(&mut self.inner).poll_inbound(cx) {
                Poll::Ready(Ok(stream)) if Arc::strong_count(&self.open) <= self.most => {
                    let count = Some(self.open.clone());
                    return Poll::Ready(Ok(Counted { stream, _count: count }));
                }
                // Dropped, which resets it.
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        let opened = Pin::new(&mut self.inner).poll_outbound(cx);
        opened.map_ok(|stream| Counted { stream, _count: None })
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

/// A stream that counts as open until it is dropped.
pub(super) struct Counted<S> {
    stream: S,
    _count: Option<Arc<()>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, bytes)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
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
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use libp2p::futures::io::Cursor;
    use libp2p::futures::task::noop_waker;

    use super::*;

    /// A connection on which a peer has opened streams.
    struct Opened(VecDeque<Cursor<Vec<u8>>>);

    impl StreamMuxer for Opened {
        type Substream = Cursor<Vec<u8>>;
        type Error = Infallible;

        fn poll_inbound(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Self::Substream, Infallible>> {
            self.0.pop_front().map_or(Poll::Pending, |stream| Poll::Ready(Ok(stream)))
        }

        fn poll_outbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Self::Substream, Infallible>> {
            Poll::Ready(Ok(Cursor::default()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Infallible>> {
            Poll::Pending
        }
    }

    fn inbound(connection: &mut FewStreams<Opened>) -> Option<Counted<Cursor<Vec<u8>>>> {
        let waker = noop_waker();
        match Pin::new(connection).poll_inbound(&mut Context::from_waker(&waker)) {
            Poll::Ready(Ok(stream)) => Some(stream),
            _ => None,
        }
    }

    #[test]
    fn streams_beyond_the_bound_are_dropped_until_one_ends() {
        let streams = |count| (0..count).map(|_| Cursor::default()).collect();
        let mut connection = FewStreams::new(Opened(streams(5)), 2);
        let (first, second) = (inbound(&mut connection), inbound(&mut connection));
        assert!(first.is_some() && second.is_some());
        assert!(inbound(&mut connection).is_none());
        assert!(connection.inner.0.is_empty(), "three were dropped");
        drop(first);
        connection.inner.0 = streams(2);
        assert!(inbound(&mut connection).is_some(), "there is room for one");
    }

    #[test]
    fn own_streams_do_not_count() {
        let mut connection = FewStreams::new(Opened([Cursor::default()].into()), 1);
        let waker = noop_waker();
        let own = Pin::new(&mut connection).poll_outbound(&mut Context::from_waker(&waker));
        assert!(own.is_ready());
        assert!(inbound(&mut connection).is_some());
    }
}
