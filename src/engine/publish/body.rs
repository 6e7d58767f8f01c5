//! How large a body a node takes: what stands before it may refuse larger ones, by saying so or by cutting them off.

use bytes::Bytes;

use super::lane::Lane;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::{Call, broke_off};

impl Lane<'_> {
    /// The largest CAR that the node is sent, bytes.
    pub(super) fn body_most(&self) -> usize {
        self.account.network.health().body_most(self.at, self.account.clock.monotonic())
    }

    /// Sends a CAR; `false` when the node took none as large, so that smaller ones are to be made.
    ///
    /// # Errors
    /// The node's error; `too_large` for a single block that is too large, with what is to be set.
    pub(super) async fn send_car(&self, car: Bytes, is_single: bool, call: &Call) -> Result<bool, Error> {
        let (bytes, health) = (car.len(), self.account.network.health());
        let Err(error) = self.node.import(car, call).await else {
            health.note_body_taken(self.at, bytes);
            return Ok(true);
        };
        let is_refused = error.code() == Code::TooLarge;
        if is_refused && is_single {
            let most = limits::BODY_NEEDED / (1024 * 1024);
            let words = format!(
                "what stands before the node takes no block of {bytes} bytes: \
                 set its limit of a body (nginx: client_max_body_size) to {most} MiB or more"
            );
            return Err(Error::new(Code::TooLarge, words));
        }
        let is_cut_off = broke_off(&error) && bytes > limits::RESENT_BYTES;
        if is_single || !(is_refused || is_cut_off) {
            return Err(error);
        }
        tracing::debug!(
            node = self.node.id(),
            bytes,
            is_refused,
            "a body was too large; smaller ones follow"
        );
        if is_refused {
            health.note_body_refused(self.at, bytes);
        } else {
            health.note_body_cut_off(self.at, bytes, self.account.clock.monotonic());
        }
        Ok(false)
    }
}
