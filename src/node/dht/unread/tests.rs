use libp2p::futures::io::{AllowStdIo, Cursor};
use libp2p::futures::{AsyncReadExt, AsyncWriteExt};

use super::*;

const WINDOW: u32 = 256 * 1024;
const MOST: usize = 4 * WINDOW as usize;

/// A frame of data for a stream, of so many bytes.
fn frame(stream: u32, length: u32, flags: u8) -> Vec<u8> {
    let mut frame = vec![0, DATA, 0, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(length.to_be_bytes());
    frame.resize(frame.len() + length as usize, 7);
    frame
}

async fn comes(unread: &Unread, bytes: Vec<u8>) -> io::Result<()> {
    let mut watched = Watched::new(Cursor::new(bytes), unread.clone());
    // Seven bytes at once: headers and bodies are cut anywhere.
    let mut part = [0; 7];
    while watched.read(&mut part).await? > 0 {}
    Ok(())
}

async fn goes(unread: &Unread, bytes: &[u8]) {
    Watched::new(AllowStdIo::new(io::sink()), unread.clone()).write_all(bytes).await.unwrap();
}

fn held(unread: &Unread) -> usize {
    unread.with(|lines| lines.held)
}

#[tokio::test]
async fn what_is_read_makes_room() {
    let unread = Unread::new(MOST);
    let ping = vec![0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    comes(&unread, [frame(1, 100, 0), ping, frame(2, 30, 0)].concat()).await.unwrap();
    assert_eq!(held(&unread), 130 + 2 * limits::FRAME_COST, "a ping has no body");
    unread.read(1, 40);
    assert_eq!(held(&unread), 90 + 2 * limits::FRAME_COST);
    unread.read(1, 60);
    unread.read(2, 30);
    assert_eq!(held(&unread), 0);
}

#[tokio::test]
async fn a_connection_of_tiny_frames_ends_long_before_they_fill_a_window() {
    let unread = Unread::new(MOST);
    let ended = comes(&unread, frame(1, 1, 0).repeat(WINDOW as usize)).await;
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::InvalidData);
    let came: u64 = unread.with(|lines| lines.open.values().map(|line| line.came).sum());
    assert!(came < 16 * 1024, "{came}");
}

#[tokio::test]
async fn a_dropped_stream_counts_until_its_end_has_gone_out() {
    let unread = Unread::new(MOST);
    comes(&unread, frame(1, WINDOW, 1)).await.unwrap();
    unread.dropped(1);
    goes(&unread, &[frame(1, 3, 0), frame(2, 0, RST)].concat()).await;
    assert!(held(&unread) > 0, "neither is its end");
    goes(&unread, &frame(1, 0, RST)).await;
    assert_eq!(held(&unread), 0);
}

#[tokio::test]
async fn a_peer_that_lets_no_reset_out_fills_no_more_than_the_bound() {
    let unread = Unread::new(MOST);
    for stream in 0..4 {
        let came = comes(&unread, frame(stream, WINDOW, 1)).await;
        assert_eq!(came.is_ok(), stream < 3, "{stream}");
        unread.dropped(stream);
    }
}
