use super::*;
use crate::engine::{Ack, Id, Level, Spend, Status, TokenCounts, TokenKey};
use crate::plugin::failure::ErrorCode;
use crate::plugin::wire::TokenRef;

fn row(id: &str, spend: Spend) -> TokenRow {
    TokenRow {
        key: TokenKey { token_id: Id::parse(id).unwrap(), state_hash: Id::parse("s").unwrap() },
        previous: None,
        summary: None,
        size: 1,
        spend,
        forked: false,
        ack: Level::Local,
        has_payload: true,
        own: true,
    }
}

/// `a` and `c` may be spent, `b` and `d` are suspect.
fn look(is_whole: bool) -> Look {
    let spends = [Spend::None, Spend::Intent, Spend::None, Spend::Intent];
    let tokens: Vec<TokenRow> =
        ["a", "b", "c", "d"].iter().zip(spends).map(|(id, spend)| row(id, spend)).collect();
    let total = if is_whole { 4 } else { 7 };
    let status = Status {
        revision: 0,
        tokens: TokenCounts { total, unspent: 2, suspect: 2 },
        pending: 0,
        ack: Ack::Local,
        last_sync: None,
        slot: None,
        high_water: Vec::new(),
        verified_nodes: 0,
        missing_payloads: 0,
        unread: Vec::new(),
        left_out: Vec::new(),
        moved: false,
    };
    let look = FirstLook { status, others: Ack::Local, tokens, is_whole };
    Look { account: "main".into(), nodes: 5, look }
}

fn range(after: Option<&str>, limit: u32, spendable: bool) -> TokenRange {
    let after = after.map(|id| TokenRef { token_id: id.into(), state_hash: "s".into() });
    TokenRange { after, limit: Some(limit), all: None, spendable: Some(spendable) }
}

/// Ids of a page, and where the next one begins.
fn page(look: &Look, range: &TokenRange) -> (String, Option<String>) {
    let page = look.page(range).unwrap();
    assert_eq!(page.opening, NOT_YET);
    assert_eq!(usize::try_from(page.total).unwrap(), look.look.status.tokens.total);
    (page.tokens.into_iter().map(|row| row.token_id).collect(), page.next.map(|next| next.token_id))
}

fn some(id: &str) -> Option<String> {
    Some(id.into())
}

#[test]
fn pages_of_a_whole_list_end() {
    let look = look(true);
    assert_eq!(page(&look, &range(None, 3, false)), ("abc".into(), some("c")));
    assert_eq!(page(&look, &range(Some("c"), 3, false)), ("d".into(), None));
    assert_eq!(page(&look, &range(None, 4, false)), ("abcd".into(), None));
    assert_eq!(page(&look, &range(None, 1, true)), ("a".into(), some("a")));
    assert_eq!(page(&look, &range(Some("a"), 2, true)), ("c".into(), None));
    assert_eq!(page(&look, &range(Some("d"), 2, false)), (String::new(), None));
}

#[test]
fn pages_of_a_part_lead_on_to_what_is_not_read_yet() {
    let look = look(false);
    assert_eq!(page(&look, &range(None, 10, false)), ("abcd".into(), some("d")));
    assert_eq!(page(&look, &range(None, 10, true)), ("ac".into(), some("d")));
    assert_eq!(look.page(&range(Some("d"), 10, false)).unwrap_err().code, ErrorCode::Closed);
    let all = TokenRange { all: Some(true), ..range(None, 10, false) };
    assert_eq!(look.page(&all).unwrap_err().code, ErrorCode::Closed);
    assert_eq!(look.page(&range(None, 0, false)).unwrap_err().code, ErrorCode::BadRequest);
}
