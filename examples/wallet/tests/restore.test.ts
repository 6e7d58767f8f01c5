import { describe, expect, it } from 'vitest'
import { WalletSyncError, type NodeReport, type SyncReport, type WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { foundOf } from '../src/restore/found'

const node = (outcome: NodeReport['outcome']): NodeReport => ({ id: 'n', outcome, ms: 1, error: null })
const report = (tokens: number, change: Partial<SyncReport> = {}): SyncReport => ({
  revision: 1, source: 'http-routing', outcome: 'merged', listMs: 1, elapsedMs: 1, missingPayloads: 0, ack: 'none', verifiedNodes: 0,
  tokens: { total: tokens, unspent: tokens, suspect: 0 }, added: tokens, spent: 0, names: [], requests: 1, bytesIn: 1, bytesOut: 1,
  nodes: [node('found'), node('found')], warnings: [], ...change,
})
const status = (unread: number[]) => ({ unread }) as unknown as WalletStatus
const NOTHING: Partial<SyncReport> = { outcome: 'up_to_date', nodes: [node('absent'), node('absent')] }

describe('what a restore found', () => {
  it('is counted', () => {
    expect(foundOf('nodes', report(3), null, status([]))).toEqual({ tone: 'good', title: '3 tokens found', notes: [] })
  })

  it('is never called whole while something is missing', () => {
    const missing = foundOf('nodes', report(3, { missingPayloads: 2 }), null, status([]))
    expect(missing.notes).toEqual([expect.stringContaining('2 payloads')])
    expect(foundOf('nodes', report(3), null, status([4]))).toMatchObject({ tone: 'warn', title: 'Not everything came yet' })
    expect(foundOf('nodes', report(3, { outcome: 'partial' }), null, status([])).tone).toBe('warn')
    expect(foundOf('nodes', report(0), null, status([4])).title).toBe('Not everything came yet')
  })

  it('that is nothing is said with what it can mean, and is no success for who expected a wallet', () => {
    const found = foundOf('nodes', report(0, NOTHING), null, status([]))
    expect(found).toMatchObject({ tone: 'warn', title: 'Nothing was found' })
    expect(found.notes.join(' ')).toContain('its secret, its network or its list of nodes is another one')
  })

  it('is a new wallet only where every node was heard', () => {
    expect(foundOf('fresh', report(0, NOTHING), null, status([])).tone).toBe('good')
    const silent = { ...NOTHING, nodes: [node('absent'), node('unreachable')] }
    const found = foundOf('fresh', report(0, silent), null, status([]))
    expect(found).toMatchObject({ tone: 'warn', title: 'Nothing was found' })
    expect(found.notes.join(' ')).toContain('1 of 2 nodes did not answer')
    expect(foundOf('fresh', report(0, { ...NOTHING, warnings: ['degraded: nothing was found, but not all answered'] }), null, status([])).tone).toBe('warn')
  })

  it('of a wallet that was called new and is not, is said', () => {
    expect(foundOf('fresh', report(2), null, status([]))).toMatchObject({ tone: 'warn', title: 'This wallet is not new: 2 tokens came from the nodes' })
  })

  it('is unknown where nobody answered', () => {
    const silence = new WalletSyncError('unreachable', 'no source could be reached', true)
    for (const found of [foundOf('nodes', null, silence, null), foundOf('fresh', report(0, { outcome: 'offline' }), null, null)]) {
      expect(found.tone).toBe('bad')
      expect(found.notes.join(' ')).toContain('nothing can be said of what they hold')
    }
    const other = new WalletSyncError('wrong_wallet', 'the data belong to another wallet', false)
    expect(foundOf('nodes', null, other, null).notes).toEqual(['the data belong to another wallet'])
  })
})
