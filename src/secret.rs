//! Secrets in memory: zeroized when dropped, without `Debug` or `Serialize`.
//!
//! A secret stays in one allocation of its own and is lent, never moved or copied: what is moved leaves a copy behind, in a frame of the
//! stack or in a task's memory. What a library's own calls leave on the stack is overwritten by `wipe_stack`.

use std::fmt;

use bytes::Bytes;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Code, Error};

/// The wallet's 32-byte secret. Everything the engine signs or seals derives from it.
///
/// It stays at one place of its own: what it is moved with leaves no copies behind.
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    /// Takes the bytes; the caller zeroizes its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::copy_of(&bytes)
    }

    /// Reads 64 hex digits, blanks around them allowed.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for anything else; the message never repeats the text.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let wrong = || Error::new(Code::BadRequest, "a secret is 64 hex digits");
        let text = text.trim().as_bytes();
        if text.len() != 64 {
            return Err(wrong());
        }
        let mut secret = Self(Box::new([0; 32]));
        for (out, pair) in secret.0.iter_mut().zip(text.chunks_exact(2)) {
            let [high, low] = pair else { return Err(wrong()) };
            let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok());
            *out = digit(high).ok_or_else(wrong)? << 4 | digit(low).ok_or_else(wrong)?;
        }
        Ok(secret)
    }

    fn copy_of(bytes: &[u8; 32]) -> Self {
        Self::made(|own| own.copy_from_slice(bytes))
    }

    /// One whose bytes are written where they stay.
    pub(crate) fn made(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut own = Self(Box::new([0; 32]));
        fill(&mut own.0);
        own
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::copy_of(&self.0)
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

/// A wallet's own bytes. The last one that has them wipes them, where nobody beside shares them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Plain(Bytes);

impl Plain {
    /// Bytes that somebody gave.
    pub const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Opened bytes as they are given to a caller: they are wiped when the last copy is dropped.
    pub fn shared(opened: Zeroizing<Vec<u8>>) -> Bytes {
        Bytes::from_owner(opened)
    }
}

impl std::ops::Deref for Plain {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // Shared ones are the others' to wipe.
        if let Ok(mut alone) = std::mem::take(&mut self.0).try_into_mut() {
            alone.as_mut().zeroize();
        }
    }
}

/// How much of the stack a call into a library of cryptography or compression is reckoned to use, bytes.
const USED_STACK: usize = 16 * 1024;

/// Overwrites what calls that have ended left on the stack below the caller.
#[inline(never)]
pub(crate) fn wipe_stack() {
    // Looked at, so that it is written.
    std::hint::black_box(&mut [0_u8; USED_STACK]);
}

/// A node's bearer token. Shown as `Bearer(..)` in debug output.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
    /// Takes the token text.
    #[must_use]
    pub const fn new(token: String) -> Self {
        Self(token)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

impl<'de> Deserialize<'de> for Bearer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(TextVisitor).map(Self)
    }
}

/// Any other text that must not be shown: a header's value, a password, a key. Shown as `(..)` in debug output.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(..)")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(TextVisitor).map(Self)
    }
}

/// Takes text. What it finds instead is not repeated, as serde would: it may be the secret.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<String, E> {
        Err(E::custom("expected a string"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<String, E> {
        Err(E::custom("expected a string"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<String, E> {
        Err(E::custom("expected a string"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<String, E> {
        Err(E::custom("expected a string"))
    }
}
