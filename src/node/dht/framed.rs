//! Messages with their length in front, read within a bound.

use std::io;

use libp2p::futures::{AsyncRead, AsyncReadExt};

use crate::limits;

/// Bytes read at once: a declared length alone allocates no more than this.
const STEP_BYTES: usize = 16 * 1024;
/// A length in front of a message takes at most this many bytes.
const LENGTH_BYTES: usize = 4;

/// The length of the next message; `None` at the end of the stream.
///
/// # Errors
/// Of kind `InvalidData` for a length above `most`.
pub(super) async fn length(stream: &mut (impl AsyncRead + Unpin), most: usize) -> io::Result<Option<usize>> {
    let mut length = 0_usize;
    for at in 0..LENGTH_BYTES {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return if at == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let [byte] = byte;
        length |= usize::from(byte & 0x7f) << (at * 7);
        if byte & 0x80 == 0 {
            return if length <= most { Ok(Some(length)) } else { Err(too_large()) };
        }
    }
    Err(too_large())
}

/// As many bytes as were announced.
///
/// # Errors
/// Of kind `TimedOut` when nothing comes for [`limits::DHT_STREAM_IDLE`].
pub(super) async fn body(stream: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < length {
        let at = body.len();
        body.resize(length.min(at + STEP_BYTES), 0);
        let step = body.get_mut(at..).unwrap_or_default();
        let filled = tokio::time::timeout(limits::DHT_STREAM_IDLE, stream.read_exact(step)).await;
        filled.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    }
    Ok(body)
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message beyond the bound")
}
