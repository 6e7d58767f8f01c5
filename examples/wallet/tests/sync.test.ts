import { describe, expect, it } from 'vitest'
import { WalletSyncError, type Progress, type WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { cloudOf } from '../src/sync/cloud'
import { compareDevices } from '../src/sync/compare'
import { advance, NO_STEPS, type Steps } from '../src/sync/steps'
import { row } from './rows'

const NOW = 1_000_000
const STATUS: WalletStatus = {
  account: 'a',
  opening: 1,
  revision: 1,
  tokens: { total: 1, unspent: 1, suspect: 0 },
  pending: 0,
  ack: 'verified',
  lastSync: { at: NOW - 12_000, source: 'http-routing', outcome: 'up_to_date' },
  syncing: false,
  slot: 0,
  highWater: [],
  nodes: 5,
  verifiedNodes: 4,
  missingPayloads: 0,
  unread: [],
  leftOut: [],
  moved: false,
}
const KNOWN = { isOpen: true, status: STATUS, isAsked: false, failure: null, outcome: null }
const failure = (code: 'unreachable' | 'storage_full') => new WalletSyncError(code, 'it failed', true)

describe('cloud button', () => {
  it('says synced with source, age and nodes', () => {
    expect(cloudOf(KNOWN, NOW)).toEqual({
      kind: 'synced',
      title: 'Synced',
      detail: 'Proven on 4 of 5 nodes. Last answer 12 s ago, HTTP routing.',
    })
  })

  it('counts what is pending', () => {
    const cloud = cloudOf({ ...KNOWN, status: { ...STATUS, pending: 1, ack: 'local' } }, NOW)
    expect(cloud).toMatchObject({ kind: 'pending', title: '1 change pending' })
  })

  it('says offline when nobody answered, and what is still kept', () => {
    const cloud = cloudOf({ ...KNOWN, failure: failure('unreachable'), status: { ...STATUS, pending: 3 } }, NOW)
    expect(cloud.kind).toBe('offline')
    expect(cloud.detail).toContain('3 changes not proven yet')
    expect(cloudOf({ ...KNOWN, outcome: 'offline' }, NOW).kind).toBe('offline')
  })

  it('says error with its reason for anything else', () => {
    const cloud = cloudOf({ ...KNOWN, failure: failure('storage_full') }, NOW)
    expect(cloud).toMatchObject({ kind: 'error', title: 'Sync failed' })
    expect(cloud.detail).toContain('Storage full: it failed')
  })

  it('says syncing whoever started it, even after a failure', () => {
    expect(cloudOf({ ...KNOWN, isAsked: true, failure: failure('unreachable') }, NOW).kind).toBe('syncing')
    expect(cloudOf({ ...KNOWN, status: { ...STATUS, syncing: true } }, NOW).kind).toBe('syncing')
  })

  it.each([
    ['closed', { isOpen: false }],
    ['starting', { status: null }],
    ['new', { status: { ...STATUS, lastSync: null } }],
    ['read-only', { outcome: 'read_only' }],
    ['offline', { status: { ...STATUS, nodes: 0 } }],
  ] as const)('says %s', (kind, change) => expect(cloudOf({ ...KNOWN, ...change }, NOW).kind).toBe(kind))

  it('never says synced of what is only published', () => {
    expect(cloudOf({ ...KNOWN, status: { ...STATUS, ack: 'published', pending: 2 } }, NOW).kind).toBe('pending')
  })
})

describe('steps of a sync', () => {
  const after = (...news: (Progress | { step: 'asked' } | { step: 'failed' })[]): Steps => news.reduce(advance, NO_STEPS)
  const END = { step: 'ended', missing: 0, verified: 0, nodes: 5 } as const
  const states = (steps: Steps): string[] => steps.map(({ state }) => state)

  it('begin with all waiting', () => expect(states(after({ step: 'asked' }))).toEqual(['waiting', 'waiting', 'waiting', 'waiting']))

  it('are done one after the other, with their numbers', () => {
    const steps = after({ step: 'asked' }, { step: 'reading', names: 4 }, { step: 'listed', added: 2 }, { step: 'fetching', done: 1, total: 4 })
    expect(states(steps)).toEqual(['done', 'done', 'active', 'waiting'])
    expect(steps[2]).toMatchObject({ detail: '1 of 4', share: 0.25 })
  })

  it('that never came are called not needed', () => {
    const steps = after({ step: 'asked' }, { step: 'reading', names: 1 }, { step: 'finished' })
    expect(states(steps)).toEqual(['done', 'skipped', 'skipped', 'skipped'])
  })

  it('end with what is really here, not with the last count on the way', () => {
    const under = after({ step: 'asked' }, { step: 'fetching', done: 0, total: 9 })
    expect(advance(under, { ...END, missing: 0 })[2]).toMatchObject({ state: 'done', detail: 'all here' })
    expect(advance(under, { ...END, missing: 2 })[2]).toMatchObject({ detail: '2 still missing' })
    expect(states(advance(under, { ...END, missing: 0 }))).toEqual(['skipped', 'skipped', 'done', 'skipped'])
  })

  it('say at the end how many nodes are proven, and of none that it goes on', () => {
    const under = after({ step: 'asked' }, { step: 'publishing', verified: 0, nodes: 5 })
    expect(advance(under, { ...END, verified: 4 })[3]).toMatchObject({ state: 'done', detail: 'proven on 4 of 5 nodes' })
    expect(advance(under, END)[3]).toMatchObject({ state: 'done', detail: 'goes on by itself' })
  })

  it('show where it failed', () => {
    const steps = after({ step: 'asked' }, { step: 'reading', names: 1 }, { step: 'failed' })
    expect(states(steps)).toEqual(['failed', 'skipped', 'skipped', 'skipped'])
  })

  it('take a late message after the end without going back', () => {
    const ended = after({ step: 'asked' }, { step: 'publishing', verified: 5, nodes: 5 }, { step: 'finished' })
    expect(states(advance(ended, { step: 'finished' }))).toEqual(states(ended))
  })
})

describe('two devices', () => {
  it('are the same whatever the order and the level', () => {
    const [one, other] = [row({ tokenId: 'a' }), row({ tokenId: 'b', ack: 'local' })]
    expect(compareDevices([one, other], [{ ...other, ack: 'verified' }, one]).isSame).toBe(true)
    expect(compareDevices([], []).isSame).toBe(true)
  })

  it('differ by what only one has', () => {
    const found = compareDevices([row({ tokenId: 'a' }), row({ tokenId: 'b' })], [row({ tokenId: 'b', stateHash: 'x' })])
    expect(found).toEqual({ isSame: false, onlyFirst: 2, onlySecond: 1, differing: 0 })
  })

  it('differ by a spend that only one has seen', () => {
    expect(compareDevices([row()], [row({ spend: 'proof' })])).toMatchObject({ isSame: false, differing: 1 })
  })
})
