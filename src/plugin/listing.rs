//! Pages of the token list.

use super::accounts::HostedAccount;
use super::wire::{Since, TokenRange};
use crate::engine::{Engine, TokenChanges, TokenKey, TokenRow};
use crate::limits;

/// Rows that are looked at together.
const SCAN: usize = 250;

/// Rows after a key, and where the next page begins.
pub(super) fn rows(
    engine: &Engine,
    after: Option<&TokenKey>,
    limit: usize,
    all: bool,
) -> (Vec<TokenRow>, Option<TokenKey>) {
    let mut rows = engine.tokens(after, limit.saturating_add(1), all);
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(|row| row.key.clone());
    (rows, next)
}

/// Those of them that may be offered for spending. At most [`limits::PAGE_SCAN`] rows are looked at.
pub(super) fn spendable(
    engine: &Engine,
    after: Option<TokenKey>,
    limit: usize,
    all: bool,
) -> (Vec<TokenRow>, Option<TokenKey>) {
    let (mut found, mut after, mut looked_at) = (Vec::new(), after, 0);
    loop {
        let (page, next) = rows(engine, after.as_ref(), limit.max(SCAN), all);
        looked_at += page.len();
        let last = page.last().map(|row| row.key.clone());
        for row in page.into_iter().filter(TokenRow::is_spendable) {
            found.push(row);
            if found.len() == limit {
                let here = found.last().map(|row| row.key.clone());
                let is_last = next.is_none() && here == last;
                return (found, here.filter(|_| !is_last));
            }
        }
        match next {
            Some(next) if looked_at < limits::PAGE_SCAN => after = Some(next),
            next => return (found, next),
        }
    }
}

/// How many calls a page is worth: by the rows that are looked at for it.
pub(super) fn worth(engine: &Engine, page: &TokenRange) -> u32 {
    let asked = page.limit.unwrap_or(limits::PAGE_ROWS_DEFAULT).min(limits::PAGE_ROWS);
    let looked_at = match page.spendable {
        Some(true) => u32::try_from(limits::PAGE_SCAN).unwrap_or(u32::MAX),
        _ => asked,
    };
    // A short list costs little, however much of it is asked for. With those that are spent it may be any length.
    let rows = match page.all {
        Some(true) => looked_at,
        _ => looked_at.min(u32::try_from(engine.counts().total).unwrap_or(u32::MAX)),
    };
    1 + rows / limits::ROWS_PER_CALL
}

/// What changed since a list was read; unknown where that was under another opening.
pub(super) fn changes(open: &HostedAccount, since: &Since) -> TokenChanges {
    if since.opening != open.opening {
        return TokenChanges { revision: open.engine.revision(), tokens: None, rows: Vec::new() };
    }
    let at_most = usize::try_from(limits::PAGE_ROWS).unwrap_or(usize::MAX);
    open.engine.token_changes(since.revision, since.all.unwrap_or(false), at_most)
}
