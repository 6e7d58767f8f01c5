//! Bodies of requests, at the rate of the cap where there is one.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use reqwest::Body;

use crate::limits;
use crate::node::Call;
use crate::node::cap::Cap;

/// The body of a request.
pub(super) fn body(bytes: Bytes, call: &Call) -> Body {
    match call.meter.cap_up() {
        Some(cap) => Body::wrap_stream(paced(bytes, cap)),
        None => Body::from(bytes),
    }
}

/// The bytes in parts, each when the cap lets it pass.
fn paced(bytes: Bytes, cap: Arc<Cap>) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold((bytes, cap), |(mut left, cap)| async move {
        if left.is_empty() {
            return None;
        }
        let part = left.split_to(left.len().min(limits::CAP_PART_BYTES));
        if let Some(up) = &cap.up {
            up.pass(part.len()).await;
        }
        Some((Ok(part), (left, cap)))
    })
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;
    use crate::clock::monotonic;

    #[tokio::test(start_paused = true)]
    async fn a_body_under_a_cap_is_whole_and_takes_its_time() {
        let cap = Cap::new(Some(800), None).unwrap();
        let sent: Bytes = (0..100_000_u32).map(|n| n.to_be_bytes()[3]).collect();
        let began = monotonic();
        let parts: Vec<Bytes> = paced(sent.clone(), cap).try_collect().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 1_000);
        assert_eq!(parts.concat(), sent);
    }
}
