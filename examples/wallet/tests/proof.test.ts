import { describe, expect, it } from 'vitest'
import type { AuditReport, NodeAudit } from 'tauri-plugin-wallet-sync-api'
import { auditVerdict, keepRehearsal, lastRehearsal, nodeLines } from '../src/nodes/proof'

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
    expect(lines.map(({ said }) => said)).toEqual([
      'holds everything: 18 blocks read and checked',
      'pin missing, 1 block missing, 2 blocks damaged',
      'pin missing, 1 block missing, 2 blocks damaged; 4 put back',
      'not looked at, or not all of it: unreachable',
    ])
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
