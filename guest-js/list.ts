/** Rows of the token list, and how they are brought up to date by what changed. */

import type { Ack, TokenChanges, TokenPage, TokenRef, TokenRow } from './bindings.js'

/** Rows in key order from the start of the list, as they were at one moment. */
export interface Rows {
  /** Number of the account's opening. */
  opening: number
  /** Revision of the list. */
  revision: number
  /** Number of live states in the wallet. */
  total: number
  /** Level of what this device did not change. */
  others: Ack
  tokens: TokenRow[]
  /** Where the next page begins; `null` when all rows are here. */
  next: TokenRef | null
}

export const rowsOf = ({ opening, revision, total, others, tokens, next }: TokenPage): Rows => ({
  opening,
  revision,
  total,
  others,
  tokens,
  next,
})

/** The rows with one more page. Its revision may be a later one: what changed since the earlier is still to be asked for. */
export function withPage(rows: Rows, page: TokenPage): Rows {
  const { total, others, next } = page
  return atLevel({ ...rows, total, tokens: [...rows.tokens, ...page.tokens], next }, others)
}

/** The rows with what changed; `null` when that is not known, and they have to be read again. */
export function withChanges(rows: Rows, changes: TokenChanges, isShown: (row: TokenRow) => boolean): Rows | null {
  const { changed, opening, revision, total, others } = changes
  if (changed === null || opening !== rows.opening) return null
  const gone = new Set(changed)
  const { next } = rows
  const isHere = (row: TokenRow) => isShown(row) && (next === null || compare(row, next) <= 0)
  let tokens = rows.tokens
  if (changed.length > 0) {
    const kept = tokens.filter(({ tokenId }) => !gone.has(tokenId))
    tokens = merged(kept, changes.tokens.filter(isHere).sort(compare))
  }
  return atLevel({ ...rows, opening, revision, total, tokens }, others)
}

/** The level of rows that this device did not change rises and falls for all of them at once. */
function atLevel(rows: Rows, others: Ack): Rows {
  const shown = (row: TokenRow): TokenRow => {
    if (row.own) return row
    const isTold = row.hasPayload || row.spend === 'proof'
    const ack = others === 'verified' && !isTold ? 'published' : others
    return row.ack === ack ? row : { ...row, ack }
  }
  return rows.others === others ? rows : { ...rows, others, tokens: rows.tokens.map(shown) }
}

/** Two lists in key order as one. */
function merged(left: TokenRow[], right: TokenRow[]): TokenRow[] {
  if (right.length === 0) return left
  const all: TokenRow[] = []
  let at = 0
  for (const row of left) {
    for (let other = right[at]; other !== undefined && compare(other, row) < 0; other = right[at]) {
      all.push(other)
      at += 1
    }
    all.push(row)
  }
  return [...all, ...right.slice(at)]
}

/** The order of keys; ids are ASCII, so that it is the plugin's. */
export function compare(left: TokenRef, right: TokenRef): number {
  if (left.tokenId !== right.tokenId) return left.tokenId < right.tokenId ? -1 : 1
  if (left.stateHash !== right.stateHash) return left.stateHash < right.stateHash ? -1 : 1
  return 0
}

/** Whether a state may be offered for spending, as the plugin sees it. */
export const isSpendable = ({ spend, forked, hasPayload }: TokenRow): boolean =>
  spend === 'none' && !forked && hasPayload
