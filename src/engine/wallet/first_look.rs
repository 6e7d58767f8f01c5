//! What is left at closing for the next first look, and how it is read.
//!
//! Sealed like any row. It holds for the release that wrote it and the nodes that were configured then: another release, or other
//! nodes, may see the same wallet otherwise.

use serde::{Deserialize, Serialize};

use super::seal::token_key;
use super::{read, status};
use crate::config::Config;
use crate::engine::account::Account;
use crate::engine::api::first_look::FirstLook;
use crate::engine::api::status::Status;
use crate::engine::api::tokens::TokenRow;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::WalletKeys;
use crate::model::inventory::{Spend, TokenKey};
use crate::model::seal::{Compression, Kind};
use crate::store::Level;

#[derive(Serialize, Deserialize)]
struct Kept {
    release: String,
    nodes: Vec<String>,
    status: Status,
    others: u8,
    is_whole: bool,
    rows: Vec<Row>,
}

/// A row of the list: key, previous, summary, size, spend, forked, level, payload here, own.
#[derive(Serialize, Deserialize)]
struct Row(String, String, Option<String>, Option<String>, u32, u8, bool, u8, bool, bool);

/// Leaves a first look where reading everything would take long.
///
/// # Errors
/// Store errors.
pub async fn leave(account: &Account) -> Result<(), Error> {
    if account.local.read().holdings().inventory().len() < limits::LOOK_STATES {
        return Ok(());
    }
    let turn = account.local.turn().await;
    let mut rows = read::tokens(account, None, limits::LOOK_ROWS + 1, false);
    let is_whole = rows.len() <= limits::LOOK_ROWS;
    rows.truncate(limits::LOOK_ROWS);
    let kept = Kept {
        release: env!("CARGO_PKG_VERSION").to_owned(),
        nodes: ids(&account.config),
        status: Status { revision: 0, ..status::status(account) },
        others: number(read::others_level(account)),
        is_whole,
        rows: rows.iter().map(Row::of).collect(),
    };
    let plain = serde_json::to_vec(&kept)
        .map_err(|_| Error::new(Code::TaskFailed, "a first look was not written"))?;
    let sealed = account.local.keys().sealer().seal(Kind::Row, &plain, Compression::Never)?;
    turn.leave_first_look(sealed.into()).await
}

/// What was left, if it holds for this wallet, this release and these nodes.
pub fn read(keys: &WalletKeys, config: &Config, sealed: &[u8]) -> Option<FirstLook> {
    let plain = keys.sealer().open(Kind::Row, sealed, limits::LOOK_BYTES).ok()?;
    let kept: Kept = serde_json::from_slice(&plain).ok()?;
    if kept.release != env!("CARGO_PKG_VERSION") || kept.nodes != ids(config) {
        return None;
    }
    let tokens = kept.rows.into_iter().map(Row::shown).collect::<Option<_>>()?;
    let others = level(kept.others)?.into();
    Some(FirstLook { status: kept.status, others, tokens, is_whole: kept.is_whole })
}

fn number(level: Level) -> u8 {
    match level {
        Level::Local => 0,
        Level::Published => 1,
        Level::Verified => 2,
    }
}

fn level(number: u8) -> Option<Level> {
    [Level::Local, Level::Published, Level::Verified].get(usize::from(number)).copied()
}

fn ids(config: &Config) -> Vec<String> {
    config.nodes.iter().map(|node| node.id.clone()).collect()
}

impl Row {
    fn of(row: &TokenRow) -> Self {
        let TokenKey { token_id, state_hash } = &row.key;
        let spend = match row.spend {
            Spend::None => 0,
            Spend::Intent => 1,
            Spend::Proof => 2,
        };
        let ack = number(row.ack);
        let (id, hash) = (token_id.as_str().to_owned(), state_hash.as_str().to_owned());
        let (previous, summary) = (row.previous.clone(), row.summary.clone());
        Self(id, hash, previous, summary, row.size, spend, row.forked, ack, row.has_payload, row.own)
    }

    fn shown(self) -> Option<TokenRow> {
        let Self(id, hash, previous, summary, size, spend, forked, ack, has_payload, own) = self;
        Some(TokenRow {
            key: token_key(&id, &hash).ok()?,
            previous,
            summary,
            size,
            spend: [Spend::None, Spend::Intent, Spend::Proof].get(usize::from(spend)).copied()?,
            forked,
            ack: level(ack)?,
            has_payload,
            own,
        })
    }
}
