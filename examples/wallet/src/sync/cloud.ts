/** What the cloud button says: one state, from what is known of a device. */

import type { DeviceState } from '../device/session'
import { ago, plural, sourceName, words } from '../text/format'

export type CloudKind = 'closed' | 'starting' | 'syncing' | 'error' | 'offline' | 'read-only' | 'pending' | 'synced' | 'new'

export interface Cloud {
  kind: CloudKind
  title: string
  detail: string
}

type Known = Pick<DeviceState, 'isOpen' | 'status' | 'isAsked' | 'failure' | 'outcome'>

/** Codes that say "nobody answered", not "something is wrong". */
const SILENCE: readonly string[] = ['unreachable', 'deadline']

export function cloudOf({ isOpen, status, isAsked, failure, outcome }: Known, now: number): Cloud {
  if (!isOpen) return { kind: 'closed', title: 'Not on this machine', detail: 'The device is not open.' }
  if (status === null) return { kind: 'starting', title: 'Starting', detail: 'Reading the wallet from disk.' }
  const { pending, lastSync, nodes, verifiedNodes } = status
  const waiting = pending > 0 ? `${plural(pending, 'change')} not verified yet` : ''
  const last = lastSync ? `Last answer ${ago(lastSync.at, now)}, ${sourceName(lastSync.source)}` : 'Never synced'
  const kept = `${waiting === '' ? '' : `${waiting}. `}${last}.`
  if (isAsked || status.syncing) return { kind: 'syncing', title: 'Syncing', detail: kept }
  if (failure !== null && !SILENCE.includes(failure.code)) {
    return { kind: 'error', title: 'Sync failed', detail: `${words(failure.code)}: ${failure.message}. ${kept}` }
  }
  if (nodes === 0) return { kind: 'offline', title: 'No nodes', detail: `Kept on this disk only. ${kept}` }
  if (failure !== null || (outcome ?? lastSync?.outcome) === 'offline') {
    return { kind: 'offline', title: 'Offline', detail: `No node answered; shown from this disk. ${kept}` }
  }
  if ((outcome ?? lastSync?.outcome) === 'partial') {
    return { kind: 'offline', title: 'Not whole', detail: `Something on the nodes did not come yet. ${kept}` }
  }
  if ((outcome ?? lastSync?.outcome) === 'read_only') {
    return { kind: 'read-only', title: 'Newer format', detail: `Another device writes a newer format. ${kept}` }
  }
  if (pending > 0) return { kind: 'pending', title: plural(pending, 'change') + ' pending', detail: kept }
  if (lastSync === null) return { kind: 'new', title: 'Not synced yet', detail: 'Nothing was asked of the nodes yet.' }
  const on = status.ack === 'verified' ? `Verified on ${verifiedNodes} of ${plural(nodes, 'node')}. ` : ''
  return { kind: 'synced', title: 'Synced', detail: `${on}${last}.` }
}
