//! What stands on a node, read without any engine and without any time passing: what a device proved just now is shown by records and
//! by beacons. Each of the two alone has to do: records are forgotten, and a rename may be lost.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tauri_plugin_wallet_sync::model::beacon::Beacon;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::index::Diff;
use tauri_plugin_wallet_sync::model::inventory::Item;
use tauri_plugin_wallet_sync::model::root::Root;

use super::World;
use super::findings::Kind;
use super::ledger::id_of_key;
use crate::kubo::Held;

/// Tokens by id, and whether their spend is proven.
pub type Tokens = BTreeMap<String, bool>;

impl World {
    /// What this device put and just proved is on at least two of its machines by record and by beacon.
    pub fn look_at_proofs(&mut self, name: &str, proved: &BTreeSet<String>) {
        let device = &self.devices[name];
        let wanted = device.nodes.len().min(2);
        let mut read = std::mem::take(&mut self.read);
        let mut shown: Vec<(Tokens, Tokens)> = Vec::new();
        for at in &device.nodes {
            let held = self.nodes[*at].held();
            let records = held.records.values().filter_map(|stored| stored.record.root());
            let records = self.tokens_of(records, &held, &mut read);
            let sealer = self.keys.sealer();
            let beacons =
                held.labels.values().filter_map(|label| Some(Beacon::open(label, sealer).ok()?.root));
            shown.push((records, self.tokens_of(beacons, &held, &mut read)));
        }
        let has = |tokens: &Tokens, id: &String| {
            let spent = device.verified.get(id) == Some(&true);
            tokens.get(id).is_some_and(|is_spent| *is_spent || !spent)
        };
        let put_here = || proved.iter().filter(|id| device.known.tokens.contains(*id));
        let by_record = put_here().find(|id| shown.iter().filter(|one| has(&one.0, id)).count() < wanted);
        let by_beacon = || put_here().find(|id| shown.iter().filter(|one| has(&one.1, id)).count() < wanted);
        let found = by_record.map(|id| ("record", id)).or_else(|| by_beacon().map(|id| ("beacon", id)));
        let words = found.map(|(what, id)| {
            format!("{name} tells {id} as verified, fewer than {wanted} machines show it by {what}")
        });
        self.read = read;
        if let Some(words) = words {
            self.find_once(Kind::FalseLevel, words);
        }
    }

    /// A node shows a token by a record and has its root and index.
    pub fn expect_at_node(&mut self, at: usize, id: &str) {
        let held = self.nodes[at].lasting();
        let records = held.records.values().filter_map(|stored| stored.record.root());
        if !self.tokens_of(records, &held, &mut BTreeMap::new()).contains_key(id) {
            self.find_once(Kind::Dropped, format!("no record of node {at} leads to {id}"));
        }
    }

    /// The tokens of those of these roots that a node has whole.
    fn tokens_of(
        &self,
        roots: impl Iterator<Item = Cid>,
        held: &Held,
        read: &mut BTreeMap<Cid, Tokens>,
    ) -> Tokens {
        let mut all = Tokens::new();
        for root in roots.collect::<HashSet<_>>() {
            // Equal roots say the same on each node, always; the blocks that one lacks are found missing by the restore.
            if !read.contains_key(&root)
                && let Some(tokens) = self.read_root(&root, held)
            {
                read.insert(root, tokens);
            }
            for (id, spent) in read.get(&root).into_iter().flatten() {
                *all.entry(id.clone()).or_default() |= spent;
            }
        }
        all
    }

    fn read_root(&self, cid: &Cid, held: &Held) -> Option<Tokens> {
        let sealer = self.keys.sealer();
        let root = Root::open(&held.blocks.get(cid)?.0, sealer, self.keys.wallet_id()).ok()?;
        let mut diff = Diff::new(root.index, HashSet::new());
        let mut tokens = Tokens::new();
        loop {
            let wanted = diff.wanted();
            if wanted.is_empty() {
                return Some(tokens);
            }
            for node in wanted {
                for (key, encoded) in diff.offer(&held.blocks.get(&node)?.0, sealer).ok()? {
                    if let Ok(Item::Token(token, state)) = Item::decode(key, &encoded) {
                        tokens.insert(id_of_key(&token), state.is_spent());
                    }
                }
            }
        }
    }
}
