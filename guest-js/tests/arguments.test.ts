import { afterEach, expect, test } from 'vitest'
import * as api from '../index.js'
import { Plugin, reset } from './plugin.js'

afterEach(reset)

const half = '\ud800'
type Any = never

/** Every argument that is text, a number or a choice, of every function, as something that JSON would change on the way. */
const calls: [string, () => Promise<unknown>][] = [
  ['account', () => api.status(half)],
  ['account', () => api.listTokens(half)],
  ['account', () => api.allTokens(half)],
  ['page.after.tokenId', () => api.listTokens('a', { after: { tokenId: half, stateHash: 's' } })],
  ['page.after.stateHash', () => api.listTokens('a', { after: { tokenId: 't', stateHash: half } })],
  ['page.limit', () => api.listTokens('a', { limit: Number.NaN })],
  ['page.limit', () => api.listTokens('a', { limit: Infinity })],
  ['page.limit', () => api.listTokens('a', { limit: 5n as Any })],
  ['page.limit', () => api.allTokens('a', { pageSize: Number.NaN })],
  ['page.limit', () => api.allTokens('a', { pageSize: Infinity })],
  ['query.pages', () => api.allTokens('a', { pages: Number.NaN })],
  ['query.pages', () => api.allTokens('a', { pages: 0 })],
  ['page.limit', () => api.tokenPages('a', { pageSize: Number.NaN }).next()],
  ['page.limit', () => api.listEntries('a', { limit: Infinity })],
  ['range.to', () => api.metricsHistory('a', { to: Infinity })],
  ['range.stepMinutes', () => api.metricsHistory('a', { stepMinutes: Infinity })],
  ['options.deadlineMs', () => api.syncNow('a', { deadlineMs: Infinity })],
  ['withinMs', () => api.flush('a', -Infinity)],
  ['page.all', () => api.listTokens('a', { all: (() => true) as Any })],
  ['query', () => api.listTokens('a', 5 as Any)],
  ['onProgress', () => api.syncNow('a', { onProgress: 5 as Any })],
  ['signal', () => api.syncNow('a', { signal: {} as Any })],
  ['token', () => api.getToken('a', null as Any)],
  ['handler', () => api.onAlert('a', undefined as Any)],
  ['entryKey', () => api.deleteEntry('a', half)],
  ['value.json', () => api.setEntry('a', 'k', { json: undefined })],
  ['opening', () => api.wipe('a', 'a', { opening: Number.NaN })],
  ['account', () => api.getToken(half, 't', 's')],
  ['tokenId', () => api.getToken('a', half, 's')],
  ['stateHash', () => api.getToken('a', 't', half)],
  ['account', () => api.listEntries(half)],
  ['page.prefix', () => api.listEntries('a', { prefix: half })],
  ['page.after', () => api.listEntries('a', { after: half })],
  ['page.prefix', () => api.getEntry('a', half)],
  ['entryKey', () => api.entryVersions('a', half)],
  ['account', () => api.metrics(half)],
  ['account', () => api.metricsHistory(half)],
  ['range.from', () => api.metricsHistory('a', { from: Number.NaN })],
  ['account', () => api.nodeHealth(half)],
  ['account', () => api.cacheStats(half)],
  ['account', () => api.recordSpend(half, 't', 's', 'proof', 'x')],
  ['tokenId', () => api.recordSpend('a', half, 's', 'proof', 'x')],
  ['stateHash', () => api.recordSpend('a', 't', half, 'proof', 'x')],
  ['stateHash', () => api.recordSpend('a', 't', Object('s') as Any, 'proof', 'x')],
  ['tokenId', () => api.recordSpend('a', new Date(0) as Any, 's', 'proof', 'x')],
  ['kind', () => api.recordSpend('a', 't', 's', half as Any, 'x')],
  ['account', () => api.setEntry(half, 'k', 'x')],
  ['entryKey', () => api.setEntry('a', half, 'x')],
  ['entryKey', () => api.setEntry('a', undefined as Any, 'x')],
  ['entryKey', () => api.setEntry('a', { toJSON: () => 'k' } as Any, 'x')],
  ['account', () => api.syncNow(half)],
  ['options.deadlineMs', () => api.syncNow('a', { deadlineMs: Number.NaN })],
  ['options.wait', () => api.syncNow('a', { wait: half as Any })],
  ['account', () => api.flush(half)],
  ['withinMs', () => api.flush('a', Number.NaN)],
  ['account', () => api.invalidateCache(half)],
  ['kind', () => api.invalidateCache('a', half as Any)],
  ['account', () => api.resetMetrics(half)],
  ['format', () => api.exportMetrics('a', half as Any)],
  ['nodeId', () => api.setNodeEnabled('a', half, true)],
  ['nodeId', () => api.checkNode('a', half)],
  ['account', () => api.devices(half)],
  ['account', () => api.retireDevice(half, 0)],
  ['slot', () => api.retireDevice('a', Number.NaN)],
  ['account', () => api.exportBackup(half)],
  ['account', () => api.wipe(half, half)],
  ['confirm', () => api.wipe('a', half)],
  ['account', () => api.subscribe(half, () => undefined)],
]

test.each(calls)('%s is refused by name and nothing is sent', async (field, call) => {
  const plugin = new Plugin()
  const error: unknown = await call().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(api.WalletSyncError)
  expect(error).toMatchObject({ code: 'bad_request', retryable: false })
  expect((error as Error).message.startsWith(`${field}: `), (error as Error).message).toBe(true)
  expect(plugin.calls).toEqual([])
})

test('whole surrogate pairs, and a character that stands for a broken one, are text like any other', async () => {
  const plugin = new Plugin({ set_entry: () => ({ revision: 1 }) })
  await api.setEntry('a', 'schlüssel 😀', 'text \ufffd 😀')
  expect(plugin.calls[0]?.args).toEqual({ account: 'a', entryKey: 'schlüssel 😀', value: { encoding: 'utf8', value: 'text \ufffd 😀' } })
})

test('a spend of a state that is not there says so', async () => {
  new Plugin({ record_spend: ({ tokenId }) => ({ known: tokenId === 't', revision: 2 }) })
  expect(await api.recordSpend('a', 't', 's', 'proof', 'x')).toEqual({ known: true, revision: 2 })
  expect((await api.recordSpend('a', 'T', 's', 'proof', 'x')).known).toBe(false)
})
