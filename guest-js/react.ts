/** React hooks. Each reads when it is mounted and again when an event says that something has changed. */

import { useCallback, useMemo, useSyncExternalStore } from 'react'
import {
  allTokens,
  metrics,
  status,
  subscribe,
  WalletSyncError,
  type Metrics,
  type TokenRow,
  type WalletEvent,
  type WalletStatus,
} from './index.js'

/** What a hook has read. */
export interface Reading<T> {
  /** The last value read; `null` before the first read. It is kept when a later read fails. */
  value: T | null
  /** Why the last read failed. After `closed`, call `refresh` when the account is open again. */
  error: WalletSyncError | null
  /** Whether a read is running. */
  loading: boolean
}

/** A reading that can be repeated. */
export interface Refreshable<T> extends Reading<T> {
  /** Reads again, and subscribes again after a failure. */
  refresh: () => void
}

/** Reads a value while a component shows it, and again when it has changed. One read at a time; changes meanwhile cause one more. */
class Watched<T> {
  private reading: Reading<T> = { value: null, error: null, loading: false }
  private readonly lookers = new Set<() => void>()
  private stop: (() => void) | null = null
  private run = 0
  private isStale = false

  constructor(
    private readonly account: string,
    private readonly kinds: readonly WalletEvent['event'][],
    private readonly read: () => Promise<T>,
  ) {}

  readonly snapshot = (): Reading<T> => this.reading

  readonly look = (looker: () => void): (() => void) => {
    this.lookers.add(looker)
    if (this.lookers.size === 1) this.start()
    return () => {
      this.lookers.delete(looker)
      if (this.lookers.size === 0) this.end()
    }
  }

  readonly refresh = (): void => {
    if (this.lookers.size === 0) return
    // After a failure, or when the account was closed, there is no subscription.
    if (this.stop === null) this.start()
    else void this.reread()
  }

  private start(): void {
    const run = ++this.run
    subscribe(this.account, (event) => this.hear(run, event)).then(
      (stop) => {
        if (run !== this.run) return stop()
        this.stop = stop
        // Read after subscribing, so that no change in between is missed.
        void this.reread()
      },
      (error: unknown) => {
        if (run === this.run) this.set({ ...this.reading, error: WalletSyncError.from(error), loading: false })
      },
    )
    this.set({ ...this.reading, loading: true })
  }

  private end(): void {
    this.run += 1
    this.stop?.()
    this.stop = null
  }

  private hear(run: number, event: WalletEvent): void {
    if (run !== this.run) return
    if (event.event === 'closed') {
      this.end()
      const error = new WalletSyncError('closed', 'the account is not open', false)
      this.set({ ...this.reading, error, loading: false })
    } else if (this.kinds.includes(event.event)) {
      void this.reread()
    }
  }

  private isReading = false

  private async reread(): Promise<void> {
    this.isStale = true
    if (this.isReading) return
    this.isReading = true
    while (this.isStale) {
      this.isStale = false
      const run = this.run
      try {
        const value = await this.read()
        if (run === this.run) this.set({ value, error: null, loading: this.isStale })
      } catch (error) {
        if (run === this.run) this.set({ ...this.reading, error: WalletSyncError.from(error), loading: this.isStale })
      }
    }
    this.isReading = false
  }

  private set(reading: Reading<T>): void {
    this.reading = reading
    for (const looker of [...this.lookers]) looker()
  }
}

function useWatched<T>(watched: Watched<T>): Reading<T> {
  return useSyncExternalStore(watched.look, watched.snapshot, watched.snapshot)
}

/** The status of an account, kept current. */
export function useWalletStatus(account: string): Refreshable<WalletStatus> {
  const watched = useMemo(() => {
    const kinds = ['sync-changed', 'tokens-changed', 'publish-changed'] as const
    return new Watched(account, kinds, () => status(account))
  }, [account])
  return { ...useWatched(watched), refresh: watched.refresh }
}

/** Which tokens to show. */
export interface UseTokensOptions {
  /** Rows per page, 1–1000. Default 100. */
  pageSize?: number
  /** Show states that are proven spent too. Default: no. */
  all?: boolean
}

/** The pages of the token list that were read. */
export interface Tokens extends Omit<Reading<TokenRow[]>, 'value'> {
  /** The rows of these pages, in key order. */
  tokens: TokenRow[]
  /** Number of live states in the wallet; 0 before the first read. */
  total: number
  /** Whether there are more rows. */
  hasMore: boolean
  /** Reads one more page. */
  loadMore: () => void
  /** Reads again. */
  refresh: () => void
}

interface List {
  tokens: TokenRow[]
  total: number
  hasMore: boolean
}

const EMPTY: List = { tokens: [], total: 0, hasMore: false }

/** The token list, page by page, kept current. */
export function useTokens(account: string, { pageSize = 100, all = false }: UseTokensOptions = {}): Tokens {
  const { watched, pages } = useMemo(() => {
    const pages = { wanted: 1 }
    const read = async (): Promise<List> => {
      const { next, tokens, total } = await allTokens(account, { pageSize, all, pages: pages.wanted })
      return { tokens, total, hasMore: next !== null }
    }
    return { watched: new Watched(account, ['tokens-changed', 'publish-changed'], read), pages }
  }, [account, pageSize, all])
  const { value, error, loading } = useWatched(watched)
  const { tokens, total, hasMore } = value ?? EMPTY
  const loadMore = useCallback(() => {
    if (!watched.snapshot().value?.hasMore) return
    pages.wanted += 1
    watched.refresh()
  }, [watched, pages])
  return { tokens, total, hasMore, error, loading, loadMore, refresh: watched.refresh }
}

/** The measurements of an account, kept current. */
export function useMetrics(account: string): Refreshable<Metrics> {
  const watched = useMemo(
    () => new Watched(account, ['metrics-updated', 'node-health-changed'], () => metrics(account)),
    [account],
  )
  return { ...useWatched(watched), refresh: watched.refresh }
}
