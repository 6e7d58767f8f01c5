/** What an audit found on each node, and the last rehearsal, as they are shown. */

import type { AuditReport, Mark, NodeAudit } from 'tauri-plugin-wallet-sync-api'
import type { Tone } from '../parts/badge'
import { MARKS, TEXT } from '../text/en'
import { words } from '../text/format'

const text = TEXT.audit

/** One thing on one node. */
export interface Cell {
  state: 'able' | 'unable' | 'untried'
  said: string
}

/** One node of an audit. */
export interface NodeLine {
  node: string
  state: Cell['state']
  cells: Record<'record' | 'beacon' | 'pin' | 'root' | 'blocks', Cell>
  result: string
}

function cellOf(mark: Mark | null, { whole }: NodeAudit): Cell {
  if (mark === null) return { state: 'untried', said: text.unknown }
  return mark === 'ok' ? { state: 'able', said: MARKS.ok } : wrong(MARKS[mark], whole)
}

/** What was found wrong; where the node is whole now it was put back. */
const wrong = (said: string, isWhole: boolean): Cell => (isWhole ? { state: 'able', said: text.putBack(said) } : { state: 'unable', said })

function blocksOf({ checked, missing, damaged, error, whole }: NodeAudit): Cell {
  if (missing + damaged > 0) return wrong(text.blocksBad(missing, damaged), whole)
  if (error !== null && checked === 0) return { state: 'untried', said: text.unknown }
  return { state: 'able', said: text.blocksOk(checked) }
}

export function nodeLines({ nodes }: AuditReport): NodeLine[] {
  return nodes.map((node) => ({
    node: node.id,
    state: node.error !== null ? 'untried' : node.whole ? 'able' : 'unable',
    cells: {
      record: cellOf(node.record, node),
      beacon: cellOf(node.beacon, node),
      pin: cellOf(node.pin, node),
      root: cellOf(node.root, node),
      blocks: blocksOf(node),
    },
    result: resultOf(node),
  }))
}

function resultOf({ error, whole, repaired }: NodeAudit): string {
  if (error !== null) return text.noAnswer(words(error))
  const mended = repaired > 0 ? `, ${text.mended(repaired)}` : ''
  return `${whole ? text.whole : text.part}${mended}`
}

export function auditVerdict({ safe, wholeMachines, nodes }: AuditReport): { tone: Tone; text: string } {
  return { tone: !safe ? 'bad' : wholeMachines < nodes.length ? 'warn' : 'good', text: text.verdict(wholeMachines, nodes.length) }
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
    const { whole, words: said, at } = JSON.parse(storage.getItem(key(account)) ?? 'null') as Record<string, unknown>
    return typeof whole === 'boolean' && typeof said === 'string' && typeof at === 'number' ? { whole, words: said, at } : null
  } catch {
    return null
  }
}

export function keepRehearsal(account: string, { whole, words: said, at }: Rehearsed, storage: Storage): void {
  storage.setItem(key(account), JSON.stringify({ whole, words: said, at }))
}
