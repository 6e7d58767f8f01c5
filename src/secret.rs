//! Secrets in memory: zeroized when dropped, without `Debug` or `Serialize`.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Code, Error};

/// The wallet's 32-byte secret. Everything the engine signs or seals derives from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes the bytes; the caller zeroizes its own copy.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
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
        let mut bytes = Zeroizing::new([0_u8; 32]);
        for (out, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let [high, low] = pair else { return Err(wrong()) };
            let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok());
            *out = digit(high).ok_or_else(wrong)? << 4 | digit(low).ok_or_else(wrong)?;
        }
        Ok(Self(*bytes))
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
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

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(..)")
    }
}

impl<'de> serde::Deserialize<'de> for Bearer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
