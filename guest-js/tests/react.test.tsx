import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TokenRow, WalletEvent, WalletStatus } from '../index.js'
import { useMetrics, useTokens, useWalletStatus, type Tokens } from '../react.js'
import { Plugin, reset, settled, STATUS } from './plugin.js'

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean
}
globalThis.IS_REACT_ACT_ENVIRONMENT = true

let root: Root
let number = 0
let account: string

beforeEach(() => {
  root = createRoot(document.createElement('div'))
  account = `react-${(number += 1)}`
})

afterEach(async () => {
  await act(async () => root.unmount())
  reset()
})

/** Renders a hook; gives what it returned last. */
async function render<T>(hook: () => T): Promise<() => T> {
  let last: T
  function Probe() {
    last = hook()
    return null
  }
  await act(async () => {
    root.render(<Probe />)
    await settled()
  })
  return () => last
}

const send = (plugin: Plugin, ...events: WalletEvent[]): Promise<void> =>
  act(async () => {
    plugin.send(account, ...events)
    await settled()
  })

test('a status is read at once and again when something changed', async () => {
  let status: WalletStatus = STATUS
  const plugin = new Plugin({ status: () => status })
  const reading = await render(() => useWalletStatus(account))
  expect(reading().value?.revision).toBe(7)
  status = { ...STATUS, revision: 8, ack: 'published' }
  await send(plugin, { event: 'publish-changed', account, revision: 8, ack: 'published', verifiedNodes: 1 })
  expect(reading()).toMatchObject({ value: { revision: 8, ack: 'published' }, error: null, loading: false })
  const count = plugin.count('status')
  await send(plugin, { event: 'metrics-updated', account, revision: 8 })
  expect(plugin.count('status')).toBe(count)
})

test('a failed read keeps the last value beside its error', async () => {
  let fails = false
  const plugin = new Plugin({
    status: () => {
      if (fails) throw { code: 'storage_io', message: 'the disk failed', retryable: false }
      return STATUS
    },
  })
  const reading = await render(() => useWalletStatus(account))
  fails = true
  await send(plugin, { event: 'sync-changed', account, revision: 8, running: false, outcome: 'merged', source: 'http-routing' })
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: { code: 'storage_io' } })
})

test('an account that is closed says so, and a refresh after it was opened reads again', async () => {
  const plugin = new Plugin({ status: () => STATUS })
  const reading = await render(() => useWalletStatus(account))
  await send(plugin, { event: 'closed', account, revision: 8 })
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: { code: 'closed' } })
  await act(async () => {
    reading().refresh()
    await settled()
  })
  expect(reading()).toMatchObject({ error: null, loading: false })
})

const row = (n: number): TokenRow => ({
  tokenId: `t${n}`,
  stateHash: 's',
  previous: null,
  summary: null,
  size: 1,
  spend: 'none',
  forked: false,
  ack: 'local',
  hasPayload: true,
})

/** A plugin with a list of `count()` tokens. */
const listing = (count: () => number): Plugin =>
  new Plugin({
    list_tokens: (args) => {
      const { after, limit } = args.page as { after: { tokenId: string } | null; limit: number }
      const from = after === null ? 0 : Number(after.tokenId.slice(1)) + 1
      const tokens = Array.from({ length: Math.min(limit, count() - from) }, (_, at) => row(from + at))
      const last = tokens.at(-1)
      const next = last && from + limit < count() ? { tokenId: last.tokenId, stateHash: 's' } : null
      return { revision: count(), total: count(), tokens, next }
    },
  })

const shown = ({ tokens, hasMore, total }: Tokens) => [tokens.length, hasMore, total]

test('tokens come page by page and stay current', async () => {
  let count = 5
  const plugin = listing(() => count)
  const tokens = await render(() => useTokens(account, { pageSize: 2 }))
  expect(shown(tokens())).toEqual([2, true, 5])
  const more = () =>
    act(async () => {
      tokens().loadMore()
      await settled()
    })
  await more()
  expect(shown(tokens())).toEqual([4, true, 5])
  count = 6
  await send(plugin, { event: 'tokens-changed', account, revision: 6, added: 1, spent: 0 })
  expect(shown(tokens())).toEqual([4, true, 6])
  await more()
  expect(shown(tokens())).toEqual([6, false, 6])
  await more()
  expect(shown(tokens())).toEqual([6, false, 6])
})

test('measurements follow their event', async () => {
  let at = 1
  const plugin = new Plugin({ metrics: () => ({ at }) })
  const reading = await render(() => useMetrics(account))
  expect(reading().value?.at).toBe(1)
  at = 2
  await send(plugin, { event: 'metrics-updated', account, revision: 1 })
  expect(reading().value?.at).toBe(2)
})
