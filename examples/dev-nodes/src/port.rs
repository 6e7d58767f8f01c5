//! A TCP port that can be closed, opened again under the same number, frozen, throttled and reset.
//!
//! The port number stays reserved while it is closed (a bound socket that does not listen), so that nobody else
//! is given it in between.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::Sleep;

/// Connections the kernel holds for a port before they are accepted.
const BACKLOG: u32 = 1024;
/// Between two tries to listen again.
const REOPEN_PAUSE: Duration = Duration::from_millis(5);
/// A throttled connection writes this often in a second, so that few bytes trickle instead of coming in lumps.
const DRIPS_PER_SECOND: u64 = 20;

/// How bytes flow through a port now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flow {
    /// Nothing is read or written.
    frozen: bool,
    /// Bytes per second that leave each connection.
    drip: Option<u64>,
    /// Connections made under another number are closed.
    generation: u64,
}

/// One listening port.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _reservation: TcpSocket,
    listener: Mutex<Option<TcpListener>>,
    flow: watch::Sender<Flow>,
    runtime: tokio::runtime::Handle,
}

impl Port {
    /// Takes a free loopback port and listens on it. Needs a tokio runtime.
    pub fn open() -> io::Result<Arc<Self>> {
        let reservation = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = reservation.local_addr()?;
        let listener = socket(address)?.listen(BACKLOG)?;
        Ok(Arc::new(Self {
            address,
            _reservation: reservation,
            listener: Mutex::new(Some(listener)),
            flow: watch::Sender::new(Flow::default()),
            runtime: tokio::runtime::Handle::current(),
        }))
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn is_open(&self) -> bool {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Closes the port and every connection; connecting is refused from now on.
    pub fn close(&self) {
        drop(self.listener.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.flow.send_modify(|flow| flow.generation = flow.generation.wrapping_add(1));
    }

    /// Listens again after [`close`](Self::close).
    pub fn reopen(&self) -> io::Result<()> {
        let _runtime = self.runtime.enter();
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.is_none() {
            *listener = Some(socket(self.address)?.listen(BACKLOG)?);
            // Wakes the task that accepts.
            self.flow.send_modify(|flow| flow.generation = flow.generation.wrapping_add(1));
        }
        Ok(())
    }

    /// Listens again as soon as the number is free. A process that is being started has a copy of every socket until it runs
    /// its program, of a listener that was closed meanwhile too.
    pub async fn reopen_in_time(&self, limit: Duration) -> io::Result<()> {
        let free = async {
            loop {
                match self.reopen() {
                    Err(e) if e.kind() == io::ErrorKind::AddrInUse => tokio::time::sleep(REOPEN_PAUSE).await,
                    done => return done,
                }
            }
        };
        tokio::time::timeout(limit, free).await.unwrap_or_else(|_| Err(io::ErrorKind::AddrInUse.into()))
    }

    pub fn freeze(&self, frozen: bool) {
        self.flow.send_if_modified(|flow| std::mem::replace(&mut flow.frozen, frozen) != frozen);
    }

    pub fn drip(&self, bytes_per_second: Option<u64>) {
        self.flow
            .send_if_modified(|flow| std::mem::replace(&mut flow.drip, bytes_per_second) != bytes_per_second);
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The accepting side of a [`Port`].
pub(crate) struct Accept(pub Arc<Port>);

impl Listener for Accept {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let port = &self.0;
        let mut changes = port.flow.subscribe();
        loop {
            let accepted = std::future::poll_fn(|cx| {
                let listener = port.listener.lock().unwrap_or_else(PoisonError::into_inner);
                // Under the lock, so that a connection accepted before a close belongs to the time before it.
                let born = port.flow.borrow().generation;
                match &*listener {
                    Some(listener) => listener.poll_accept(cx).map_ok(|(stream, peer)| (stream, peer, born)),
                    None => Poll::Pending,
                }
            });
            tokio::select! {
                accepted = accepted => {
                    if let Ok((stream, peer, born)) = accepted {
                        let _ = stream.set_nodelay(true);
                        return (Connection::new(stream, born, port.flow.subscribe()), peer);
                    }
                    // Out of file descriptors, for example; the next one may succeed.
                    tokio::task::yield_now().await;
                }
                _ = changes.changed() => {}
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.address)
    }
}

type Change = Pin<Box<dyn Future<Output = watch::Receiver<Flow>> + Send>>;

/// One accepted connection, which obeys its port.
pub(crate) struct Connection {
    stream: TcpStream,
    born: u64,
    flow: watch::Receiver<Flow>,
    change: Change,
    pause: Option<Pin<Box<Sleep>>>,
    reset: ResetSwitch,
}

/// Makes a connection end with a TCP reset once it is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResetSwitch(Arc<AtomicBool>);

impl ResetSwitch {
    pub fn pull(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Accept>> for ResetSwitch {
    fn connect_info(stream: IncomingStream<'_, Accept>) -> Self {
        stream.io().reset.clone()
    }
}

impl Connection {
    fn new(stream: TcpStream, born: u64, flow: watch::Receiver<Flow>) -> Self {
        let change = next_change(flow.clone());
        Self { stream, born, flow, change, pause: None, reset: ResetSwitch::default() }
    }

    /// Ready with the flow while bytes may pass; wakes the task whenever the flow changes.
    fn poll_flow(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Flow>> {
        while let Poll::Ready(flow) = self.change.as_mut().poll(cx) {
            self.change = next_change(flow);
        }
        let flow = *self.flow.borrow();
        if flow.generation != self.born {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if flow.frozen { Poll::Pending } else { Poll::Ready(Ok(flow)) }
    }
}

fn next_change(mut flow: watch::Receiver<Flow>) -> Change {
    Box::pin(async move {
        if flow.changed().await.is_err() {
            // The port is gone, and with it whoever could change something.
            std::future::pending::<()>().await;
        }
        flow
    })
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.poll_flow(cx) {
            Poll::Ready(Ok(_)) => Pin::new(&mut self.stream).poll_read(cx, buffer),
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let flow = match self.poll_flow(cx) {
            Poll::Ready(Ok(flow)) => flow,
            Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
            Poll::Pending => return Poll::Pending,
        };
        let Some(rate) = flow.drip else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        let rate = rate.max(1);
        let most = usize::try_from((rate / DRIPS_PER_SECOND).max(1)).unwrap_or(usize::MAX);
        let part = bytes.get(..most.min(bytes.len())).unwrap_or(bytes);
        let written = Pin::new(&mut self.stream).poll_write(cx, part);
        if let Poll::Ready(Ok(written)) = written {
            let nanos = (written as u64).saturating_mul(1_000_000_000) / rate;
            self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_nanos(nanos))));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_flow(cx) {
            Poll::Ready(Ok(_)) => Pin::new(&mut self.stream).poll_shutdown(cx),
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => Poll::Pending,
        }
    }
}
