//! Defects that the simulation plants to show that it would find them. Without the feature `planted-bugs`, which is for this
//! crate's own tests alone, none can be planted, and the places that ask are compiled away.

/// The ten defects that a wallet-sync engine is most likely to have (each was seen somewhere).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-bugs"), allow(dead_code))]
pub enum Bug {
    /// What another device sends replaces what is here.
    LastWriterWins,
    /// A spend of one state hides every state of the token.
    SpendByTokenId,
    /// `verified` after one node.
    AckAfterOneNode,
    /// A record is sent before it is in the written log.
    PublishBeforePersist,
    /// A lower record takes the place of a higher one.
    HighWaterSkipped,
    /// A node that gives no answer counts as having nothing.
    AbsentIsEmpty,
    /// The record that comes first is the only one that is looked at.
    FirstRecordOnly,
    /// A record with the sequence of one's own is taken for it.
    TieByArrival,
    /// A change counts as handled before it was.
    HandledBeforeDone,
    /// Sequences are counted in memory alone.
    SequenceFromMemory,
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a defect on this thread, or none.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this defect is planted here.
#[cfg(feature = "planted-bugs")]
pub fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Never.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub const fn is_planted(_: Bug) -> bool {
    false
}
