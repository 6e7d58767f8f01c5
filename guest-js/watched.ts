/** A value that is read while somebody looks at it, and again when it has changed: one for all who look at the same. */

import type { WalletEvent } from './bindings.js'
import { subscribe, WalletSyncError } from './index.js'
import { Backoff, within } from './time.js'

/** What a hook has read. */
export interface Reading<T> {
  /** The last value read; `null` before the first read. It is kept when a later read fails. */
  value: T | null
  /** Why the last read failed; `null` once one has succeeded. `closed` goes away by itself when the account is opened. */
  error: WalletSyncError | null
  /** Whether nothing has come yet, neither a value nor an error: at first, and after a change of account. */
  isPending: boolean
  /** Whether a read is running, the first or a later one. */
  isFetching: boolean
}

/** Longest time that a read may take, ms: one that never settles is given up. */
const READ_MS = 10_000
/** Nothing but another call, or another window, would change these. */
const FINAL = new Set<string>(['not_allowed', 'unavailable', 'bad_request', 'closed'])

const AT_FIRST: Reading<never> = { value: null, error: null, isPending: true, isFetching: true }
/** Of a hook that is not enabled. */
export const IDLE: Reading<never> = { ...AT_FIRST, isFetching: false }

/** One read at a time; changes meanwhile cause one more. */
export class Watched<T> {
  private reading: Reading<T> = AT_FIRST
  private readonly lookers = new Set<() => void>()
  private stop: (() => void) | null = null
  /** Grows with each start and end. */
  private life = 0
  /** Grows with each read: only the newest counts. */
  private run = 0
  private isReading = false
  /** Whether something changed since the last read began. */
  private isNews = false
  private wantsMore = false
  private retry: ReturnType<typeof setTimeout> | undefined
  private readonly backoff = new Backoff()

  /** `read` is told whether something may have changed since it last read. */
  constructor(
    private readonly account: string,
    private readonly kinds: readonly WalletEvent['event'][],
    private readonly read: (isNews: boolean) => Promise<T>,
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

  /** Whether nobody looks. */
  get isUnused(): boolean {
    return this.lookers.size === 0
  }

  /** Reads again at once, also while a read is running: that may be one that never settles. */
  readonly refresh = (): void => {
    if (this.isUnused) return
    this.isNews = true
    if (this.stop === null) this.start()
    else this.begin()
  }

  /** Reads more of what is known already. */
  more(): void {
    this.wantsMore = true
    if (!this.isReading && this.stop !== null) this.begin()
  }

  private start(): void {
    const life = ++this.life
    this.isNews = true
    this.set({ isFetching: true })
    subscribe(this.account, (event) => this.hear(life, event)).then(
      (stop) => {
        if (life !== this.life) return stop()
        this.stop = stop
        // Read after subscribing, so that no change in between is missed.
        this.begin()
      },
      (error: unknown) => {
        if (life === this.life) this.fail(error)
      },
    )
  }

  private end(): void {
    this.life += 1
    this.run += 1
    this.stop?.()
    this.stop = null
    this.isReading = false
    clearTimeout(this.retry)
    this.backoff.reset()
    this.reading = AT_FIRST
  }

  private hear(life: number, event: WalletEvent): void {
    if (life !== this.life) return
    if (event.event === 'closed') {
      this.run += 1
      this.fail(new WalletSyncError('closed', 'the account is not open', false))
    } else if (event.event === 'opened' || this.kinds.includes(event.event) || this.reading.error !== null) {
      this.isNews = true
      if (!this.isReading) this.begin()
    }
  }

  private begin(): void {
    const run = ++this.run
    clearTimeout(this.retry)
    const isNews = this.isNews
    this.isReading = true
    this.isNews = false
    this.wantsMore = false
    this.set({ isFetching: true })
    within(READ_MS, this.read(isNews)).then(
      (value) => {
        if (run !== this.run) return
        this.isReading = false
        this.backoff.reset()
        const isOver = !this.isNews && !this.wantsMore
        this.set({ value, error: null, isPending: false, isFetching: !isOver })
        if (!isOver) this.begin()
      },
      (error: unknown) => {
        if (run !== this.run) return
        this.isNews ||= isNews
        this.fail(error)
      },
    )
  }

  /** Keeps the value, and tries again after a while where that may help. */
  private fail(reason: unknown): void {
    const error = WalletSyncError.from(reason)
    this.isReading = false
    clearTimeout(this.retry)
    if (!FINAL.has(error.code)) {
      this.retry = setTimeout(() => (this.stop === null ? this.start() : this.begin()), this.backoff.next())
    }
    this.set({ error, isPending: false, isFetching: false })
  }

  private set(change: Partial<Reading<T>>): void {
    const isSame = Object.entries(change).every(([key, value]) => this.reading[key as keyof Reading<T>] === value)
    if (isSame) return
    this.reading = { ...this.reading, ...change }
    for (const looker of [...this.lookers]) looker()
  }
}

/** Values kept although nobody looks at them, before they are forgotten. */
const UNUSED = 64
const known = new Map<string, { isUnused: boolean }>()

/** The one of this key: fifty who look at the same cause one read. */
export function shared<W extends { isUnused: boolean }>(key: readonly unknown[], make: () => W): W {
  const name = JSON.stringify(key)
  const found = known.get(name)
  if (found !== undefined) return found as W
  if (known.size >= UNUSED) {
    for (const [other, watched] of [...known]) if (watched.isUnused) known.delete(other)
  }
  const made = make()
  known.set(name, made)
  return made
}
