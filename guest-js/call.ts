/** A call to the plugin: with an id of its own, and with an error that says so where there is no plugin. */

import { Channel, invoke } from '@tauri-apps/api/core'
import { WalletSyncError } from './error.js'

/** The header that the plugin knows a call by; see src/plugin/calls.rs. */
const HEADER = 'wallet-sync-call'

/** A name that nobody else draws. */
export const drawId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')

/** Throws `unavailable` where nothing answers: on a server, in a worker, in a browser. */
function needsTauri(): void {
  const { __TAURI_INTERNALS__: internals } = globalThis as { __TAURI_INTERNALS__?: { invoke?: unknown } }
  if (typeof internals?.invoke !== 'function') {
    throw new WalletSyncError('unavailable', 'this is not a window of a Tauri app', false)
  }
}

/**
 * Calls a command. Tauri sends a call again when a reload broke it off; by its id the plugin knows that it has done it.
 *
 * Throws `unavailable` outside of a Tauri window.
 */
export async function call<T>(command: string, args: Record<string, unknown> | Uint8Array = {}): Promise<T> {
  needsTauri()
  return invoke<T>(command, args, { headers: { [HEADER]: drawId() } })
}

/** A channel on which the plugin sends. Throws `unavailable` outside of a Tauri window. */
export function channelTo<T>(onMessage: (message: T) => void): Channel<T> {
  needsTauri()
  const channel = new Channel<T>()
  channel.onmessage = onMessage
  return channel
}
