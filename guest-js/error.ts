import type { ErrorCode } from './bindings.js'

/** The plugin's codes, and `not_allowed` when the window has no permission for the command. */
export type WalletSyncErrorCode = ErrorCode | 'not_allowed'

/** Every rejection of this API. */
export class WalletSyncError extends Error {
  /** `WalletSyncError`. */
  override readonly name = 'WalletSyncError'

  constructor(
    /** Stable; the closed list is in docs/integration.md. */
    readonly code: WalletSyncErrorCode,
    message: string,
    /** Whether the same call may succeed later without anything being changed. */
    readonly retryable: boolean,
  ) {
    super(message)
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
