/** What the cloud button says: one state, from what is known of a device. */

import type { DeviceState } from '../device/session'
import { ago, sourceName, TEXT } from '../text/en'
import { capital, words } from '../text/format'

export type CloudKind = 'closed' | 'starting' | 'syncing' | 'error' | 'offline' | 'read-only' | 'pending' | 'synced' | 'new'

export interface Cloud {
  kind: CloudKind
  title: string
  detail: string
}

type Known = Pick<DeviceState, 'isOpen' | 'status' | 'isAsked' | 'failure' | 'outcome'>

/** Codes that say "nobody answered", not "something is wrong". */
const SILENCE: readonly string[] = ['unreachable', 'deadline']

const text = TEXT.cloud

export function cloudOf({ isOpen, status, isAsked, failure, outcome }: Known, now: number): Cloud {
  if (!isOpen) return { kind: 'closed', title: text.notOpen[0], detail: text.notOpen[1] }
  if (status === null || status.opening === 0) return { kind: 'starting', title: text.starting[0], detail: text.starting[1] }
  const { pending, lastSync, nodes, verifiedNodes } = status
  const last = lastSync ? text.lastAnswer(ago(lastSync.at, now), sourceName(lastSync.source)) : text.never
  const kept = `${pending > 0 ? `${text.waiting(pending)}. ` : ''}${last}.`
  if (isAsked || status.syncing) return { kind: 'syncing', title: text.syncing, detail: kept }
  if (failure !== null && !SILENCE.includes(failure.code)) {
    return { kind: 'error', title: text.failed, detail: `${capital(words(failure.code))}: ${failure.message}. ${kept}` }
  }
  if (nodes === 0) return { kind: 'offline', title: text.noNodes, detail: `${text.keptHere} ${kept}` }
  if (failure !== null || (outcome ?? lastSync?.outcome) === 'offline') {
    return { kind: 'offline', title: text.offline, detail: `${text.fromDisk} ${kept}` }
  }
  if ((outcome ?? lastSync?.outcome) === 'partial') {
    return { kind: 'offline', title: text.notWhole, detail: `${text.notCome} ${kept}` }
  }
  if ((outcome ?? lastSync?.outcome) === 'read_only') {
    return { kind: 'read-only', title: text.newer, detail: `${text.newerHint} ${kept}` }
  }
  if (pending > 0) return { kind: 'pending', title: text.pending(pending), detail: kept }
  if (lastSync === null) return { kind: 'new', title: text.fresh[0], detail: text.fresh[1] }
  const on = status.ack === 'verified' ? text.proven(verifiedNodes, nodes) : ''
  return { kind: 'synced', title: text.synced, detail: `${on}${last}.` }
}
