//! The tables of a store in memory: checks of a batch, and the effect of each write.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::blocks::Blocks;
use crate::error::Error;
use crate::model::cid::Cid;
use crate::store::{
    ChangeRow, ItemKey, ItemRow, Loaded, NameRow, NodeRow, RollupRow, SET_ASIDE, Write, WrittenRow,
    block_size, column_number, second_record,
};

/// What survives a crash.
#[derive(Clone, Default)]
pub(super) struct Tables {
    items: BTreeMap<ItemKey, ItemRow>,
    changes: BTreeMap<ItemKey, ChangeRow>,
    names: BTreeMap<u8, NameRow>,
    written: BTreeMap<(u8, u64), WrittenRow>,
    nodes: BTreeMap<(String, u8), NodeRow>,
    held: BTreeMap<String, BTreeSet<Cid>>,
    meta: BTreeMap<String, Bytes>,
    rollups: BTreeMap<i64, RollupRow>,
    pub(super) blocks: Blocks,
    damaged_items: BTreeSet<ItemKey>,
}

impl Tables {
    /// Finds everything that can fail before the first write, so that a batch is whole or not at all.
    pub(super) fn check(&self, batch: &[Write]) -> Result<(), Error> {
        let mut signed: BTreeMap<(u8, u64), &WrittenRow> = BTreeMap::new();
        for write in batch {
            match write {
                Write::Change { number, .. } => {
                    column_number(*number)?;
                }
                Write::Name(row) => {
                    column_number(row.sequence)?;
                }
                Write::Node(row) => {
                    column_number(row.verified_sequence)?;
                }
                Write::Block { block, .. } => {
                    block_size(block)?;
                }
                Write::Written(row) => {
                    column_number(row.sequence)?;
                    column_number(row.upto)?;
                    let key = (row.slot, row.sequence);
                    match signed.get(&key).copied().or_else(|| self.written.get(&key)) {
                        Some(is) if is.record != row.record || is.root != row.root => {
                            return Err(second_record(row));
                        }
                        _ => signed.insert(key, row),
                    };
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Does one write of a batch that was checked.
    pub(super) fn write(&mut self, write: Write) {
        match write {
            Write::Item(row) => {
                self.damaged_items.remove(&row.key);
                self.items.insert(row.key, row);
            }
            Write::Change { key, number, level } => {
                self.changes.insert(key, ChangeRow { key, number, level });
            }
            Write::RaiseLevel { upto, level } => {
                self.changes
                    .values_mut()
                    .filter(|row| row.number <= upto && row.level < level)
                    .for_each(|row| row.level = level);
            }
            Write::LowerLevel { level } => {
                self.changes.values_mut().for_each(|row| row.level = row.level.min(level));
            }
            Write::Block { block, class } => self.blocks.put(block, class),
            Write::Uncache(cids) => cids.iter().for_each(|cid| self.blocks.uncache(cid)),
            Write::Name(row) => {
                self.names.insert(row.slot, row);
            }
            Write::Written(row) => {
                self.written.entry((row.slot, row.sequence)).or_insert(row);
            }
            Write::Node(row) => {
                self.nodes.insert((row.node.clone(), row.slot), row);
            }
            Write::Held { node, cids } => self.add_held(node, cids),
            Write::HeldExactly { node, cids } => {
                self.held.remove(&node);
                self.add_held(node, cids);
            }
            Write::Meta { key, value: Some(value) } => {
                self.meta.insert(key.into(), value);
            }
            Write::Meta { key, value: None } => {
                self.meta.remove(key);
            }
            // Memory is read at once.
            Write::FirstLook(_) => {}
            Write::Rollup(row) => {
                self.rollups.insert(row.minute, row);
            }
            Write::PruneRollups { before_minute } => {
                self.rollups = self.rollups.split_off(&before_minute);
            }
        }
    }

    fn add_held(&mut self, node: String, cids: Vec<Cid>) {
        if !cids.is_empty() {
            self.held.entry(node).or_default().extend(cids);
        }
    }

    pub(super) fn damage_item(&mut self, key: ItemKey) {
        self.damaged_items.insert(key);
    }

    /// Everything but the blocks; damaged items are removed and listed.
    pub(super) fn load(&mut self) -> Loaded {
        let damaged = std::mem::take(&mut self.damaged_items);
        let removed = damaged.iter().filter_map(|key| self.items.remove(key));
        let label = |row: ItemRow| if row.token_id.is_empty() { "items row".into() } else { row.token_id };
        let quarantined: Vec<String> = removed.map(label).collect();
        if !quarantined.is_empty() {
            self.meta.insert(SET_ASIDE.to_owned(), Bytes::from_static(&[1]));
        }
        let held = self.held.iter().map(|(node, cids)| (node.clone(), cids.iter().copied().collect()));
        Loaded {
            items: self.items.values().cloned().collect(),
            changes: self.changes.values().cloned().collect(),
            names: self.names.values().cloned().collect(),
            written: self.written.values().cloned().collect(),
            nodes: self.nodes.values().cloned().collect(),
            held: held.collect(),
            meta: self.meta.clone(),
            data_blocks: self.blocks.data(),
            quarantined,
        }
    }

    pub(super) fn rollups(&self, from_minute: i64) -> Vec<RollupRow> {
        self.rollups.range(from_minute..).map(|(_, row)| row.clone()).collect()
    }
}
