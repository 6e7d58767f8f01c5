//! What a connection holds that nobody has read: the frames of yamux are counted as they come in.
//!
//! Yamux bounds the bytes of each stream, but a frame of one byte takes as much memory as one of a hundred, and what comes for a stream that
//! was dropped here is kept until the peer lets the reset out. So bytes and frames of a connection have one bound together, and the
//! connection ends above it.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use libp2p::futures::{AsyncRead, AsyncWrite};

use crate::limits;

const HEADER_BYTES: usize = 12;
const DATA: u8 = 0;
/// Flags of a frame that ends a stream.
const FIN: u8 = 4;
const RST: u8 = 8;

/// One stream, by what came and what was read of it.
#[derive(Debug, Default)]
struct Line {
    /// Bytes that came, with [`limits::FRAME_COST`] for each frame.
    held: usize,
    came: u64,
    read: u64,
    is_dropped: bool,
}

/// The streams of one connection; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Unread(Arc<Mutex<Lines>>);

#[derive(Debug)]
struct Lines {
    open: HashMap<u32, Line>,
    held: usize,
    most: usize,
}

impl Unread {
    /// A connection of which so many bytes may be unread.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Lines { open: HashMap::new(), held: 0, most })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lines) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes how many bytes may be unread.
    pub fn limit(&self, most: usize) {
        self.with(|lines| lines.most = most);
    }

    /// So many bytes of a stream were read.
    pub fn read(&self, stream: u32, bytes: usize) {
        self.with(|lines| {
            let Some(line) = lines.open.get_mut(&stream) else { return };
            line.read = line.read.saturating_add(bytes as u64);
            let freed = if line.read >= line.came { line.held } else { bytes.min(line.held) };
            line.held -= freed;
            lines.held = lines.held.saturating_sub(freed);
        });
    }

    /// A stream was dropped. What it holds is given back when its end has gone out: yamux keeps it until then.
    pub fn dropped(&self, stream: u32) {
        self.with(|lines| {
            if let Some(line) = lines.open.get_mut(&stream) {
                line.is_dropped = true;
            }
            lines.open.retain(|of, line| *of != stream || line.held > 0);
        });
    }

    /// A frame comes.
    ///
    /// # Errors
    /// When more would be unread than may be: the connection has to end.
    fn comes(&self, frame: Frame) -> io::Result<()> {
        if frame.length == 0 {
            return Ok(());
        }
        let is_much = self.with(|lines| {
            let cost = frame.length.saturating_add(limits::FRAME_COST);
            // A stream that is not known is new, or has ended: then it counts as long as the connection lasts.
            let line = lines.open.entry(frame.stream).or_default();
            line.held = line.held.saturating_add(cost);
            line.came = line.came.saturating_add(frame.length as u64);
            lines.held = lines.held.saturating_add(cost);
            lines.held > lines.most
        });
        if is_much {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "more than is kept unread of a peer"));
        }
        Ok(())
    }

    /// A frame goes out.
    fn goes(&self, frame: Frame) {
        if !frame.ends {
            return;
        }
        self.with(|lines| {
            if lines.open.get(&frame.stream).is_some_and(|line| line.is_dropped)
                && let Some(line) = lines.open.remove(&frame.stream)
            {
                lines.held = lines.held.saturating_sub(line.held);
            }
        });
    }
}

/// A frame of data, by its head.
#[derive(Clone, Copy)]
struct Frame {
    stream: u32,
    length: usize,
    ends: bool,
}

/// Finds the frames in the bytes of one direction.
#[derive(Default)]
struct Frames {
    header: [u8; HEADER_BYTES],
    /// Bytes of the header that were seen.
    at: usize,
    /// Bytes of the body that are still to come.
    body: usize,
}

impl Frames {
    fn follow(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame) -> io::Result<()>) -> io::Result<()> {
        while !bytes.is_empty() {
            let inside = self.body.min(bytes.len());
            let (_, rest) = bytes.split_at(inside);
            self.body -= inside;
            let (part, rest) = rest.split_at((HEADER_BYTES - self.at).min(rest.len()));
            if let Some(to) = self.header.get_mut(self.at..self.at + part.len()) {
                to.copy_from_slice(part);
            }
            self.at += part.len();
            bytes = rest;
            if self.at == HEADER_BYTES
                && let Some(frame) = self.begins()
            {
                each(frame)?;
            }
        }
        Ok(())
    }

    fn begins(&mut self) -> Option<Frame> {
        self.at = 0;
        let [_, kind, _, flags, s0, s1, s2, s3, l0, l1, l2, l3] = self.header;
        if kind != DATA {
            return None;
        }
        self.body = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]);
        Some(Frame { stream, length: self.body, ends: flags & (FIN | RST) != 0 })
    }
}

/// A connection below yamux.
pub(super) struct Watched<C> {
    inner: C,
    unread: Unread,
    coming: Frames,
    going: Frames,
}

impl<C> Watched<C> {
    pub fn new(inner: C, unread: Unread) -> Self {
        Self { inner, unread, coming: Frames::default(), going: Frames::default() }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Watched<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let read = ready!(Pin::new(&mut this.inner).poll_read(cx, bytes))?;
        this.coming.follow(bytes.get(..read).unwrap_or_default(), |frame| this.unread.comes(frame))?;
        Poll::Ready(Ok(read))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Watched<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        this.going.follow(bytes.get(..written).unwrap_or_default(), |frame| {
            this.unread.goes(frame);
            Ok(())
        })?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests;
