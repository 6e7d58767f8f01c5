/** What a window may change: the set `wallet-sync:write`, and for proofs of spending `wallet-sync:spend`. */

import { ask, listenerOf, optional, unlessAborted } from './arguments.js'
import {
  commands,
  type Changed,
  type Progress,
  type PutReport,
  type SpendKind,
  type SpendReport,
  type SyncReport,
  type TokenRef,
} from './bindings.js'
import { LIMITS, toContent, type ByteSource } from './bytes.js'
import { call, channelTo } from './call.js'
import { jsonOf } from './json.js'
import { keyOfEither } from './key.js'
import { putBody, type NewToken } from './put.js'
import type { EntryValue, SyncQuery } from './types.js'

/**
 * Adds token states, all or nothing; on disk when it resolves.
 *
 * At most 1,000 states and 16 MiB in one call, and over time what the app lets windows add (`rate_limited`; 10,000 states an hour by default). A state is immutable: the same one again counts as unchanged, the same
 * token id and state hash with other content is a `conflict`.
 */
export const putTokens = async (account: string, tokens: NewToken[]): Promise<PutReport> =>
  ask({ account }, () => call<PutReport>('plugin:wallet-sync|put_tokens', putBody(account, tokens)))

/**
 * Records a spend of a state; on disk when it resolves.
 *
 * Record the `intent`, with all that is needed to finish or undo the spend, before submitting it to the ledger, and the
 * `proof` when the ledger has recorded it. Evidence is at most 256 KiB.
 *
 * A proof hides the state for good and needs the set `wallet-sync:spend`; the app may check it first (`proof_void` when it is none). An
 * intent needs `wallet-sync:write`. Of one state windows may record four of each.
 *
 * Look at `known`: it is `false` when this device has no such state. The spend is kept, for it may be known before the
 * state is; but if the token id or the state hash was wrong, the state that was meant is still on offer.
 */
export function recordSpend(
  account: string,
  token: TokenRef,
  kind: SpendKind,
  evidence: ByteSource,
): Promise<SpendReport>
export function recordSpend(
  account: string,
  tokenId: string,
  stateHash: string,
  kind: SpendKind,
  evidence: ByteSource,
): Promise<SpendReport>
export async function recordSpend(
  account: string,
  token: TokenRef | string,
  ...rest: [SpendKind, ByteSource] | [string, SpendKind, ByteSource]
): Promise<SpendReport> {
  const isRow = typeof token === 'object'
  const { tokenId, stateHash } = keyOfEither(token, isRow ? undefined : (rest[0] as string))
  const [kind, evidence] = (isRow ? rest : rest.slice(1)) as [SpendKind, ByteSource]
  return ask({ account, tokenId, stateHash, kind }, () =>
    commands.recordSpend(account, tokenId, stateHash, kind, toContent('evidence', evidence, LIMITS.evidence)),
  )
}

/** Sets a synced entry; on disk when it resolves. The value is at most 64 KiB. */
export const setEntry = async (account: string, entryKey: string, value: EntryValue): Promise<Changed> =>
  ask({ account, entryKey }, () => {
    const bytes = isJson(value) ? jsonOf('value.json', value.json) : value
    return commands.setEntry(account, entryKey, toContent('value', bytes, LIMITS.value))
  })

const isJson = (value: unknown): value is { json: unknown } =>
  Object.prototype.toString.call(value) === '[object Object]' && Object.hasOwn(value as object, 'json')

/**
 * Deletes a synced entry: it is not listed any more, here and on every device that sees this, until it is set again. A device that
 * sets it without having seen this keeps its value beside it; see `entryVersions`.
 */
export const deleteEntry = async (account: string, entryKey: string): Promise<Changed> =>
  ask({ account, entryKey }, () => commands.deleteEntry(account, entryKey))

/** Reads the nodes, merges, and publishes what is pending. */
export async function syncNow(account: string, query?: SyncQuery): Promise<SyncReport> {
  const { fresh = null, deadlineMs = null, wait = null, onProgress, signal } = optional('options', query)
  const options = { fresh, deadlineMs, wait }
  return ask({ account, options }, () => {
    const channel = channelTo<Progress>(listenerOf('onProgress', onProgress))
    return unlessAborted(signal, () => commands.syncNow(account, options, channel))
  })
}

/** Publishes what is pending until it is `verified`, or the time is up (100–600000 ms, default 10 s). */
export const flush = async (account: string, withinMs: number | null = null): Promise<SyncReport> =>
  ask({ account, withinMs }, () => commands.flush(account, withinMs))
