//! The measurements over time, and starting them anew.

use super::Engine;
use crate::Error;
use crate::metrics::{HistoryPoint, Metrics, Rollup};
use crate::store::Write;

impl Engine {
    /// What was measured from `from_minute` up to but not including `to_minute` (minutes since the Unix epoch), a point
    /// per step; see [`Metrics::history`].
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only; what was measured since the last write to disk may be written or not.
    pub async fn metrics_history(
        &self,
        from_minute: i64,
        to_minute: i64,
        step_minutes: u32,
    ) -> Result<Vec<HistoryPoint>, Error> {
        if !self.account.read_along {
            self.account.check_open()?;
            self.account.flush_metrics().await?;
        }
        let rows = self.account.store.rollups(from_minute).await?;
        let rows: Vec<Rollup> =
            rows.into_iter().map(|row| Rollup { minute: row.minute, json: row.json }).collect();
        Ok(Metrics::history(&rows, from_minute, to_minute, step_minutes))
    }

    /// Starts the measurements at zero and forgets their history.
    ///
    /// # Errors
    /// `locked` for a handle that only reads along; store errors.
    ///
    /// # Cancel safety
    /// Whole or not at all.
    pub async fn reset_metrics(&self) -> Result<(), Error> {
        let account = self.writable()?;
        self.own_task(async move {
            account.store.commit(vec![Write::PruneRollups { before_minute: i64::MAX }]).await?;
            account.metrics.reset();
            Ok(())
        })
        .await
    }
}
