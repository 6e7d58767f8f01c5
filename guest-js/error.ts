import type { ErrorCode } from './bindings.js'

/**
 * The plugin's codes, and those of the package itself: `unavailable` outside of a Tauri window, `aborted` when a signal ended the wait.
 */
export type WalletSyncErrorCode = ErrorCode | 'unavailable' | 'aborted'

/** A page may hold several copies of the package: an error of one is an error of all. */
const BRAND = Symbol.for('tauri-plugin-wallet-sync/error')

/** Every rejection of this API. */
export class WalletSyncError extends Error {
  /** `WalletSyncError`. */
  override readonly name = 'WalletSyncError'

  /** Whether something is one, of whichever copy of the package in this page. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }

  constructor(
    /** Stable; the closed list is in docs/integration.md. */
    readonly code: WalletSyncErrorCode,
    message: string,
    /** Whether the same call may succeed later without anything being changed. */
    readonly retryable: boolean,
  ) {
    super(message)
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Converts the reason of a rejection: the plugin's object, or a text from Tauri. */
  static from(reason: unknown): WalletSyncError {
    if (reason instanceof WalletSyncError) return reason
    if (isFailure(reason)) {
      return new WalletSyncError(reason.code, reason.message, reason.retryable)
    }
    const text = typeof reason === 'string' ? reason : reason instanceof Error ? reason.message : 'the call failed'
    // When Tauri refuses a call or cannot parse its arguments, the reason is a text.
    const code = /not allowed|explicitly denied/.test(text) ? 'not_allowed' : 'bad_request'
    return new WalletSyncError(code, text, false)
  }
}

type Failure = { code: ErrorCode; message: string; retryable: boolean }

function isFailure(reason: unknown): reason is Failure {
  if (typeof reason !== 'object' || reason === null || reason instanceof Error) return false
  const { code, message, retryable } = reason as Record<string, unknown>
  return typeof code === 'string' && typeof message === 'string' && typeof retryable === 'boolean'
}

/** A wrong argument; the message names it, and does not repeat its value. */
export const badRequest = (field: string, what: string): WalletSyncError =>
  new WalletSyncError('bad_request', `${field}: ${what}`, false)

/** A value above its limit, in bytes. */
export const tooLarge = (field: string, max: number): WalletSyncError =>
  new WalletSyncError('too_large', `${field}: at most ${max / 1024} KiB`, false)

/** The wait was ended by its signal. */
export const aborted = (): WalletSyncError => new WalletSyncError('aborted', 'the wait was ended', false)

/** Nothing came in time. */
export const late = (): WalletSyncError => new WalletSyncError('deadline', 'no answer in time', true)
