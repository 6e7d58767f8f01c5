//! Sealing: AES-256-GCM-SIV over padded plaintext, deterministic so that equal content has equal CIDs.
//!
//! Sealed bytes are `nonce (12) ‖ ciphertext ‖ tag (16)`. The plaintext inside is one byte of codec, the length of
//! the stored bytes (u32, big endian), the bytes, and zeros up to a Padmé size. The nonce is HMAC-SHA256(nonce key,
//! kind ‖ 0 ‖ padded plaintext) cut to 96 bits.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;
use zstd::bulk::{Compressor, Decompressor};

use crate::error::{Code, Error};
use crate::secret::{Secret, wipe_stack};

const HEADER: usize = 5;
const NONCE: usize = 12;
const TAG: usize = 16;
const ZSTD_LEVEL: i32 = 3;
/// A block of zstd and its margins, bytes.
const ZSTD_ROOM: usize = 160 * 1024;

/// What a sealed block is; part of the authenticated data, so that no block passes for one of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The payload of a token state.
    State,
    /// What an intent or proof carries.
    Evidence,
    /// An entry value too large for the index.
    Value,
    /// A node of the index.
    Index,
    /// The body of a root.
    Root,
    /// The name of a beacon's pin.
    Beacon,
    /// What devices tell each other; under a key of its own.
    Push,
    /// A row of the local database; never published.
    Row,
}

impl Kind {
    const fn associated_data(self) -> &'static [u8] {
        match self {
            Self::State => b"ws1/state",
            Self::Evidence => b"ws1/evidence",
            Self::Value => b"ws1/value",
            Self::Index => b"ws1/index",
            Self::Root => b"ws1/root",
            Self::Beacon => b"ws1/beacon",
            Self::Push => b"ws1/push",
            Self::Row => b"ws1/row",
        }
    }
}

/// Whether the bytes are compressed before they are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Stored as they are: root, index, rows, whose bytes must not depend on a compressor's version.
    Never,
    /// zstd when that is smaller: payloads, evidence and values, which are sealed once and kept.
    IfSmaller,
}

/// Seals and opens with one wallet's content, nonce and index keys.
pub struct Sealer {
    /// The expanded content key, where it stays.
    cipher: Box<Aes256GcmSiv>,
    nonce_key: Secret,
    index_key: Secret,
}

impl Sealer {
    /// Takes the three derived keys.
    #[must_use]
    pub fn new(content_key: &Secret, nonce_key: &Secret, index_key: &Secret) -> Self {
        let cipher = expanded(content_key);
        wipe_stack();
        Self { cipher, nonce_key: nonce_key.clone(), index_key: index_key.clone() }
    }

    /// Seals bytes of one kind.
    ///
    /// # Errors
    /// [`Code::TooLarge`] above 4 GiB; nothing else can fail.
    pub fn seal(&self, kind: Kind, plain: &[u8], compression: Compression) -> Result<Vec<u8>, Error> {
        let sealed = self.sealed(kind, plain, compression);
        wipe_stack();
        sealed
    }

    #[inline(never)]
    fn sealed(&self, kind: Kind, plain: &[u8], compression: Compression) -> Result<Vec<u8>, Error> {
        let packed = match compression {
            Compression::Never => None,
            Compression::IfSmaller => compressed(plain),
        };
        let (codec, stored) = packed.as_ref().map_or((0, plain), |packed| (1, packed.as_slice()));
        let length =
            u32::try_from(stored.len()).map_err(|_| Error::new(Code::TooLarge, "more than 4 GiB to seal"))?;
        let size = padme(stored.len() + HEADER);
        let mut padded = Zeroizing::new(Vec::with_capacity(size));
        padded.push(codec);
        padded.extend_from_slice(&length.to_be_bytes());
        padded.extend_from_slice(stored);
        padded.resize(size, 0);
        let nonce = self.nonce(kind, &padded);
        let payload = Payload { msg: &padded, aad: kind.associated_data() };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::new(Code::TooLarge, "too much to seal"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens sealed bytes of one kind, giving at most `max` bytes.
    ///
    /// # Errors
    /// [`Code::DecryptFailed`] when they were not sealed with these keys for this kind, [`Code::TooLarge`] when more
    /// than `max` bytes are inside (decided before anything is decompressed), [`Code::Malformed`] when the inside is not
    /// ours.
    pub fn open(&self, kind: Kind, sealed: &[u8], max: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let opened = self.opened(kind, sealed, max);
        wipe_stack();
        opened
    }

    #[inline(never)]
    fn opened(&self, kind: Kind, sealed: &[u8], max: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let failed = || Error::new(Code::DecryptFailed, "does not open with this wallet's key");
        let malformed = |what: &str| Error::new(Code::Malformed, format!("sealed bytes: {what}"));
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(failed)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| failed())?;
        let payload = Payload { msg: body, aad: kind.associated_data() };
        let padded = Zeroizing::new(self.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| failed())?);
        let (codec, rest) = padded.split_first().ok_or_else(|| malformed("empty"))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| malformed("no length"))?;
        let length = u32::from_be_bytes(*length) as usize;
        let (stored, padding) =
            rest.split_at_checked(length).ok_or_else(|| malformed("length beyond the end"))?;
        if padding.iter().any(|byte| *byte != 0) || padded.len() != padme(length + HEADER) {
            return Err(malformed("padding"));
        }
        match codec {
            0 if length > max => Err(too_large(length, max)),
            0 => Ok(Zeroizing::new(stored.to_vec())),
            1 => decompress(stored, max),
            other => Err(malformed(&format!("codec {other}"))),
        }
    }

    /// HMAC-SHA256 under the index key: the place of an item in the index.
    #[must_use]
    pub fn index_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(self.index_key.expose(), parts)
    }

    fn nonce(&self, kind: Kind, padded: &[u8]) -> [u8; NONCE] {
        let mut nonce = [0; NONCE];
        let full = mac(self.nonce_key.expose(), &[kind.associated_data(), &[0], padded]);
        nonce.iter_mut().zip(full).for_each(|(out, byte)| *out = byte);
        nonce
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // An HMAC key of this size is padded to one block.
    let mut block = Zeroizing::new([0_u8; 64]);
    block.iter_mut().zip(key).for_each(|(out, byte)| *out = *byte);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Compressed bytes, where they are fewer.
fn compressed(plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut zstd = Compressor::new(ZSTD_LEVEL).ok()?;
    let mut packed = Zeroizing::new(vec![0; zstd::zstd_safe::compress_bound(plain.len())]);
    let size = zstd.compress_to_buffer(plain, packed.as_mut_slice());
    // The compressor copies what it cannot shorten into memory of its own, and frees that as it is: as much noise takes its place.
    let _ = zstd.compress_to_buffer(&noise(plain.len()), &mut Vec::<u8>::with_capacity(packed.len()));
    packed.truncate(size.ok()?);
    (packed.len() < plain.len()).then_some(packed)
}

/// Bytes that no compressor shortens.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut noise: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| next()).collect();
    noise.truncate(length);
    noise
}

/// The cipher, made where it stays.
#[inline(never)]
fn expanded(key: &Secret) -> Box<Aes256GcmSiv> {
    let key: &Key<Aes256GcmSiv> = key.expose().into();
    Box::new(Aes256GcmSiv::new(key))
}

fn decompress(stored: &[u8], max: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let malformed = || Error::new(Code::Malformed, "sealed bytes: not a zstd frame with its size");
    let declared = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten().ok_or_else(malformed)?;
    let declared = usize::try_from(declared).unwrap_or(usize::MAX);
    if declared > max {
        return Err(too_large(declared, max));
    }
    // With so much room the decompressor keeps nothing in memory of its own, which it would free as it is.
    let mut room = Zeroizing::new(vec![0; declared.saturating_mul(2).saturating_add(ZSTD_ROOM)]);
    let size =
        Decompressor::new().and_then(|mut zstd| zstd.decompress_to_buffer(stored, room.as_mut_slice()));
    let plain = size.ok().filter(|size| *size == declared).and_then(|size| room.get(..size));
    plain.map(|plain| Zeroizing::new(plain.to_vec())).ok_or_else(malformed)
}

fn too_large(found: usize, max: usize) -> Error {
    Error::new(Code::TooLarge, format!("{found} bytes inside, at most {max}"))
}

/// Bytes of a sealed plaintext of this size that is not compressed.
#[must_use]
pub fn sealed_size(plain: usize) -> usize {
    padme(plain.saturating_add(HEADER)).saturating_add(NONCE + TAG)
}

/// The Padmé size: leaks O(log log n) bits of the length, costs at most 12 %.
#[must_use]
pub fn padme(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2() else { return 0 };
    let kept = exponent.checked_ilog2().map_or(0, |bits| bits + 1);
    length.next_multiple_of(1 << (exponent - kept))
}
