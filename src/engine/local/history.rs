//! The measurements on disk: one row a minute, joined with what other processes wrote for the same minute.

use std::sync::Arc;

use super::Local;
use super::state::change::Change;
use crate::engine::measure::Measure;
use crate::error::Error;
use crate::limits;
use crate::metrics::{Metrics, Rollup};
use crate::store::RollupRow;

const MINUTE_MS: i64 = 60_000;

impl Local {
    /// Rows of history from a minute on.
    ///
    /// # Errors
    /// Store errors.
    pub async fn rollups(&self, from_minute: i64) -> Result<Vec<Rollup>, Error> {
        let rows = self.store.rollups(from_minute).await?;
        Ok(rows.into_iter().map(|row| Rollup { minute: row.minute, json: row.json }).collect())
    }

    /// All history that is kept.
    ///
    /// # Errors
    /// Store errors.
    pub async fn history(&self) -> Result<Vec<Rollup>, Error> {
        self.rollups(self.first_minute()).await
    }

    /// Writes what was measured since the last time, and when the account last synced.
    ///
    /// # Errors
    /// Store errors; what was measured is kept for the next time.
    pub async fn write_measurements(self: &Arc<Self>, measure: &Measure) -> Result<(), Error> {
        let _one = measure.writing.lock().await;
        let drained = measure.metrics.drain_rollups();
        if drained.is_empty() {
            return Ok(());
        }
        let written = self.join_rollups(measure, &drained).await;
        if written.is_err() {
            measure.metrics.put_back(&drained);
        }
        written
    }

    async fn join_rollups(self: &Arc<Self>, measure: &Measure, drained: &[Rollup]) -> Result<(), Error> {
        let first = drained.iter().map(|row| row.minute).min().unwrap_or(0);
        let kept = self.rollups(first).await?;
        let last = measure.last_sync().and_then(|last| serde_json::to_vec(&last).ok());
        let mut changes = vec![Change::LastSync(last.map(Into::into))];
        for row in drained {
            let old = kept.iter().find(|old| old.minute == row.minute);
            let joined = old.and_then(|old| Metrics::merge_json(&old.json, &row.json).ok());
            // A damaged row is replaced by what is known now.
            let json = joined.unwrap_or_else(|| row.json.clone());
            changes.push(Change::Rollup(RollupRow { minute: row.minute, json }));
        }
        changes.push(Change::PruneRollups(self.first_minute()));
        self.turn().await.commit(changes).await
    }

    /// Forgets all history.
    ///
    /// # Errors
    /// Store errors.
    pub async fn forget_history(self: &Arc<Self>) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::PruneRollups(i64::MAX)]).await
    }

    /// Ends the store and frees the folder.
    ///
    /// # Errors
    /// Store errors.
    pub async fn close(&self) -> Result<(), Error> {
        self.store.close().await
    }

    fn first_minute(&self) -> i64 {
        let kept = i64::try_from(limits::ROLLUP_MINUTES).unwrap_or(i64::MAX);
        (self.now() / MINUTE_MS).saturating_sub(kept)
    }
}
