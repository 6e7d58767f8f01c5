/** What a window may read: the set `wallet-sync:default`. */

import { ask, optional } from './arguments.js'
import {
  commands,
  type AccountInfo,
  type CacheStats,
  type Content,
  type Device,
  type HistoryPoint,
  type Metrics,
  type NodeStatus,
  type TokenPage,
  type TokenRef,
  type WalletStatus,
} from './bindings.js'
import { fromContent } from './bytes.js'
import { call } from './call.js'
import { keyOf, keyOfEither } from './key.js'
import type { Entry, EntryPage, EntryQuery, EntryVersion, EntryVersions, HistoryQuery, TokenQuery } from './types.js'

/** The open accounts. */
export const accounts = async (): Promise<AccountInfo[]> => ask({}, commands.accounts)

/** The state of an account; does not use the network. */
export const status = async (account: string): Promise<WalletStatus> => ask({ account }, () => commands.status(account))

/** A page of the token list, in key order. `allTokens` reads them all, `tokenPages` one page after the other. */
export async function listTokens(account: string, query?: TokenQuery): Promise<TokenPage> {
  const { after = null, limit = null, all = null, spendable = null } = optional('query', query)
  const page = { after: after && keyOf('page.after', after), limit, all, spendable }
  return ask({ account, page }, () => commands.listTokens(account, page))
}

/** A token's payload, byte for byte as it was put; fetched from the nodes if it is not on this device. */
export function getToken(account: string, token: TokenRef): Promise<Uint8Array>
export function getToken(account: string, tokenId: string, stateHash: string): Promise<Uint8Array>
export async function getToken(account: string, token: TokenRef | string, hash?: string): Promise<Uint8Array> {
  const { tokenId, stateHash } = keyOfEither(token, hash)
  const args = { account, tokenId, stateHash }
  return new Uint8Array(await ask(args, () => call<ArrayBuffer>('plugin:wallet-sync|get_token', args)))
}

/** A page of the synced entries (labels, settings), in key order. */
export async function listEntries(account: string, query?: EntryQuery): Promise<EntryPage> {
  const { prefix = null, after = null, limit = null } = optional('query', query)
  const range = { prefix, after, limit }
  const page = await ask({ account, page: range }, () => commands.listEntries(account, range))
  const entries = page.entries.map(({ content, ...row }): Entry => ({ ...row, ...opened(content) }))
  return { ...page, entries }
}

const opened = (content: Content | null): { value: Uint8Array | null; text: string | null } => ({
  value: content && fromContent(content),
  text: content?.encoding === 'utf8' ? content.value : null,
})

/** One entry, or `null` when there is none with this key. */
export async function getEntry(account: string, entryKey: string): Promise<Entry | null> {
  const { entries } = await listEntries(account, { prefix: entryKey, limit: 1 })
  return entries.find((entry) => entry.key === entryKey) ?? null
}

/**
 * The versions of an entry that no other one replaces, the shown one first. More than one where devices set the entry
 * without having seen each other's; `setEntry` replaces them all.
 */
export async function entryVersions(account: string, entryKey: string): Promise<EntryVersions> {
  const found = await ask({ account, entryKey }, () => commands.entryVersions(account, entryKey))
  const versions = found.versions.map(({ content, ...row }): EntryVersion => ({ ...row, ...opened(content) }))
  return { ...found, versions }
}

/** The measurements, and whether the targets are met. */
export const metrics = async (account: string): Promise<Metrics> => ask({ account }, () => commands.metrics(account))

/** The measurements over time, a point per step. */
export async function metricsHistory(account: string, query?: HistoryQuery): Promise<HistoryPoint[]> {
  const { from = null, to = null, stepMinutes = null } = optional('query', query)
  const range = { from, to, stepMinutes }
  return ask({ account, range }, () => commands.metricsHistory(account, range))
}

/** How each configured node is doing. */
export const nodeHealth = async (account: string): Promise<NodeStatus[]> =>
  ask({ account }, () => commands.nodeHealth(account))

/** Statistics of the cache. */
export const cacheStats = async (account: string): Promise<CacheStats> =>
  ask({ account }, () => commands.cacheStats(account))

/** The wallet's devices, each with the slot that it publishes under, as far as they are known here. */
export const devices = async (account: string): Promise<Device[]> => ask({ account }, () => commands.devices(account))
