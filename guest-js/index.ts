/**
 * The wallet-sync plugin for web views.
 *
 * Every function takes the account: the id that the Rust side passed to `open_account`. Every rejection is a
 * {@link WalletSyncError}. No function takes a key, an address or a path.
 */

import { Channel, invoke } from '@tauri-apps/api/core'
import { ask } from './arguments.js'
import { fromContent, LIMITS, toContent, type ByteSource } from './bytes.js'
import {
  commands,
  type AccountInfo,
  type AuditProgress,
  type AuditReport,
  type BackupProgress,
  type BackupReport,
  type CacheKind,
  type CacheStats,
  type Changed,
  type Content,
  type Device,
  type ExportFormat,
  type HistoryPoint,
  type Level,
  type Metrics,
  type NodeFinding,
  type NodeStatus,
  type Progress,
  type PutReport,
  type Rehearsal,
  type SpendKind,
  type SpendReport,
  type SyncReport,
  type TokenPage,
  type TokenRef,
  type WalletStatus,
  type WipeReport,
} from './bindings.js'
import { putBody, type NewToken } from './put.js'

export type {
  Ability,
  AccountInfo,
  Ack,
  AuditProgress,
  AuditReport,
  BackupProgress,
  BackupReport,
  Bucket,
  CacheKind,
  CacheStats,
  Changed,
  Device,
  ErrorCode,
  ExportFormat,
  Goal,
  HighWater,
  HistoryPoint,
  LastSync,
  LeftOut,
  Level,
  Mark,
  Metrics,
  NameReport,
  NodeAudit,
  NodeFinding,
  NodeOutcome,
  NodeReport,
  NodeState,
  NodeStatus,
  Operation,
  OperationFigures,
  Progress,
  PutReport,
  Rehearsal,
  Side,
  SlowOperation,
  Source,
  Spend,
  SpendKind,
  SpendReport,
  SyncOutcome,
  SyncReport,
  Target,
  TargetState,
  TokenCounts,
  TokenPage,
  TokenRef,
  TokenRow,
  Totals,
  WalletEvent,
  WalletStatus,
  WipeReport,
} from './bindings.js'
export type { ByteSource } from './bytes.js'
export type { NewToken } from './put.js'
export { WalletSyncError, type WalletSyncErrorCode } from './error.js'
export {
  onAlert,
  onClosed,
  onMetricsUpdated,
  onNodeHealthChanged,
  onPublishChanged,
  onSyncChanged,
  onTokensChanged,
  subscribe,
  type EventOf,
  type UnlistenFn,
} from './events.js'

export { allTokens, type AllTokensQuery, type TokenList } from './pages.js'

/** Which tokens to list. */
export interface TokenQuery {
  /** Rows after this one; a page's `next`. Default: from the start. */
  after?: TokenRef | null
  /** Rows at most, 1–1000. Default 100. */
  limit?: number
  /** Show states that are proven spent too. Default: no. */
  all?: boolean
}

/** Which entries to list. */
export interface EntryQuery {
  /** Only keys that start with this. */
  prefix?: string
  /** Keys after this one; a page's `next`. */
  after?: string | null
  /** Entries at most, 1–1000; a page ends earlier when its values exceed 1 MiB. Default 100. */
  limit?: number
}

/** A synced entry. */
export interface Entry {
  /** 1–128 characters. */
  key: string
  /** When it was set, by the clock of the device that set it; ms since the Unix epoch. */
  at: number
  /** Bytes of the value. */
  size: number
  /** The value; `null` while its bytes are not on this device yet. */
  value: Uint8Array | null
  /** The value as text; `null` when it is missing or not UTF-8. */
  text: string | null
}

/** A page of entries. */
export interface EntryPage {
  /** Revision of the account when this was read. */
  revision: number
  /** Rows in key order. */
  entries: Entry[]
  /** What to pass as `after` for the next page; `null` at the end. */
  next: string | null
}

/** A version of an entry. */
export type EntryVersion = Omit<Entry, 'key'>

/** The versions of an entry. */
export interface EntryVersions {
  /** Revision of the account when this was read. */
  revision: number
  /** The shown one first. */
  versions: EntryVersion[]
  /** Whether there are more; their values exceed 1 MiB. */
  isMore: boolean
}

/** Options of a sync. */
export interface SyncQuery {
  /** Ask the nodes even when the cache is fresh. Default: no. */
  fresh?: boolean
  /** End of the whole call, 100–600000 ms. Default: 1.8 s for reading; publishing goes on while it progresses. */
  deadlineMs?: number
  /** Resolve when every change of this device has this level. Default: `published` when something is pending. */
  wait?: Level
}

/** Which span of the metrics' history to show. */
export interface HistoryQuery {
  /** Start, ms since the Unix epoch. Default: an hour before `to`. */
  from?: number
  /** End (exclusive), ms since the Unix epoch. Default: now. */
  to?: number
  /** Minutes per point; widened until there are at most 2,880 points. Default 1. */
  stepMinutes?: number
}

// --- read: `wallet-sync:default` ---

/** The open accounts. */
export const accounts = (): Promise<AccountInfo[]> => ask({}, commands.accounts)

/** The state of an account; does not use the network. */
export const status = (account: string): Promise<WalletStatus> => ask({ account }, () => commands.status(account))

/** A page of the token list, in key order. `allTokens` reads them all. */
export function listTokens(account: string, query: TokenQuery = {}): Promise<TokenPage> {
  const { after, limit, all } = query
  const page = { after: after ?? null, limit: limit ?? null, all: all ?? null }
  return ask({ account, page }, () => commands.listTokens(account, page))
}

/** A token's payload, byte for byte as it was put; fetched from the nodes if it is not on this device. */
export async function getToken(account: string, tokenId: string, stateHash: string): Promise<Uint8Array> {
  const args = { account, tokenId, stateHash }
  return new Uint8Array(await ask(args, () => invoke<ArrayBuffer>('plugin:wallet-sync|get_token', args)))
}

/** A page of the synced entries (labels, settings), in key order. */
export async function listEntries(account: string, query: EntryQuery = {}): Promise<EntryPage> {
  const { prefix = null, after = null, limit = null } = query
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
export const metrics = (account: string): Promise<Metrics> => ask({ account }, () => commands.metrics(account))

/** The measurements over time, a point per step. */
export function metricsHistory(account: string, query: HistoryQuery = {}): Promise<HistoryPoint[]> {
  const { from, to, stepMinutes } = query
  const range = { from: from ?? null, to: to ?? null, stepMinutes: stepMinutes ?? null }
  return ask({ account, range }, () => commands.metricsHistory(account, range))
}

/** How each configured node is doing. */
export const nodeHealth = (account: string): Promise<NodeStatus[]> =>
  ask({ account }, () => commands.nodeHealth(account))

/** Statistics of the cache. */
export const cacheStats = (account: string): Promise<CacheStats> =>
  ask({ account }, () => commands.cacheStats(account))

/** The wallet's devices, each with the slot that it publishes under, as far as they are known here. */
export const devices = (account: string): Promise<Device[]> => ask({ account }, () => commands.devices(account))

// --- write: `wallet-sync:write` ---

/**
 * Adds token states, all or nothing; on disk when it resolves.
 *
 * At most 1,000 states and 16 MiB in one call. A state is immutable: the same one again counts as unchanged, the same
 * token id and state hash with other content is a `conflict`.
 */
export const putTokens = (account: string, tokens: NewToken[]): Promise<PutReport> =>
  ask({ account }, () => invoke<PutReport>('plugin:wallet-sync|put_tokens', putBody(account, tokens)))

/**
 * Records a spend of a state; on disk when it resolves.
 *
 * Record the `intent`, with all that is needed to finish or undo the spend, before submitting it to the ledger, and the
 * `proof` when the ledger has recorded it. Evidence is at most 256 KiB.
 *
 * Look at `known`: it is `false` when this device has no such state. The spend is kept, for it may be known before the
 * state is; but if the token id or the state hash was wrong, the state that was meant is still on offer.
 */
export const recordSpend = (
  account: string,
  tokenId: string,
  stateHash: string,
  kind: SpendKind,
  evidence: ByteSource,
): Promise<SpendReport> =>
  ask({ account, tokenId, stateHash, kind }, () =>
    commands.recordSpend(account, tokenId, stateHash, kind, toContent('evidence', evidence, LIMITS.evidence)),
  )

/** Sets a synced entry; on disk when it resolves. The value is at most 64 KiB. */
export const setEntry = (account: string, entryKey: string, value: ByteSource): Promise<Changed> =>
  ask({ account, entryKey }, () => commands.setEntry(account, entryKey, toContent('value', value, LIMITS.value)))

/**
 * Reads the nodes, merges, and publishes what is pending.
 *
 * Progress may arrive after the promise is settled; `finished` is the last message.
 */
export async function syncNow(
  account: string,
  query: SyncQuery = {},
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<SyncReport> {
  const channel = new Channel<Progress>()
  channel.onmessage = onProgress
  const { fresh = null, deadlineMs = null, wait = null } = query
  const options = { fresh, deadlineMs, wait }
  return ask({ account, options }, () => commands.syncNow(account, options, channel))
}

/** Publishes what is pending until it is `verified`, or the time is up (100–600000 ms, default 10 s). */
export const flush = (account: string, withinMs: number | null = null): Promise<SyncReport> =>
  ask({ account, withinMs }, () => commands.flush(account, withinMs))

// --- admin: `wallet-sync:admin` ---

/** Removes cached data that can be fetched or rebuilt. Tokens, evidence and entries stay. */
export const invalidateCache = (account: string, kind: CacheKind = 'all'): Promise<CacheStats> =>
  ask({ account, kind }, () => commands.invalidateCache(account, kind))

/** Sets the measurements to zero and removes their history. */
export async function resetMetrics(account: string): Promise<void> {
  await ask({ account }, () => commands.resetMetrics(account))
}

/** The measurements as text: JSON, or the Prometheus exposition format. */
export const exportMetrics = (account: string, format: ExportFormat = 'json'): Promise<string> =>
  ask({ account, format }, () => commands.exportMetrics(account, format))

/** Disables or enables a node, until the account is closed. */
export const setNodeEnabled = (account: string, nodeId: string, enabled: boolean): Promise<NodeStatus[]> =>
  ask({ account, nodeId, enabled }, () => commands.setNodeEnabled(account, nodeId, enabled))

/**
 * Tries on one of the configured nodes everything that a sync and a publish ask of it, with things drawn for this (an upload of a
 * megabyte, a few pins, a record that ends soon), and says what to change where it fails. Nothing of the wallet is touched.
 *
 * Takes a second on a near node, at most ninety. Refused with `rate_limited` while another check is under way.
 */
export const checkNode = (account: string, nodeId: string): Promise<NodeFinding[]> =>
  ask({ account, nodeId }, () => commands.checkNode(account, nodeId))

/**
 * What this device is called, for the wallet's other devices to show: 1–64 bytes, no control characters; `null` takes it away. On disk
 * when it resolves; the others see it once it is published, which it is where this device has a slot.
 */
export const setDeviceLabel = (account: string, label: string | null): Promise<Device[]> =>
  ask({ account, label }, () => commands.setDeviceLabel(account, label))

/**
 * Gives back the slot of a device that is gone, once all it published is here and on enough nodes under this device's
 * signature; the next device that needs a slot takes it. A device that was not gone after all loses nothing: it takes another slot.
 *
 * Refused with `pending_changes` while a change of this device is below `verified`, with `conflict` when something new of that
 * device came here within the last hour. Takes at most thirty seconds.
 */
export const retireDevice = (account: string, slot: number): Promise<Device[]> =>
  ask({ account, slot }, () => commands.retireDevice(account, slot))

/** What an audit looks at, and whether it mends. */
export interface AuditQuery {
  /** Read and hash every block, not a sample. */
  all?: boolean
  /** Put back what is missing or damaged, and look once more. */
  repair?: boolean
}

/**
 * Looks at what each node's own store holds of the wallet: record, beacon, pin, root, and blocks by size and hash. What is
 * wanting lowers the level at once, with an `alert`, and is put back by the next publish, or with `repair` by this call. The engine
 * does this by itself after opening, once a node is back, and daily.
 *
 * Refused with `rate_limited` while another audit or rehearsal of the account is running.
 */
export async function audit(
  account: string,
  query: AuditQuery = {},
  onProgress: (progress: AuditProgress) => void = () => undefined,
): Promise<AuditReport> {
  const channel = new Channel<AuditProgress>()
  channel.onmessage = onProgress
  const { all = null, repair = null } = query
  const options = { all, repair }
  return ask({ account, options }, () => commands.audit(account, options, channel))
}

/**
 * Rehearses a restore: a fresh device in memory, made from the secret and the nodes alone, is compared with this one. It changes
 * nothing, here or there.
 *
 * Refused with `rate_limited` while another audit or rehearsal of the account is running; `unreachable` when no node answers.
 */
export async function rehearse(
  account: string,
  onProgress: (progress: AuditProgress) => void = () => undefined,
): Promise<Rehearsal> {
  const channel = new Channel<AuditProgress>()
  channel.onmessage = onProgress
  return ask({ account }, () => commands.rehearse(account, channel))
}

/**
 * Writes everything that this device has into one encrypted file, which is read back before this resolves; no node is asked.
 *
 * Where it goes is the app's choice (`Builder::backup_folder`); `file` is its name there. One at a time and account (`rate_limited`), and
 * at most 64 files of an account (`conflict`). To bring a file back is the app's Rust side.
 */
export async function exportBackup(
  account: string,
  onProgress: (progress: BackupProgress) => void = () => undefined,
): Promise<BackupReport> {
  const channel = new Channel<BackupProgress>()
  channel.onmessage = onProgress
  return ask({ account }, () => commands.exportBackup(account, channel))
}

/**
 * Closes the account and removes its folder from this device. Without `force`, the device gives its slot back before, if the
 * nodes take that within two seconds.
 *
 * `confirm` is the account id, typed again. Refused with `pending_changes` while a change is below `verified`; with
 * `force` the folder is set aside in that case instead of being removed.
 */
export function wipe(account: string, confirm: string, options: { force?: boolean } = {}): Promise<WipeReport> {
  const force = options.force ?? false
  return ask({ account, confirm, force }, () => commands.wipe(account, confirm, force))
}
