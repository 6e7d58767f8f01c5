/** Balances, from the token list. */

import type { TokenRow } from 'tauri-plugin-wallet-sync-api'
import { add, parseSummary, ZERO, type Amount, type Summary } from '../text/amount'

/** A row and what its summary says. */
export interface Token {
  row: TokenRow
  /** `null` where another wallet wrote the summary in its own way. */
  summary: Summary | null
  label: string
}

export interface Balance {
  coin: string
  /** What can be spent. */
  spendable: Amount
  /** What is being spent: offered by nobody until it is known how that ended. */
  held: Amount
  /** Tokens that can be spent. */
  tokens: number
}

export interface Levels {
  local: number
  published: number
  verified: number
}

export const tokenOf = (row: TokenRow, labels: ReadonlyMap<string, string>): Token => ({
  row,
  summary: parseSummary(row.summary),
  label: labels.get(row.tokenId) ?? '',
})

/** One balance per coin, in order of name. Spent states and unreadable summaries count nowhere. */
export function balances(tokens: readonly Token[]): Balance[] {
  const coins = new Map<string, Balance>()
  for (const { row, summary } of tokens) {
    if (summary === null || row.spend === 'proof') continue
    const { coin, amount } = summary
    let balance = coins.get(coin)
    if (balance === undefined) coins.set(coin, (balance = { coin, spendable: ZERO, held: ZERO, tokens: 0 }))
    if (row.spend === 'intent') balance.held = add(balance.held, amount)
    else {
      balance.spendable = add(balance.spendable, amount)
      balance.tokens += 1
    }
  }
  return [...coins.values()].sort((a, b) => (a.coin < b.coin ? -1 : 1))
}

/** How far the tokens have come. */
export function levels(tokens: readonly Token[]): Levels {
  const counts: Levels = { local: 0, published: 0, verified: 0 }
  for (const { row } of tokens) if (row.ack !== 'none') counts[row.ack] += 1
  return counts
}
