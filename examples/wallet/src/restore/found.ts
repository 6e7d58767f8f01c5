/** What a restore found, in words: a wallet that nobody was asked about is not called new. */

import type { SyncReport, WalletStatus, WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { TEXT } from '../text/en'

export type Way = 'nodes' | 'file' | 'fresh'
export type Tone = 'good' | 'warn' | 'bad'

export interface Found {
  tone: Tone
  title: string
  /** What else has to be known. */
  notes: string[]
}

const text = TEXT.restore
/** Codes that say "nobody answered". */
const SILENCE: readonly string[] = ['unreachable', 'deadline']

export const answered = (report: SyncReport): number => report.nodes.filter(({ outcome }) => outcome === 'found' || outcome === 'absent').length

/** Said by the plugin of a first reading; of a later one, where each node says that it has nothing and none is named as silent. */
function isNew({ warnings, nodes }: SyncReport): boolean {
  if (warnings.some((warning) => warning.startsWith('degraded:'))) return false
  return warnings.some((warning) => warning.startsWith('new_wallet:')) || (nodes.length > 0 && nodes.every(({ outcome }) => outcome === 'absent'))
}

export function foundOf(way: Way, report: SyncReport | null, failure: WalletSyncError | null, status: WalletStatus | null): Found {
  if (report === null) {
    const why = failure === null ? text.notAsked : SILENCE.includes(failure.code) ? text.offline : failure.message
    return { tone: 'bad', title: failure === null ? text.failed : text.foundNone, notes: [why] }
  }
  const total = report.tokens.total
  const unread = status?.unread.length ?? 0
  const notes = [
    ...(report.missingPayloads > 0 ? [text.missing(report.missingPayloads)] : []),
    ...(unread > 0 ? [text.unread(unread)] : []),
  ]
  const silent = report.nodes.length - answered(report)
  if (report.outcome === 'offline') return { tone: 'bad', title: text.foundNone, notes: [text.offline] }
  if (total === 0 && unread === 0) {
    const heard = silent > 0 ? [text.silent(silent, report.nodes.length)] : []
    if (way === 'fresh' && isNew(report)) return { tone: 'good', title: text.foundNew, notes: [] }
    return { tone: 'warn', title: text.foundNone, notes: [...heard, ...(way === 'nodes' ? [text.foundNoneHint] : [])] }
  }
  if (unread > 0 || report.outcome === 'partial') return { tone: 'warn', title: text.foundPart, notes }
  if (way === 'fresh') return { tone: 'warn', title: text.foundMore(total), notes }
  return { tone: 'good', title: text.found(total), notes }
}
