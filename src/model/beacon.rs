//! What a beacon says: the newest edition of a slot that a node has pinned.
//!
//! Records are forgotten after 48 h, pins are not. A beacon is a pin whose CID only the wallet knows and whose name is this,
//! sealed (`docs/format.md`, section 9).

use ipld_core::ipld::Ipld;
use multibase::Base;

use super::cbor;
use super::cid::{Cid, Codec};
use super::fields::{link_of, malformed, to_link, unsigned};
use super::identity::Slot;
use super::record::Record;
use super::seal::{Compression, Kind, Sealer};
use crate::error::Error;
use crate::limits;

/// Beacons of each slot: a rename may be lost or late, and then the other one still says what was proven.
pub const PLACES: u8 = 2;

const WHAT: &str = "beacon";
const NS_PER_S: i128 = 1_000_000_000;

/// An edition that is pinned on the node which shows this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The slot it was published under.
    pub slot: Slot,
    /// Sequence of its record.
    pub sequence: u64,
    /// Its root.
    pub root: Cid,
    /// EOL of its record, seconds since 1970.
    pub eol_s: u64,
}

/// The order in which nodes prefer the records of one name, as far as a beacon knows it: sequence, EOL, then the bytes, of which
/// the first that can differ are the text of the root's CID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u64, u64, String);

impl Rank {
    /// The rank of a record that points at a root.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let eol_s = u64::try_from(record.eol_ns().div_euclid(NS_PER_S)).unwrap_or(0);
        Some(Self(record.sequence(), eol_s, record.root()?.to_string()))
    }
}

impl Beacon {
    /// What names an edition by its record.
    #[must_use]
    pub fn of(slot: Slot, root: Cid, record: &Record) -> Self {
        let eol_s = u64::try_from(record.eol_ns().div_euclid(NS_PER_S)).unwrap_or(0);
        Self { slot, sequence: record.sequence(), root, eol_s }
    }

    /// The rank of the record that it stands for.
    #[must_use]
    pub fn rank(&self) -> Rank {
        Rank(self.sequence, self.eol_s, self.root.to_string())
    }

    /// The name of the pin.
    ///
    /// # Errors
    /// None that can be reached: four small values always encode.
    pub fn seal(&self, sealer: &Sealer) -> Result<String, Error> {
        let number = |value: u64| Ipld::Integer(value.into());
        let (slot, root) = (number(self.slot.number().into()), to_link(&self.root));
        let body = vec![slot, number(self.sequence), root, number(self.eol_s)];
        let sealed = sealer.seal(Kind::Beacon, &cbor::encode(&Ipld::List(body))?, Compression::Never)?;
        Ok(Base::Base64Url.encode(sealed))
    }

    /// Reads the name of a pin.
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed), [`Code::DecryptFailed`](crate::Code::DecryptFailed): somebody else named it.
    pub fn open(name: &str, sealer: &Sealer) -> Result<Self, Error> {
        if name.len() > limits::PIN_NAME_BYTES {
            return Err(malformed(WHAT, "longer than the name of a pin"));
        }
        let sealed = Base::Base64Url.decode(name).map_err(|_| malformed(WHAT, "not base64url"))?;
        let plain = sealer.open(Kind::Beacon, &sealed, limits::PIN_NAME_BYTES)?;
        let Ipld::List(body) = cbor::decode(&plain).map_err(|e| e.within(WHAT))? else {
            return Err(malformed(WHAT, "not a list"));
        };
        // Later releases may say more.
        let [slot, sequence, root, eol, ..] = body.as_slice() else {
            return Err(malformed(WHAT, "fewer than four values"));
        };
        let slot = unsigned(slot, u8::MAX.into()).and_then(|n| u8::try_from(n).ok()).and_then(Slot::new);
        let sequence = unsigned(sequence, limits::SEQUENCE_MAX).filter(|sequence| *sequence > 0);
        Ok(Self {
            slot: slot.ok_or_else(|| malformed(WHAT, "not a slot below 64"))?,
            sequence: sequence.ok_or_else(|| malformed(WHAT, "not a sequence"))?,
            eol_s: unsigned(eol, u64::MAX).ok_or_else(|| malformed(WHAT, "not a time"))?,
            root: link_of(root, Codec::DagCbor).ok_or_else(|| malformed(WHAT, "not a link to a root"))?,
        })
    }
}
