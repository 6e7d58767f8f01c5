/** Which tokens the list shows, in which order. */

import { compare } from '../text/amount'
import type { Token } from './balance'

export type Order = 'newest' | 'amount' | 'level'
export type Only = 'all' | 'suspect' | 'forked' | 'pending'

export interface View {
  search: string
  order: Order
  only: Only
}

const LEVELS = { none: 0, local: 0, published: 1, verified: 2 } as const

const KEEPS: Record<Only, (token: Token) => boolean> = {
  all: () => true,
  suspect: ({ row }) => row.spend === 'intent',
  forked: ({ row }) => row.forked,
  pending: ({ row }) => row.ack !== 'verified',
}

export function rowsOf(tokens: readonly Token[], { search, order, only }: View): Token[] {
  const terms = search.toLowerCase().split(/\s+/).filter((term) => term !== '')
  const found = tokens.filter((token) => KEEPS[only](token) && matches(token, terms))
  return order === 'newest' ? found.reverse() : found.sort(order === 'amount' ? byAmount : byLevel)
}

/** Every term is somewhere in the token. */
function matches({ row, label }: Token, terms: readonly string[]): boolean {
  if (terms.length === 0) return true
  const text = `${row.summary ?? ''}\n${label}\n${row.tokenId}\n${row.stateHash}`.toLowerCase()
  return terms.every((term) => text.includes(term))
}

/** Coins together, the largest first, unreadable ones last. */
function byAmount(a: Token, b: Token): number {
  if (a.summary === null || b.summary === null) return Number(a.summary === null) - Number(b.summary === null)
  if (a.summary.coin !== b.summary.coin) return a.summary.coin < b.summary.coin ? -1 : 1
  return compare(b.summary.amount, a.summary.amount)
}

const byLevel = (a: Token, b: Token): number => LEVELS[a.row.ack] - LEVELS[b.row.ack]

export const keyOf = ({ row }: Token): string => `${row.tokenId}/${row.stateHash}`
