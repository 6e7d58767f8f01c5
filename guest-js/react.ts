/**
 * React hooks. Each reads when it is mounted and again when an event says that something has changed; all hooks that show the same
 * share one read. They may be mounted before the account is opened, and go on when it is opened again.
 */

import { useMemo, useSyncExternalStore } from 'react'
import { getEntry, metrics, status, type Entry, type Metrics, type TokenRow, type WalletStatus } from './index.js'
import { badRequest } from './error.js'
import { PAGE } from './pages.js'
import { TokenStore, TokenView } from './token-store.js'
import { IDLE, shared, Watched, type Reading } from './watched.js'

export type { Reading } from './watched.js'

/** A reading that can be repeated. */
export interface Refreshable<T> extends Reading<T> {
  /** Reads again at once, whatever is under way. */
  refresh: () => void
}

/** How a hook reads. */
export interface HookOptions {
  /** Whether it reads at all: `false` while the account's name is not known yet, for instance. Default: yes. */
  enabled?: boolean
}

const nothing = (): void => undefined
const never = (): (() => void) => nothing
const idle = (): Reading<never> => IDLE

function useWatched<T>(watched: Watched<T> | null): Refreshable<T> {
  const snapshot: () => Reading<T> = watched?.snapshot ?? idle
  const reading = useSyncExternalStore(watched?.look ?? never, snapshot, snapshot)
  const refresh = watched?.refresh ?? nothing
  return useMemo(() => ({ ...reading, refresh }), [reading, refresh])
}

/** The status of an account, kept current. */
export function useWalletStatus(account: string, { enabled = true }: HookOptions = {}): Refreshable<WalletStatus> {
  const watched = useMemo(() => {
    const kinds = ['sync-changed', 'tokens-changed', 'publish-changed'] as const
    return enabled ? shared(['status', account], () => new Watched(account, kinds, () => status(account))) : null
  }, [account, enabled])
  return useWatched(watched)
}

/** A synced entry, kept current; its value is `null` when there is none with this key. */
export interface EntryReading extends Omit<Refreshable<Entry>, 'value'> {
  /** The entry; `null` before the first read, and when there is none. */
  entry: Entry | null
}

/** A synced entry, kept current. */
export function useEntry(account: string, entryKey: string, { enabled = true }: HookOptions = {}): EntryReading {
  const watched = useMemo(() => {
    // The bytes of a large value come later than its key.
    const kinds = ['entries-changed', 'tokens-changed'] as const
    const make = () => new Watched(account, kinds, () => getEntry(account, entryKey))
    return enabled ? shared(['entry', account, entryKey], make) : null
  }, [account, entryKey, enabled])
  const { value: entry, ...reading } = useWatched(watched)
  return { entry, ...reading }
}

/** Which tokens to show. */
export interface UseTokensOptions extends HookOptions {
  /** Rows per page, 1–1000. Default 100. */
  pageSize?: number
  /** Show states that are proven spent too. Default: no. */
  all?: boolean
  /** Show only states that may be offered for spending. Default: no. */
  spendable?: boolean
}

/** The pages of the token list that were read. */
export interface Tokens extends Omit<Refreshable<TokenRow[]>, 'value'> {
  /** The rows of these pages, in key order. */
  tokens: TokenRow[]
  /** Number of live states in the wallet; 0 before the first read has succeeded. */
  total: number
  /** Whether there are more rows. */
  hasMore: boolean
  /** Whether another page is on its way. */
  isFetchingMore: boolean
  /** Shows one page more; does nothing while one is on its way. */
  loadMore: () => void
}

/** The token list, page by page, kept current: a change is read as what changed, not as the list. */
export function useTokens(account: string, options: UseTokensOptions = {}): Tokens {
  const { pageSize = 100, all = false, spendable = false, enabled = true } = options
  const view = useMemo(() => {
    const isSize = Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= PAGE
    if (!isSize) return new TokenView(null, 0, badRequest('pageSize', 'not a whole number from 1 to 1000'))
    const make = () => new TokenStore(account, { all, spendable })
    return new TokenView(enabled ? shared(['tokens', account, all, spendable], make) : null, pageSize)
  }, [account, pageSize, all, spendable, enabled])
  const shown = useSyncExternalStore(view.look, view.snapshot, view.snapshot)
  return useMemo(() => ({ ...shown, loadMore: view.loadMore, refresh: view.refresh }), [shown, view])
}

/** The measurements of an account, kept current. */
export function useMetrics(account: string, { enabled = true }: HookOptions = {}): Refreshable<Metrics> {
  const watched = useMemo(() => {
    const kinds = ['metrics-updated', 'node-health-changed'] as const
    return enabled ? shared(['metrics', account], () => new Watched(account, kinds, () => metrics(account))) : null
  }, [account, enabled])
  return useWatched(watched)
}
