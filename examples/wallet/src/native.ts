/** The app's own commands. */

import { invoke } from '@tauri-apps/api/core'
import { WalletSyncError } from 'tauri-plugin-wallet-sync-api'

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
