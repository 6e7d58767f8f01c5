import { describe, expect, it } from 'vitest'
import type { NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { changesOf } from '../src/nodes/abilities'
import { degradedOf } from '../src/wallet/marks'
import { safetyOf } from '../src/wallet/safety'
import { TEXT } from '../src/text/en'

const ALL = { on: 5, of: 5 }
const node = (id: string, change: Partial<NodeStatus> = {}): NodeStatus => ({
  id, enabled: true, writable: true, state: 'up', p50Ms: 1, p95Ms: 1, successRate: 1, lastError: null, ...change,
})

describe('how safe a wallet is', () => {
  it('is good only when every token is proven', () => {
    expect(safetyOf({ local: 0, published: 0, verified: 9 }, ALL)).toEqual({ tone: 'good', words: 'Everything is proven on 5 of 5 nodes' })
    expect(safetyOf({ local: 0, published: 1, verified: 8 }, ALL)).toEqual({ tone: 'warn', words: '1 of 9 tokens is not proven yet' })
  })

  it('names first what is on this device alone', () => {
    expect(safetyOf({ local: 2, published: 1, verified: 8 }, ALL)).toEqual({ tone: 'warn', words: '2 tokens on this device only' })
    expect(safetyOf({ local: 2, published: 0, verified: 0 }, { on: 0, of: 0 }).tone).toBe('bad')
  })

  it('claims nothing of an empty wallet', () => expect(safetyOf({ local: 0, published: 0, verified: 0 }, ALL).tone).toBe('neutral'))

  it('is told as a level: on this device, on a node, proven on n of m', () => {
    expect([TEXT.levels.title('local', 0, 5), TEXT.levels.title('published', 0, 5), TEXT.levels.title('verified', 3, 5)]).toEqual([
      'On this device', 'On a node', 'Proven on 3 of 5',
    ])
  })
})

describe('nodes that fail', () => {
  it('are named while others do', () => {
    expect(degradedOf([node('a'), node('b', { state: 'down' }), node('c', { state: 'failing' })])).toContain('2 of 3 nodes fail: b, c.')
  })

  it('are no warning where all are well, all are gone, or the user took them out', () => {
    expect(degradedOf(null)).toBeNull()
    expect(degradedOf([node('a')])).toBeNull()
    expect(degradedOf([node('a', { state: 'down' })])).toBeNull()
    expect(degradedOf([node('a'), node('b', { state: 'down', enabled: false })])).toBeNull()
  })
})

describe('what to change on a node', () => {
  it('is what its check says, else what its last failure hints at, and nothing where it is well', () => {
    const down = node('a', { state: 'down', lastError: 'storage_full' })
    expect(changesOf(down, null)).toEqual(['Its disk is full.'])
    expect(changesOf(down, [{ ability: 'pins', ok: false, said: 'no', code: 'denied', change: 'let pins pass' }])).toEqual(['let pins pass'])
    const pointer = 'see docs/troubleshooting.md'
    expect(changesOf(down, [{ ability: 'connection', ok: false, said: 'no', code: 'storage_full', change: pointer }])).toEqual(['Its disk is full.', pointer])
    expect(changesOf(node('a', { lastError: 'storage_full' }), null)).toEqual([])
  })
})
