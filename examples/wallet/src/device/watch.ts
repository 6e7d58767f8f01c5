/** Reading a value again whenever the plugin says that it changed. */

import { useCallback, useEffect, useRef, useState } from 'react'
import { subscribe, WalletSyncError, type WalletEvent } from 'tauri-plugin-wallet-sync-api'

export type EventName = WalletEvent['event']

/** One read at a time; changes meanwhile cause one more. */
export class Rereader<T> {
  private isReading = false
  private isStale = false
  private isEnded = false

  constructor(
    private readonly read: () => Promise<T>,
    private readonly onValue: (value: T) => void,
    private readonly onError: (error: WalletSyncError) => void,
  ) {}

  async again(): Promise<void> {
    this.isStale = true
    if (this.isReading) return
    this.isReading = true
    while (this.isStale && !this.isEnded) {
      this.isStale = false
      try {
        const value = await this.read()
        if (!this.isEnded) this.onValue(value)
      } catch (error) {
        if (!this.isEnded) this.onError(WalletSyncError.from(error))
      }
    }
    this.isReading = false
  }

  end(): void {
    this.isEnded = true
  }
}

/** What a watching component knows. */
export interface Watching<T> {
  /** The last value read; it stays when a later read fails. */
  value: T | null
  error: WalletSyncError | null
  refresh: () => void
}

const never = (): boolean => false

/**
 * Reads on mount, on each event of `kinds`, and when `read` is another function. A value that is the same as the one before
 * leaves it in place.
 */
export function useWatched<T>(
  account: string,
  kinds: readonly EventName[],
  read: () => Promise<T>,
  isSame: (old: T, value: T) => boolean = never,
): Watching<T> {
  const [state, setState] = useState<{ value: T | null; error: WalletSyncError | null }>({ value: null, error: null })
  const reader = useRef<Rereader<T> | null>(null)
  const wanted = kinds.join(' ')
  useEffect(() => {
    const own = new Rereader(
      read,
      (value) =>
        setState((old) => {
          if (old.value === null || !isSame(old.value, value)) return { value, error: null }
          return old.error === null ? old : { value: old.value, error: null }
        }),
      (error) => setState(({ value }) => ({ value, error })),
    )
    reader.current = own
    let stop: (() => void) | null = null
    let isGone = false
    const names = wanted.split(' ')
    subscribe(account, (event) => {
      if (event.event === 'closed') setState({ value: null, error: null })
      else if (event.event === 'opened' || names.includes(event.event)) void own.again()
    }).then(
      (unlisten) => {
        if (isGone) return unlisten()
        stop = unlisten
        // After listening began, so that no change falls between the two.
        void own.again()
      },
      (error: unknown) => {
        if (!isGone) setState(({ value }) => ({ value, error: WalletSyncError.from(error) }))
      },
    )
    return () => {
      isGone = true
      own.end()
      stop?.()
    }
  }, [account, wanted, read, isSame])
  return { ...state, refresh: useCallback(() => void reader.current?.again(), []) }
}
