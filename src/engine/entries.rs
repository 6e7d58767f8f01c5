//! The synced entries as a list.

use bytes::Bytes;

use super::Engine;
use crate::clock::UnixMs;
use crate::model::inventory::{EntryValue, Version};
use crate::model::seal::Kind;
use crate::{Error, limits};

/// A part of the list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Rows in key order.
    pub rows: Vec<EntryRow>,
    /// Whether there are rows after these.
    pub is_more: bool,
}

/// A row of the list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its key.
    pub key: String,
    /// When the shown version was set, by the clock of the device that set it.
    pub at: UnixMs,
    /// Bytes of the value.
    pub size: usize,
    /// The value; none while its bytes are not on this disk.
    pub value: Option<Bytes>,
}

impl Engine {
    /// Entries whose key starts with `prefix`, in key order, after a key: up to `limit`, and no further ones once their
    /// values exceed `max_bytes`. No network is asked.
    ///
    /// # Errors
    /// Store errors; `decrypt_failed` for a value that does not open.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn entries(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Entries, Error> {
        let now = self.account.clock.now();
        let shown: Vec<(String, Version)> = {
            let state = self.account.read();
            let listed = state.inventory.entries(now);
            listed
                .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| *key > after))
                .take(limit.saturating_add(1))
                .map(|(key, version)| (key.to_owned(), version.clone()))
                .collect()
        };
        let (mut rows, mut bytes) = (Vec::new(), 0_usize);
        let found = shown.len();
        for (key, version) in shown.into_iter().take(limit) {
            if bytes > max_bytes {
                break;
            }
            let (size, value) = self.value(&version.value).await?;
            bytes = bytes.saturating_add(size);
            rows.push(EntryRow { key, at: version.hlc.ms, size, value });
        }
        Ok(Entries { is_more: rows.len() < found, rows })
    }

    async fn value(&self, value: &EntryValue) -> Result<(usize, Option<Bytes>), Error> {
        let block = match value {
            EntryValue::Inline(bytes) => return Ok((bytes.len(), Some(bytes.clone()))),
            EntryValue::Block(block) => block,
        };
        let size = usize::try_from(block.size).unwrap_or(usize::MAX);
        let Some(sealed) = self.account.store.block(&block.cid).await? else { return Ok((size, None)) };
        let sealer = self.account.keys.sealer();
        let plain = sealer.open(Kind::Value, sealed.bytes(), limits::VALUE_BYTES)?;
        Ok((size, Some(Bytes::from(plain))))
    }
}
