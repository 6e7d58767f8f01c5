//! From the wallet's secret to keys and names: one Ed25519 key and one IPNS name per device slot.
//!
//! HKDF-SHA256 without salt; the infos are fixed by the published format (`docs/format.md`).

use std::fmt;
use std::sync::OnceLock;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use multibase::Base;
use sha2::Sha256;

use super::block::Block;
use super::cid::Codec;
use super::push::{PushKeys, Topic};
use super::seal::Sealer;
use crate::error::{Code, Error};
use crate::limits;
use crate::secret::{Secret, wipe_stack};

const SLOT_0: &str = "ipfs-storage-ed25519-v1";
/// CIDv1, codec libp2p-key, identity multihash of a protobuf-wrapped Ed25519 key.
const NAME_PREFIX: [u8; 2] = [0x01, 0x72];
const MULTIHASH_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// Number of a device's place among the wallet's names, 0 to 63.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The predecessor's name, so that existing wallets are found.
    pub const ZERO: Self = Self(0);

    /// A slot below [`limits::SLOTS`].
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (number < limits::SLOTS).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Every slot, lowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..limits::SLOTS).map(Self)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({})", self.0)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// First 16 bytes of a derived key; says which wallet a root belongs to without naming the wallet's key.
pub type WalletId = [u8; 16];

/// Random 16 bytes that tell two devices apart.
pub type DeviceId = [u8; 16];

/// Everything derived from one secret on one network.
pub struct WalletKeys {
    secret: Secret,
    network: Option<String>,
    sealer: Sealer,
    wallet_id: WalletId,
    /// Of each slot, once it was asked for: a name costs a multiplication on the curve, and each sync asks for several.
    names: Box<[OnceLock<Name>]>,
}

impl WalletKeys {
    /// Derives the content keys; slot keys are derived when asked for.
    #[must_use]
    pub fn derive(secret: &Secret, network: Option<&str>) -> Self {
        let key = |info: &str| expand(secret, info, network);
        let sealer = Sealer::new(
            &key("wallet-sync-content-v1"),
            &key("wallet-sync-nonce-v1"),
            &key("wallet-sync-index-v1"),
        );
        let mut wallet_id = [0; 16];
        wallet_id.iter_mut().zip(key("wallet-sync-id-v1").expose()).for_each(|(out, byte)| *out = *byte);
        let names = Slot::all().map(|_| OnceLock::new()).collect();
        Self { secret: secret.clone(), network: network.map(str::to_owned), sealer, wallet_id, names }
    }

    /// The same keys once more, for another device of the wallet.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::derive(&self.secret, self.network.as_deref())
    }

    /// The IPNS name of a slot.
    #[must_use]
    pub fn name(&self, slot: Slot) -> Name {
        let derive = || self.slot(slot).name();
        self.names.get(usize::from(slot.number())).map_or_else(derive, |name| *name.get_or_init(derive))
    }

    /// The signing key and name of a slot.
    #[must_use]
    pub fn slot(&self, slot: Slot) -> SlotKey {
        let info = match slot {
            Slot::ZERO => SLOT_0.to_owned(),
            Slot(number) => format!("{SLOT_0}/device/{number}"),
        };
        let signing = signing(&expand(&self.secret, &info, self.network.as_deref()));
        wipe_stack();
        SlotKey { slot, signing }
    }

    /// A beacon of a slot: a block that nobody else can name. The name of its pin says which edition is pinned.
    #[must_use]
    pub fn beacon(&self, slot: Slot, place: u8) -> Block {
        let info = format!("wallet-sync-beacon-v1/{slot}/{place}");
        let bytes = expand(&self.secret, &info, self.network.as_deref());
        // No key: a node that holds the block may give it to anybody.
        Block::new(Codec::Raw, bytes.expose().to_vec())
    }

    /// Where the devices of this wallet tell each other what is new, and what seals that.
    #[must_use]
    pub fn push(&self) -> PushKeys {
        let key = |info: &str| expand(&self.secret, info, self.network.as_deref());
        // Nothing that is told has a place in the index.
        let no_index = Secret::new([0; 32]);
        let sealer = Sealer::new(&key("wallet-sync-push-v1"), &key("wallet-sync-nonce-v1"), &no_index);
        PushKeys::new(Topic::new(*key("wallet-sync-topic-v1").expose()), sealer)
    }

    /// Seals and opens blocks of this wallet.
    #[must_use]
    pub const fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The wallet's id.
    #[must_use]
    pub const fn wallet_id(&self) -> &WalletId {
        &self.wallet_id
    }
}

impl fmt::Debug for WalletKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WalletKeys(..)")
    }
}

/// One derived key, written where it stays.
fn expand(secret: &Secret, info: &str, network: Option<&str>) -> Secret {
    let info = match network {
        Some(network) => format!("{info}:{network}"),
        None => info.to_owned(),
    };
    let key = Secret::made(|out| expand_into(secret, &info, out));
    wipe_stack();
    key
}

#[inline(never)]
fn expand_into(secret: &Secret, info: &str, out: &mut [u8; 32]) {
    // 32 bytes are one HKDF block; only more than 255 blocks can fail.
    let _ = Hkdf::<Sha256>::new(None, secret.expose()).expand(info.as_bytes(), out);
}

#[inline(never)]
fn signing(seed: &Secret) -> Box<SigningKey> {
    Box::new(SigningKey::from_bytes(seed.expose()))
}

/// The signing key of one slot; zeroized when dropped.
pub struct SlotKey {
    slot: Slot,
    signing: Box<SigningKey>,
}

impl SlotKey {
    /// Which slot it is.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// The IPNS name it signs for.
    #[must_use]
    pub fn name(&self) -> Name {
        Name(self.signing.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.signing.sign(message).to_bytes();
        wipe_stack();
        signature
    }
}

impl fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotKey({}, ..)", self.slot)
    }
}

/// An IPNS name: an Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(VerifyingKey);

impl Name {
    /// The canonical text: base36 CIDv1 `k51…`.
    #[must_use]
    pub fn k51(&self) -> String {
        multibase::encode(Base::Base36Lower, self.cid_bytes())
    }

    /// The peer-id text: base58 multihash `12D3KooW…`.
    #[must_use]
    pub fn peer_id(&self) -> String {
        Base::Base58Btc.encode(self.multihash())
    }

    /// Reads `k51…`, `bafzaa…` or `12D3KooW…`, with or without a leading `/ipns/`.
    ///
    /// # Errors
    /// [`Code::Malformed`] for other text or keys that are not Ed25519.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::new(Code::Malformed, format!("name: {what}"));
        let text = text.strip_prefix("/ipns/").unwrap_or(text);
        if text.len() > 128 {
            return Err(wrong("longer than 128 characters"));
        }
        let bytes = if text.starts_with("12D3KooW") {
            Base::Base58Btc.decode(text).map_err(|_| wrong("not base58"))?
        } else {
            let (_, bytes) = multibase::decode(text).map_err(|_| wrong("not a multibase text"))?;
            bytes.strip_prefix(&NAME_PREFIX).ok_or_else(|| wrong("not a libp2p-key CIDv1"))?.to_vec()
        };
        let key = bytes.strip_prefix(&MULTIHASH_PREFIX).ok_or_else(|| wrong("not an Ed25519 key"))?;
        Self::from_key(key)
    }

    /// Takes the 32 bytes of a public key.
    ///
    /// # Errors
    /// [`Code::Malformed`] when they are not a point of the curve.
    pub fn from_key(key: &[u8]) -> Result<Self, Error> {
        let wrong = || Error::new(Code::Malformed, "name: not an Ed25519 public key");
        let key: &[u8; 32] = key.try_into().map_err(|_| wrong())?;
        VerifyingKey::from_bytes(key).map(Self).map_err(|_| wrong())
    }

    /// The 38-byte identity multihash of the key.
    #[must_use]
    pub fn multihash(&self) -> Vec<u8> {
        [MULTIHASH_PREFIX.as_slice(), self.0.as_bytes()].concat()
    }

    pub(super) const fn key(&self) -> &VerifyingKey {
        &self.0
    }

    fn cid_bytes(&self) -> Vec<u8> {
        [NAME_PREFIX.as_slice(), &self.multihash()].concat()
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_bytes().cmp(other.0.as_bytes())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.k51())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.k51())
    }
}
