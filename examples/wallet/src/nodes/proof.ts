/** What an audit found on each node, and the last rehearsal, as they are shown. */

import type { AuditReport, NodeAudit } from 'tauri-plugin-wallet-sync-api'
import type { Tone } from '../parts/badge'
import { plural } from '../text/format'

/** One node of an audit. */
export interface NodeLine {
  node: string
  state: 'able' | 'unable' | 'untried'
  said: string
}

export function nodeLines({ nodes }: AuditReport): NodeLine[] {
  return nodes.map((node) => {
    if (node.error !== null) return { node: node.id, state: 'untried', said: `not looked at, or not all of it: ${node.error}` }
    return { node: node.id, state: node.whole ? 'able' : 'unable', said: saidOf(node) }
  })
}

function saidOf(node: NodeAudit): string {
  const marks = (['record', 'beacon', 'pin', 'root'] as const).filter((name) => node[name] !== 'ok').map((name) => `${name} ${node[name] ?? 'unknown'}`)
  const blocks = (['missing', 'damaged'] as const).filter((how) => node[how] > 0).map((how) => `${plural(node[how], 'block')} ${how}`)
  const wrong = [...marks, ...blocks]
  if (wrong.length === 0) return `holds everything: ${plural(node.checked, 'block')} read and checked`
  return node.repaired > 0 ? `${wrong.join(', ')}; ${node.repaired} put back` : wrong.join(', ')
}

export function auditVerdict({ safe, wholeMachines, nodes }: AuditReport): { tone: Tone; text: string } {
  const text = `${wholeMachines} of ${plural(nodes.length, 'node')} hold everything`
  return { tone: !safe ? 'bad' : wholeMachines < nodes.length ? 'warn' : 'good', text }
}

/** The last rehearsal of an account: what it said, and when. */
export interface Rehearsed {
  whole: boolean
  words: string
  at: number
}

const key = (account: string): string => `rehearsed:${account}`

/** That of an earlier run of the app; `null` where there was none, or what is stored is none. */
export function lastRehearsal(account: string, storage: Storage): Rehearsed | null {
  try {
    const { whole, words, at } = JSON.parse(storage.getItem(key(account)) ?? 'null') as Record<string, unknown>
    return typeof whole === 'boolean' && typeof words === 'string' && typeof at === 'number' ? { whole, words, at } : null
  } catch {
    return null
  }
}

export function keepRehearsal(account: string, { whole, words, at }: Rehearsed, storage: Storage): void {
  storage.setItem(key(account), JSON.stringify({ whole, words, at }))
}
