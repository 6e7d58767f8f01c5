/** The whole token list and its labels, kept current. */

import { useCallback, useMemo } from 'react'
import { listEntries, listTokens, type TokenRef, type TokenRow } from 'tauri-plugin-wallet-sync-api'
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
  const rows = useWatched(account, TOKEN_EVENTS, useCallback(() => readTokens(account, withSpent), [account, withSpent]))
  const labels = useWatched(account, LABEL_EVENTS, useCallback(() => readLabels(account), [account]))
  const tokens = useMemo(() => {
    const known = labels.value ?? new Map<string, string>()
    return (rows.value ?? []).map((row) => tokenOf(row, known))
  }, [rows.value, labels.value])
  return { tokens, isRead: rows.value !== null, error: rows.error?.message ?? null }
}

/** Every page; from the start when the list changed in between, at most three times. */
export async function readTokens(account: string, all: boolean): Promise<TokenRow[]> {
  for (let attempt = 1; ; attempt += 1) {
    const rows: TokenRow[] = []
    const revisions = new Set<number>()
    let after: TokenRef | null = null
    do {
      const page = await listTokens(account, { limit: PAGE, all, after })
      rows.push(...page.tokens)
      revisions.add(page.revision)
      after = page.next
    } while (after !== null)
    if (revisions.size <= 1 || attempt === 3) return rows
  }
}

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
