import { describe, expect, it } from 'vitest'
import type { AuditReport, NodeAudit } from 'tauri-plugin-wallet-sync-api'
import { auditVerdict, keepRehearsal, lastRehearsal, nodeLines } from '../src/audit/proof'

const WHOLE: NodeAudit = { id: 'a', record: 'ok', beacon: 'ok', pin: 'ok', root: 'ok', checked: 18, missing: 0, damaged: 0, repaired: 0, whole: true, error: null }
const EMPTIED: NodeAudit = { ...WHOLE, id: 'b', pin: 'missing', missing: 1, damaged: 2, whole: false }
const AWAY: NodeAudit = { ...WHOLE, id: 'c', record: null, beacon: null, pin: null, root: null, checked: 0, whole: false, error: 'unreachable' }
const report = (nodes: NodeAudit[], safe: boolean): AuditReport => ({ safe, wholeMachines: nodes.filter(({ whole }) => whole).length, needed: 2, unpublished: 0, nodes })

/** A storage in memory. */
function storage(): Storage {
  const kept = new Map<string, string>()
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) } as Storage
}

describe('an audit', () => {
  it('says of each node what it holds and what it lacks', () => {
    const lines = nodeLines(report([WHOLE, EMPTIED, { ...EMPTIED, repaired: 4, whole: true }, AWAY], false))
    expect(lines.map(({ state }) => state)).toEqual(['able', 'unable', 'able', 'untried'])
    expect(lines.map(({ result }) => result)).toEqual(['Everything', 'Not everything', 'Everything, 4 put back', 'Not looked at, or not all of it: unreachable'])
    expect(lines.map(({ cells }) => [cells.pin.said, cells.blocks.said])).toEqual([
      ['there', '18 checked'],
      ['missing', '1 missing, 2 damaged'],
      ['missing, put back', '1 missing, 2 damaged, put back'],
      ['unknown', 'unknown'],
    ])
  })

  it('marks as wrong what is wrong now, and not what was put back or not looked at', () => {
    const [whole, emptied, mended, away] = nodeLines(report([WHOLE, EMPTIED, { ...EMPTIED, repaired: 4, whole: true }, AWAY], false))
    const states = (line: typeof whole): string[] => [line?.cells.record.state, line?.cells.pin.state, line?.cells.blocks.state].map(String)
    expect(states(whole)).toEqual(['able', 'able', 'able'])
    expect(states(emptied)).toEqual(['able', 'unable', 'unable'])
    expect(states(mended)).toEqual(['able', 'able', 'able'])
    expect(states(away)).toEqual(['untried', 'untried', 'untried'])
  })

  it('is good only when every node is whole, and bad when too few are', () => {
    expect(auditVerdict(report([WHOLE, WHOLE], true))).toEqual({ tone: 'good', text: '2 of 2 nodes hold everything' })
    expect(auditVerdict(report([WHOLE, WHOLE, EMPTIED], true)).tone).toBe('warn')
    expect(auditVerdict(report([WHOLE, EMPTIED, AWAY], false))).toEqual({ tone: 'bad', text: '1 of 3 nodes hold everything' })
  })
})

describe('the last rehearsal', () => {
  it('is shown again by the next run of the app, for its own account', () => {
    const kept = storage()
    expect(lastRehearsal('a', kept)).toBeNull()
    keepRehearsal('a', { whole: true, words: 'all of it', at: 7 }, kept)
    expect(lastRehearsal('a', kept)).toEqual({ whole: true, words: 'all of it', at: 7 })
    expect(lastRehearsal('b', kept)).toBeNull()
  })

  it('is none where something else is stored', () => {
    const kept = storage()
    for (const text of ['{', '[]', '{"whole":"yes","words":"","at":1}']) {
      kept.setItem('rehearsed:a', text)
      expect(lastRehearsal('a', kept)).toBeNull()
    }
  })
})
