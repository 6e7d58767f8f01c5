/** Maintenance: the set `wallet-sync:admin`. */

import { ask, listenerOf, optional, unlessAborted } from './arguments.js'
import {
  commands,
  type AuditProgress,
  type AuditReport,
  type BackupProgress,
  type BackupReport,
  type CacheKind,
  type CacheStats,
  type Changed,
  type Device,
  type ExportFormat,
  type NodeFinding,
  type NodeStatus,
  type Rehearsal,
  type TokenRef,
  type WipeReport,
} from './bindings.js'
import { fromContent } from './bytes.js'
import { channelTo } from './call.js'
import { WalletSyncError } from './error.js'
import { keyOf, keyOfEither } from './key.js'
import type { AuditQuery, BackupQuery, Proof, RehearsalQuery, WipeQuery } from './types.js'

/** Removes cached data that can be fetched or rebuilt. Tokens, evidence and entries stay. */
export const invalidateCache = async (account: string, kind: CacheKind = 'all'): Promise<CacheStats> =>
  ask({ account, kind }, () => commands.invalidateCache(account, kind))

/** Sets the measurements to zero and removes their history. */
export async function resetMetrics(account: string): Promise<void> {
  await ask({ account }, () => commands.resetMetrics(account))
}

/** The measurements as text: JSON, or the Prometheus exposition format. */
export const exportMetrics = async (account: string, format: ExportFormat = 'json'): Promise<string> =>
  ask({ account, format }, () => commands.exportMetrics(account, format))

/** Disables or enables a node, until the account is closed. */
export const setNodeEnabled = async (account: string, nodeId: string, enabled: boolean): Promise<NodeStatus[]> =>
  ask({ account, nodeId, enabled }, () => commands.setNodeEnabled(account, nodeId, enabled))

/**
 * Tries on one of the configured nodes everything that a sync and a publish ask of it, with things drawn for this (an upload of a
 * megabyte, a few pins, a record that ends soon), and says what to change where it fails. Nothing of the wallet is touched.
 *
 * Takes a second on a near node, at most ninety. Refused with `rate_limited` while another check is under way.
 */
export const checkNode = async (account: string, nodeId: string): Promise<NodeFinding[]> =>
  ask({ account, nodeId }, () => commands.checkNode(account, nodeId))

/**
 * What this device is called, for the wallet's other devices to show: 1–64 bytes, no control characters; `null` takes it away. On disk
 * when it resolves; the others see it once it is published, which it is where this device has a slot.
 */
export const setDeviceLabel = async (account: string, label: string | null): Promise<Device[]> =>
  ask({ account, label }, () => commands.setDeviceLabel(account, label))

/**
 * Gives back the slot of a device that is gone, once all it published is here and on enough nodes under this device's
 * signature; the next device that needs a slot takes it. A device that was not gone after all loses nothing: it takes another slot.
 *
 * Refused with `pending_changes` while a change of this device is below `verified`, with `conflict` when something new of that
 * device came here within the last hour. Takes at most thirty seconds.
 */
export const retireDevice = async (account: string, slot: number): Promise<Device[]> =>
  ask({ account, slot }, () => commands.retireDevice(account, slot))

/**
 * Looks at what each node's own store holds of the wallet: record, beacon, pin, root, and blocks by size and hash. What is
 * wanting lowers the level at once, with an `alert`, and is put back by the next publish, or with `repair` by this call. The engine
 * does this by itself after opening, once a node is back, and daily.
 *
 * Refused with `rate_limited` while another audit or rehearsal of the account is running.
 */
export async function audit(account: string, query?: AuditQuery): Promise<AuditReport> {
  const { all = null, repair = null, onProgress, signal } = optional('options', query)
  const options = { all, repair }
  return ask({ account, options }, () => {
    const channel = channelTo<AuditProgress>(listenerOf('onProgress', onProgress))
    return unlessAborted(signal, () => commands.audit(account, options, channel))
  })
}

/**
 * Rehearses a restore: a fresh device in memory, made from the secret and the nodes alone, is compared with this one. It changes
 * nothing, here or there.
 *
 * Refused with `rate_limited` while another audit or rehearsal of the account is running; `unreachable` when no node answers.
 */
export async function rehearse(account: string, query?: RehearsalQuery): Promise<Rehearsal> {
  const { onProgress, signal } = optional('options', query)
  return ask({ account }, () => {
    const channel = channelTo<AuditProgress>(listenerOf('onProgress', onProgress))
    return unlessAborted(signal, () => commands.rehearse(account, channel))
  })
}

/**
 * Writes everything that this device has into one encrypted file, which is read back before this resolves; no node is asked.
 *
 * Where it goes is the app's choice (`Builder::backup_folder`); `file` is its name there. One at a time and account (`rate_limited`), and
 * at most 64 files of an account (`conflict`). To bring a file back is the app's Rust side.
 */
export async function exportBackup(account: string, query?: BackupQuery): Promise<BackupReport> {
  const { onProgress, signal } = optional('options', query)
  return ask({ account }, () => {
    const channel = channelTo<BackupProgress>(listenerOf('onProgress', onProgress))
    return unlessAborted(signal, () => commands.exportBackup(account, channel))
  })
}

/**
 * The proofs of spending that are recorded of a state, those that were declared void too; `evidence` is `null` while its bytes are not on
 * this device.
 */
export function listProofs(account: string, token: TokenRef): Promise<Proof[]>
export function listProofs(account: string, tokenId: string, stateHash: string): Promise<Proof[]>
export async function listProofs(account: string, token: TokenRef | string, state?: string): Promise<Proof[]> {
  const { tokenId, stateHash } = keyOfEither(token, state)
  const rows = await ask({ account, tokenId, stateHash }, () => commands.listProofs(account, tokenId, stateHash))
  return rows.map((row) => ({ ...row, evidence: row.evidence === null ? null : fromContent(row.evidence) }))
}

/**
 * Declares a recorded proof of spending void, after the ledger was asked: a state all of whose proofs are void is not spent, and is on
 * offer again. Other devices show it as suspect until they declare it void too. On disk when it resolves.
 *
 * A false rejection brings a spent token back. `proof` is the name that `listProofs` gives.
 */
export const rejectProof = async (account: string, token: TokenRef, proof: string): Promise<Changed> => {
  const { tokenId, stateHash } = keyOf('token', token)
  return ask({ account, tokenId, stateHash, proof }, () => commands.rejectProof(account, tokenId, stateHash, proof))
}

/**
 * Closes the account and removes its folder from this device. Without `force`, the device gives its slot back before, if the
 * nodes take that within two seconds.
 *
 * `confirm` is the account id, typed again. Refused with `pending_changes` while a change is below `verified`; with
 * `force` the folder is set aside in that case instead of being removed. `conflict` when the account was closed and opened again since
 * the opening that is meant.
 */
export async function wipe(account: string, confirm: string, query?: WipeQuery): Promise<WipeReport> {
  const { force = false, opening } = optional('options', query)
  return ask({ account, confirm, force, opening: opening ?? null }, async () => {
    const meant = opening ?? (await openingOf(account))
    return commands.wipe(account, confirm, force, meant)
  })
}

/** The one that is open now; not known to a window that may not ask. */
async function openingOf(account: string): Promise<number | null> {
  try {
    return (await commands.status(account)).opening
  } catch (reason) {
    if (WalletSyncError.from(reason).code === 'not_allowed') return null
    throw reason
  }
}
