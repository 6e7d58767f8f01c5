//! Takes over what a document has: first what makes states doubtful, then what is kept, then the states. Wherever it ends early, no
//! state is on offer that the predecessor did not offer, and doing it again brings the rest.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::engine::account::Account;
use crate::engine::api::legacy::LegacyReport;
use crate::engine::api::tokens::{NewToken, PutReport, SpendKind};
use crate::engine::wallet::write;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::legacy::{Kept, Legacy, LegacySpend, LegacyToken, Unreadable, keep};
use crate::shown::plain;

/// Takes it over.
///
/// # Errors
/// `inventory_too_large`, store errors; what was taken over before stays.
///
/// # Cancel safety
/// Do it again.
pub async fn take(account: &Arc<Account>, legacy: Legacy) -> Result<LegacyReport, Error> {
    let mut report = LegacyReport {
        found: legacy.tokens.len(),
        suspect: suspect(&legacy),
        sections: legacy.found,
        unreadable_count: legacy.unreadable.len(),
        unreadable: named(legacy.unreadable),
        ..LegacyReport::default()
    };
    for LegacySpend { token_id, state_hash, evidence } in legacy.spends {
        let text = evidence.clone();
        match write::spend(account.clone(), token_id, state_hash, SpendKind::Intent, evidence).await {
            // The state is suspect already, by as many intents as there may be.
            Err(e) if e.code() == Code::BadRequest => {
                report.kept += keep_all(account, keep("_evidence", &text)).await?;
            }
            recorded => drop(recorded?),
        }
    }
    report.kept += keep_all(account, legacy.kept).await?;
    let (put, differing) = put(account, legacy.tokens).await?;
    (report.added, report.unchanged, report.differing) = (put.added, put.unchanged, differing.len());
    for token in differing {
        let key = format!("_differing_{}", token.token_id);
        report.kept += keep_all(account, keep(&key, &token.payload)).await?;
    }
    Ok(report)
}

/// The first of what could not be read, each with a name that can be shown.
fn named(unreadable: Vec<Unreadable>) -> Vec<Unreadable> {
    let shown = |one: Unreadable| {
        let name = plain(&one.name).chars().take(limits::SENTENCE_CHARS).collect();
        Unreadable { name, reason: plain(&one.reason).into_owned(), key: one.key }
    };
    unreadable.into_iter().take(limits::LEGACY_NAMED).map(shown).collect()
}

fn suspect(legacy: &Legacy) -> usize {
    let spends: HashSet<(&str, &str)> =
        legacy.spends.iter().map(|spend| (spend.token_id.as_str(), spend.state_hash.as_str())).collect();
    let is_doubted = |token: &&LegacyToken| spends.contains(&(&*token.token_id, &*token.state_hash));
    legacy.tokens.iter().filter(is_doubted).count()
}

/// Puts what is not here yet; says how many entries it is in. The key of an entry goes with its value: one that is here is left alone.
async fn keep_all(account: &Arc<Account>, kept: Vec<Kept>) -> Result<usize, Error> {
    let count = kept.len();
    for Kept { key, value } in kept {
        let is_here = account.local.read().holdings().inventory().entry(&key).is_some();
        if !is_here {
            write::set(account.clone(), key, value).await?;
        }
    }
    Ok(count)
}

/// Puts the states; gives those that are here with other content.
async fn put(
    account: &Arc<Account>,
    tokens: Vec<LegacyToken>,
) -> Result<(PutReport, Vec<LegacyToken>), Error> {
    let all = tokens.iter().map(new_token).collect();
    match write::put(account.clone(), all).await {
        Err(e) if e.code() == Code::Conflict => {}
        done => return Ok((done?, Vec::new())),
    }
    let (mut sum, mut differing) = (PutReport { added: 0, unchanged: 0 }, Vec::new());
    for token in tokens {
        match write::put(account.clone(), vec![new_token(&token)]).await {
            Err(e) if e.code() == Code::Conflict => {
                sum.unchanged += 1;
                differing.push(token);
            }
            done => {
                let PutReport { added, unchanged } = done?;
                (sum.added, sum.unchanged) = (sum.added + added, sum.unchanged + unchanged);
            }
        }
    }
    Ok((sum, differing))
}

fn new_token(token: &LegacyToken) -> NewToken {
    let LegacyToken { token_id, state_hash, previous, summary, payload } = token.clone();
    NewToken { token_id, state_hash, previous, summary, payload: Bytes::clone(&payload) }
}
