/** The app's own commands. */

import { invoke } from '@tauri-apps/api/core'
import { WalletSyncError, type WalletSyncErrorCode } from 'tauri-plugin-wallet-sync-api'

/** What can be wrong with an embedded node. */
export type Fault = 'kill' | 'hang' | 'slow' | 'stale' | 'forge'

/** A device of the wallet. */
export interface Device {
  account: string
  label: string
  isOpen: boolean
}

/** An embedded node and what is wrong with it. */
export interface Illness {
  node: string
  faults: Fault[]
}

/** What the window has to know at its start. */
export interface Overview {
  version: string
  devices: Device[]
  secretIn: 'keyring' | 'file'
  /** `null` where the nodes are the user's own. */
  faults: Illness[] | null
}

/** A backup file in the app's folder for them. */
export interface BackupFile {
  name: string
  bytes: number
}

/** How far bringing a backup file back is. */
export type Import =
  | { state: 'running'; done: number; total: number }
  | { state: 'done'; added: number; spent: number; unchanged: number; missing: number }
  | { state: 'failed'; error: { code: WalletSyncErrorCode; message: string; retryable: boolean } }

async function call<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args)
  } catch (reason) {
    throw WalletSyncError.from(reason)
  }
}

export const overview = (): Promise<Overview> => call('overview')

export const setFault = (node: string, fault: Fault, on: boolean): Promise<Illness[] | null> =>
  call('set_fault', { node, fault, on })

/** Opens a device again that was taken off this machine. */
export const reopenDevice = (account: string): Promise<void> => call('reopen_device', { account })

/** Writes the measurements to the app's data folder; gives the file's name. */
export const saveMetrics = (account: string): Promise<string> => call('save_metrics', { account })

/** The newest first. */
export const backupFiles = (): Promise<BackupFile[]> => call('backup_files')

const LOOK_MS = 150
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Brings a backup file back into a device, which is opened for it; throws where nothing was changed. */
export async function importBackup(account: string, file: string, onProgress: (done: number, total: number) => void): Promise<Extract<Import, { state: 'done' }>> {
  await call('begin_import', { account, file })
  for (;;) {
    const now = await call<Import | null>('import_state', { account })
    if (now === null || now.state === 'failed') throw WalletSyncError.from(now?.error)
    if (now.state === 'done') return now
    onProgress(now.done, now.total)
    await pause(LOOK_MS)
  }
}
