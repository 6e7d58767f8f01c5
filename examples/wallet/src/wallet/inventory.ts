/** The whole token list and its labels, kept current. */

import { useCallback, useMemo } from 'react'
import { allTokens, listEntries, type TokenRow } from 'tauri-plugin-wallet-sync-api'
import { useWatched } from '../device/watch'
import { tokenOf, type Token } from './balance'

export const LABEL = 'label.'
const PAGE = 1000

export interface Inventory {
  tokens: Token[]
  /** `false` before the first read. */
  isRead: boolean
  error: string | null
}

const TOKEN_EVENTS = ['tokens-changed', 'publish-changed', 'lagged'] as const
const LABEL_EVENTS = ['tokens-changed', 'lagged'] as const

export function useInventory(account: string, withSpent: boolean): Inventory {
  const rows = useWatched(account, TOKEN_EVENTS, useCallback(() => readTokens(account, withSpent), [account, withSpent]), sameRows)
  const labels = useWatched(account, LABEL_EVENTS, useCallback(() => readLabels(account), [account]), sameLabels)
  const tokens = useMemo(() => {
    const known = labels.value ?? new Map<string, string>()
    return (rows.value ?? []).map((row) => tokenOf(row, known))
  }, [rows.value, labels.value])
  return { tokens, isRead: rows.value !== null, error: rows.error?.message ?? null }
}

const readTokens = async (account: string, all: boolean): Promise<TokenRow[]> => (await allTokens(account, { all })).tokens

async function readLabels(account: string): Promise<Map<string, string>> {
  const labels = new Map<string, string>()
  let after: string | null = null
  do {
    const page = await listEntries(account, { prefix: LABEL, after, limit: PAGE })
    for (const { key, text } of page.entries) if (text) labels.set(key.slice(LABEL.length), text)
    after = page.next
  } while (after !== null)
  return labels
}

/** What did not change is not worked out anew. */
export function sameRows(old: readonly TokenRow[], rows: readonly TokenRow[]): boolean {
  return old.length === rows.length && rows.every((row, at) => sameRow(old[at], row))
}

function sameRow(old: TokenRow | undefined, row: TokenRow): boolean {
  if (old === undefined) return false
  for (const key in row) if (old[key as keyof TokenRow] !== row[key as keyof TokenRow]) return false
  return true
}

export function sameLabels(old: ReadonlyMap<string, string>, labels: ReadonlyMap<string, string>): boolean {
  if (old.size !== labels.size) return false
  for (const [id, label] of labels) if (old.get(id) !== label) return false
  return true
}
