import { describe, expect, it } from 'vitest'
import type { NodeStatus, WalletEvent, WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { added, lineOf, nodeLines, type Happening } from '../src/activity/happening'

const event = (change: Record<string, unknown>) => ({ account: 'a', revision: 1, ...change }) as unknown as WalletEvent
const STATUS = { nodes: 5 } as WalletStatus
const node = (change: Partial<NodeStatus>): NodeStatus => ({
  id: 'node-1', enabled: true, writable: true, state: 'up', p50Ms: 1, p95Ms: 1, successRate: 1, lastError: null, ...change,
})

describe('the activity', () => {
  it.each([
    [{ event: 'tokens-changed', added: 3, spent: 1 }, 'tokens', '3 tokens added, 1 token spent'],
    [{ event: 'tokens-changed', added: 0, spent: 0 }, 'tokens', 'Labels or settings changed'],
    [
      { event: 'tokens-changed', added: 1, spent: 0, origin: { slot: 2, label: 'Phone', by: 'push' }, lagMs: 184 },
      'tokens',
      '1 token added by Phone, live (after 184 ms)',
    ],
    [{ event: 'tokens-changed', added: 0, spent: 1, origin: { slot: 2, label: null, by: 'poll' }, lagMs: null }, 'tokens', '1 token spent by another device (slot 2)'],
    [{ event: 'publish-changed', ack: 'verified', verifiedNodes: 4 }, 'backup', 'Proven on 4 of 5 nodes'],
    [{ event: 'publish-changed', ack: 'published', verifiedNodes: 0 }, 'backup', 'On a node, not proven yet'],
    [{ event: 'sync-changed', running: false, outcome: 'offline', source: 'none' }, 'backup', 'Sync ended: no node answered'],
    [{ event: 'sync-changed', running: false, outcome: 'merged', source: 'http-routing' }, 'backup', 'Sync ended: new content came (HTTP routing)'],
    [{ event: 'alert', kind: 'clock', message: 'a clock is off' }, 'alerts', 'a clock is off'],
    [{ event: 'lagged', missed: 2 }, 'alerts', '2 events missed; everything was read again'],
  ])('says %j', (change, kind, text) => expect(lineOf(event(change), STATUS)).toMatchObject({ kind, text }))

  it('says nothing of what says nothing', () => {
    for (const change of [{ event: 'metrics-updated' }, { event: 'sync-changed', running: true, outcome: null, source: null }]) {
      expect(lineOf(event(change), STATUS)).toBeNull()
    }
  })

  it('has the newest first, each with an id of its own, and not for ever', () => {
    let lines: readonly Happening[] = []
    for (let at = 0; at < 400; at += 1) lines = added(lines, { kind: 'tokens', tone: 'neutral', text: String(at) }, at)
    expect(lines).toHaveLength(300)
    expect(lines[0]?.text).toBe('399')
    expect(new Set(lines.map(({ id }) => id)).size).toBe(300)
    expect(added(lines, null, 0)).toBe(lines)
  })

  it('tells which node became worse or better, and why', () => {
    expect(nodeLines(null, [node({ state: 'down' })])).toEqual([])
    expect(nodeLines([node({})], [node({})])).toEqual([])
    const down = node({ state: 'down', lastError: 'hash_mismatch' })
    expect(nodeLines([node({})], [down])).toMatchObject([{ tone: 'bad', text: 'node-1: down, hash mismatch' }])
    expect(nodeLines([down], [{ ...down, state: 'up' }])).toMatchObject([{ tone: 'good', text: 'node-1: up' }])
    expect(nodeLines([node({})], [node({ enabled: false })])).toMatchObject([{ text: 'node-1: out of use' }])
  })
})
