//! All steps of a publish to one node: supply, pin, put, read back, look again.

use futures_util::future::join;

use super::lane::Lane;
use super::proof::Shown;
use crate::error::{Code, Error};
use crate::model::record::Record;

/// How far one node came.
pub enum LaneEnd {
    /// It holds the edition, proven twice.
    Verified,
    /// Under our name it shows a record we never wrote.
    Rival(Box<Record>),
}

impl Lane<'_> {
    /// Publishes to the node. `direct` sends the blocks; otherwise the node pulls them from its peers first.
    ///
    /// # Errors
    /// The node's error; what it holds by then is found out by the next run.
    pub async fn publish(&self, direct: bool) -> Result<LaneEnd, Error> {
        let lack = self.to_send().await;
        let (there, supplied) = join(self.shown(), self.supply(&lack, direct)).await;
        supplied?;
        let is_there = match there? {
            Shown::Rival(record) => return Ok(LaneEnd::Rival(record)),
            Shown::Same => true,
            Shown::Behind => false,
        };
        self.trace("supplied");
        let put = async { if is_there { Ok(()) } else { self.put_record().await } };
        let (put, pinned) = join(put, self.pin_or_resend()).await;
        put?;
        self.trace("put and pinned");
        let (seen, held) = join(self.check_shown(), self.holds(&lack)).await;
        seen?;
        self.run.note_seen();
        pinned?;
        if !held? {
            self.account.local.forget_node(self.node.id()).await?;
            return Err(Error::new(Code::Invalid, "the node said it pinned and lacks a block"));
        }
        self.trace("read back");
        self.second_look().await?;
        self.trace("seen twice");
        self.note_proven(&lack).await?;
        Ok(LaneEnd::Verified)
    }

    fn trace(&self, step: &str) {
        tracing::trace!(node = self.node.id(), step, ms = self.run.elapsed_ms(self.account), "publishing");
    }
}
