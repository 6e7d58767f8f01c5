/** The token list of an account as far as somebody looks at it, kept in step without being read again. */

import type { TokenRow } from './bindings.js'
import { late, type WalletSyncError } from './error.js'
import { rowsOf, withChanges, withPage, type Rows } from './list.js'
import { belongs, PAGE, readChanges, readPage, type Which } from './pages.js'
import { pause } from './time.js'
import { IDLE, Watched, type Reading } from './watched.js'

/** Shortest time between two readings of everything, ms: what changes faster than it can be followed must not fill the line. */
const WHOLE_EVERY = 1_000
/** How often a list that changes meanwhile is read from the start, before that is told as an error and tried again later. */
const ATTEMPTS = 3

/** The rows that are shown, for all who look at the same list. */
export class TokenStore {
  readonly watched: Watched<Rows>
  private rows: Rows | null = null
  private readAt = -Infinity
  private run = 0
  /** Rows that each view shows. */
  private readonly views = new Map<object, number>()

  constructor(
    private readonly account: string,
    private readonly which: Which,
  ) {
    this.watched = new Watched(account, ['tokens-changed', 'publish-changed'], (isNews) => this.read(isNews))
  }

  get isUnused(): boolean {
    return this.watched.isUnused
  }

  /** A view shows so many rows. */
  show(view: object, count: number): void {
    this.views.set(view, count)
  }

  leave(view: object): void {
    this.views.delete(view)
    if (this.views.size > 0) return
    this.rows = null
    this.readAt = -Infinity
  }

  private get wanted(): number {
    return Math.max(1, ...this.views.values())
  }

  private async read(isNews: boolean): Promise<Rows> {
    const run = ++this.run
    let rows = this.rows
    if (rows !== null && isNews) rows = await this.upToDate(rows)
    rows = await this.further(run, rows, Math.max(this.wanted, rows === null ? (this.rows?.tokens.length ?? 0) : 0))
    if (run === this.run) this.rows = rows
    return rows
  }

  /** With what changed since; `null` when it has to be read again. */
  private async upToDate(rows: Rows): Promise<Rows | null> {
    const changes = await readChanges(this.account, rows, this.which.all)
    return withChanges(rows, changes, belongs(this.which))
  }

  /** With further pages, all of one revision. */
  private async further(run: number, begun: Rows | null, wanted: number): Promise<Rows> {
    let rows = begun
    for (let attempt = 1; attempt <= ATTEMPTS && run === this.run; attempt += 1) {
      if (rows === null) {
        const early = this.readAt + WHOLE_EVERY - performance.now()
        if (early > 0) await pause(early)
        this.readAt = performance.now()
        rows = rowsOf(await readPage(this.account, this.which, null, Math.min(wanted, PAGE)))
      }
      let isMixed = false
      while (rows.next !== null && rows.tokens.length < wanted) {
        const limit = Math.min(wanted - rows.tokens.length, PAGE)
        const page = await readPage(this.account, this.which, rows.next, limit)
        isMixed ||= page.revision !== rows.revision || page.opening !== rows.opening
        rows = withPage(rows, page)
      }
      rows = isMixed ? await this.upToDate(rows) : rows
      if (rows !== null) return rows
    }
    // It changes faster than it can be read, or a later reading has begun.
    throw late()
  }
}

/** What a view shows of the list. */
export interface Shown extends Omit<Reading<Rows>, 'value'> {
  tokens: TokenRow[]
  total: number
  hasMore: boolean
  isFetchingMore: boolean
}

/** How far one component has scrolled. */
export class TokenView {
  private shown: number
  private readonly withoutStore: Reading<never>
  private last: { of: Reading<Rows>; shown: number; is: Shown } | null = null
  private readonly lookers = new Set<() => void>()

  constructor(
    private readonly store: TokenStore | null,
    private readonly pageSize: number,
    /** Why there is no store, where that is a fault. */
    error: WalletSyncError | null = null,
  ) {
    this.shown = pageSize
    this.withoutStore = { ...IDLE, error }
  }

  readonly look = (looker: () => void): (() => void) => {
    const { store } = this
    if (store === null) return () => undefined
    this.lookers.add(looker)
    store.show(this, this.shown)
    const stop = store.watched.look(looker)
    // Another view may have read less.
    if (this.isShort()) store.watched.more()
    return () => {
      stop()
      this.lookers.delete(looker)
      if (this.lookers.size === 0) store.leave(this)
    }
  }

  readonly snapshot = (): Shown => {
    const of = this.store?.watched.snapshot() ?? this.withoutStore
    if (this.last?.of !== of || this.last.shown !== this.shown) this.last = { of, shown: this.shown, is: this.shownOf(of) }
    return this.last.is
  }

  /** Shows one page more; while that is on its way, nothing. */
  readonly loadMore = (): void => {
    const { hasMore, isFetchingMore } = this.snapshot()
    if (this.store === null || !hasMore || isFetchingMore) return
    this.shown += this.pageSize
    this.store.show(this, this.shown)
    if (this.isShort()) this.store.watched.more()
    for (const looker of [...this.lookers]) looker()
  }

  readonly refresh = (): void => this.store?.watched.refresh()

  private isShort(): boolean {
    const rows = this.store?.watched.snapshot().value ?? null
    return rows !== null && rows.next !== null && rows.tokens.length < this.shown
  }

  private shownOf({ value: rows, error, isPending, isFetching }: Reading<Rows>): Shown {
    const tokens = rows?.tokens.slice(0, this.shown) ?? []
    const hasMore = rows !== null && (rows.next !== null || rows.tokens.length > this.shown)
    const isFetchingMore = isFetching && this.isShort()
    return { tokens, total: rows?.total ?? 0, hasMore, isFetchingMore, error, isPending, isFetching }
  }
}
