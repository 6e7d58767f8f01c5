//! The parts of a predecessor's wallet that are kept as they stand: listed, and read again byte for byte. Part of [`Engine`]'s public
//! methods.

use bytes::Bytes;

use crate::engine::Engine;
use crate::engine::api::legacy::LegacyPart;
use crate::engine::wallet::read;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::legacy::{PREFIX, PartKey, joined};

impl Engine {
    /// The kept parts, in the order of their keys, after one of them: `limit` at most. No network is asked.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn legacy_parts(&self, after: Option<&str>, limit: usize) -> Result<Vec<LegacyPart>, Error> {
        let mut parts: Vec<LegacyPart> = Vec::new();
        let mut from = after.map(str::to_owned);
        loop {
            let most = limits::LEGACY_PAGE_BYTES;
            let page =
                read::entries(self.account(), PREFIX, from.as_deref(), limits::LEGACY_PAGE, most).await?;
            for row in page.rows {
                if let Some(key) = PartKey::parse(&row.key)
                    && after != Some(key.part)
                {
                    if let Some(last) = parts.last_mut().filter(|last| last.key == key.part) {
                        (last.entries, last.size) = (last.entries + 1, last.size + row.size);
                    } else if parts.len() >= limit {
                        return Ok(parts);
                    } else {
                        let (part, section) = (key.part.to_owned(), key.section.to_owned());
                        parts.push(LegacyPart { key: part, section, size: row.size, entries: 1 });
                    }
                }
                from = Some(row.key);
            }
            if !page.is_more {
                return Ok(parts);
            }
        }
    }

    /// A kept part: a small document of the predecessor's form, byte for byte. What of it is not on this disk is fetched.
    ///
    /// # Errors
    /// `not_found` where there is no such part, not all of it is here, or it was changed since; `unreachable` and the like where a value
    /// does not come; store errors.
    ///
    /// # Cancel safety
    /// Reads only; a fetched block may be kept or not.
    pub async fn legacy_part(&self, key: &str) -> Result<Bytes, Error> {
        let none = || Error::new(Code::NotFound, "no part of a predecessor's wallet is kept under this key");
        let part = PartKey::parse(key).ok_or_else(none)?.part;
        let most = limits::LEGACY_PIECES;
        let rows = read::entries(self.account(), part, None, most, usize::MAX).await?.rows;
        let mut pieces = Vec::new();
        for row in &rows {
            if PartKey::parse(&row.key).is_some_and(|key| key.part == part) {
                pieces.push(match &row.value {
                    Some(value) => value.clone(),
                    None => read::get(self.account(), &row.key).await?,
                });
            }
        }
        if pieces.is_empty() { Err(none()) } else { joined(part, &pieces) }
    }
}
