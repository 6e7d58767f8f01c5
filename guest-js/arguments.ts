/**
 * Checks arguments before JSON changes them on the way: it turns `NaN` into nothing, drops what is undefined, calls
 * `toJSON`. Tauri does not parse half a surrogate pair, and where it uses no protocol of its own it never answers such a call.
 */

import { aborted, badRequest, WalletSyncError } from './error.js'

/** Checks the arguments, makes the call, and throws a {@link WalletSyncError} when either fails. */
export async function ask<T>(args: object, call: () => Promise<T>): Promise<T> {
  try {
    for (const [name, value] of Object.entries(args)) check(name, value)
    return await call()
  } catch (reason) {
    throw WalletSyncError.from(reason)
  }
}

/** The fields of an argument that may be left out. */
export function optional<T extends object>(field: string, value: T | undefined): Partial<T> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest(field, 'not an object')
  return value
}

/** A function that is told something, and may be left out. */
export function listenerOf<T>(field: string, listener: ((value: T) => void) | undefined): (value: T) => void {
  if (listener === undefined) return () => undefined
  if (typeof listener !== 'function') throw badRequest(field, 'not a function')
  return listener
}

/** Ends a wait when its signal says so; what was asked for goes on. */
export function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work()
  if (typeof signal.addEventListener !== 'function') return Promise.reject(badRequest('signal', 'not a signal'))
  if (signal.aborted) return Promise.reject(aborted())
  return new Promise((resolve, reject) => {
    const stop = () => reject(aborted())
    signal.addEventListener('abort', stop, { once: true })
    void work().then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Refuses what is not text, or is not well formed. */
export function checkText(field: string, value: unknown): void {
  if (typeof value !== 'string') throw badRequest(field, 'not text')
  // With the flag `u` a whole pair is one character, and no surrogate.
  if (/\p{Surrogate}/u.test(value)) throw badRequest(field, 'text with half a surrogate pair')
}

/** Refuses, by its name, whatever would arrive as something else. */
function check(field: string, value: unknown): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return checkText(field, value)
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (!isPlain(value)) throw badRequest(field, 'missing, or not what it has to be')
  for (const [name, inner] of Object.entries(value)) {
    checkText(field, name)
    check(`${field}.${name}`, inner)
  }
}

function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]' && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}
