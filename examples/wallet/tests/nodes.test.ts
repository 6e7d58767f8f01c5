import { describe, expect, it } from 'vitest'
import type { NodeFinding } from 'tauri-plugin-wallet-sync-api'
import { linesOf, verdictOf } from '../src/nodes/abilities'
import { checkOf } from '../src/mock/figures'

const DEAD: NodeFinding[] = [
  { ability: 'connection', ok: false, said: 'no connection', code: 'unreachable', change: 'switch it on' },
]
const READ_ONLY: NodeFinding[] = [{ ability: 'connection', ok: true, said: 'read-only', code: null, change: null }]

describe('check of a node', () => {
  it('has a line for every ability, those that were not tried too', () => {
    const lines = linesOf(DEAD)
    expect(lines.map(({ state }) => state)).toEqual(['unable', ...Array<string>(8).fill('untried')])
    expect(lines[0]).toMatchObject({ title: 'Connection', said: 'no connection', change: 'switch it on' })
    expect(lines[7]).toMatchObject({ title: 'Large uploads', said: 'not tried', change: null })
  })

  it('says of a failure what to change, in the order of the checks', () => {
    const lines = linesOf([...checkOf(true)].reverse())
    expect(lines.map(({ ability }) => ability)).toEqual(checkOf(true).map(({ ability }) => ability))
    expect(lines.filter(({ state }) => state === 'unable')).toMatchObject([{ ability: 'bodies', change: expect.stringContaining('nginx') as string }])
  })

  it('sums up, and calls no node good that was not checked', () => {
    expect(verdictOf(checkOf(true))).toEqual({ tone: 'bad', text: 'One thing to change' })
    expect(verdictOf(checkOf(true).filter(({ ok }) => ok))).toEqual({ tone: 'good', text: 'Nothing to change' })
    expect(verdictOf([...DEAD, ...DEAD])).toEqual({ tone: 'bad', text: '2 things to change' })
    expect(verdictOf(READ_ONLY)).toEqual({ tone: 'neutral', text: 'Not checked further' })
  })
})
