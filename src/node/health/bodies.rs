//! How large a body a node takes. It says nothing of how well the node can be read.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::limits;

/// What was learnt of one node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Bodies {
    /// Largest that is sent after a larger one was refused, bytes.
    most: Option<usize>,
    /// How many of nearly that size were taken since.
    taken: u32,
    /// The same after one was cut off, and until when that counts: it may have been the line.
    #[serde(skip)]
    cut_off: Option<(usize, Instant)>,
}

impl Bodies {
    /// The largest body that is sent now.
    pub fn most(&self, now: Instant) -> usize {
        let cut_off = self.cut_off.filter(|(_, until)| now < *until).map(|(most, _)| most);
        let most = self.most.into_iter().chain(cut_off).min();
        most.unwrap_or(limits::CAR_CHUNK_BYTES).min(limits::CAR_CHUNK_BYTES)
    }

    /// A body was refused for its size.
    pub fn note_refused(&mut self, bytes: usize) {
        (self.most, self.taken) = (Some(below(bytes)), 0);
    }

    /// A connection broke off while a body was sent.
    pub fn note_cut_off(&mut self, bytes: usize, now: Instant) {
        self.cut_off = Some((below(bytes), now + limits::CUT_OFF_COUNTS));
    }

    /// A body was taken. After many of the largest size a larger one is tried: the limit may have been raised.
    pub fn note_taken(&mut self, bytes: usize) {
        let Some(most) = self.most.filter(|most| bytes > most / 2) else { return };
        self.taken = self.taken.saturating_add(1);
        if self.taken >= limits::BODY_RETRY {
            (self.most, self.taken) = (Some(most.saturating_mul(2)), 0);
        }
    }
}

/// What is tried next: what nginx takes by default, then half each time.
const fn below(bytes: usize) -> usize {
    if bytes > limits::BODY_USUAL { limits::BODY_USUAL } else { bytes / 2 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Bodies;
    use crate::clock::monotonic;
    use crate::limits;

    #[test]
    fn a_refusal_is_remembered_until_many_were_taken() {
        let (mut bodies, now) = (Bodies::default(), monotonic());
        assert_eq!(bodies.most(now), limits::CAR_CHUNK_BYTES);
        bodies.note_refused(limits::CAR_CHUNK_BYTES);
        assert_eq!(bodies.most(now), limits::BODY_USUAL, "the usual limit first");
        bodies.note_refused(limits::BODY_USUAL);
        assert_eq!(bodies.most(now), limits::BODY_USUAL / 2);
        for _ in 0..limits::BODY_RETRY {
            bodies.note_taken(10);
        }
        assert_eq!(bodies.most(now), limits::BODY_USUAL / 2, "small ones say nothing");
        let kept = serde_json::to_vec(&bodies).unwrap();
        let mut bodies: Bodies = serde_json::from_slice(&kept).unwrap();
        for _ in 0..limits::BODY_RETRY {
            bodies.note_taken(limits::BODY_USUAL / 2);
        }
        assert_eq!(bodies.most(now), limits::BODY_USUAL);
    }

    #[test]
    fn what_was_cut_off_is_forgotten_soon() {
        let (mut bodies, now) = (Bodies::default(), monotonic());
        bodies.note_cut_off(600_000, now);
        assert_eq!(bodies.most(now), 300_000);
        assert_eq!(
            bodies.most(now + limits::CUT_OFF_COUNTS + Duration::from_secs(1)),
            limits::CAR_CHUNK_BYTES
        );
    }
}
