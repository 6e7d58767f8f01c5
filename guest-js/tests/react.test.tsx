import { act, StrictMode, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { WalletEvent, WalletStatus } from '../index.js'
import { useEntry, useMetrics, useTokens, useWalletStatus, type Tokens } from '../react.js'
import { Listing, row } from './listing.js'
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
  vi.useRealTimers()
  reset()
})

const during = (work: () => void = () => undefined): Promise<void> =>
  act(async () => {
    work()
    await settled()
  })

/** Renders a hook; gives what it returned last, and every return. */
async function render<T>(hook: () => T, around: (probe: ReactNode) => ReactNode = (probe) => probe) {
  const all: T[] = []
  function Probe() {
    all.push(hook())
    return null
  }
  await during(() => root.render(around(<Probe />)))
  return Object.assign(() => all.at(-1) as T, { all })
}

const send = (plugin: Plugin, ...events: WalletEvent[]): Promise<void> => during(() => plugin.send(account, ...events))

const published = (): WalletEvent => ({ event: 'publish-changed', account, revision: 8, ack: 'published', verifiedNodes: 1 })
const tokensChanged = (): WalletEvent => ({ event: 'tokens-changed', account, revision: 8, added: 1, spent: 0 })
const closed = (): WalletEvent => ({ event: 'closed', account, revision: 8 })
const opened = (opening = 2): WalletEvent => ({ event: 'opened', account, revision: 0, opening })

test('the first render says that there is nothing yet and that it is being read', async () => {
  new Plugin({ status: () => STATUS })
  const reading = await render(() => useWalletStatus(account))
  expect(reading.all[0]).toMatchObject({ value: null, error: null, isPending: true, isFetching: true })
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: null, isPending: false, isFetching: false })
})

test('a status is read at once and again when something changed', async () => {
  let status: WalletStatus = STATUS
  const plugin = new Plugin({ status: () => status })
  const reading = await render(() => useWalletStatus(account))
  status = { ...STATUS, revision: 8, ack: 'published' }
  await send(plugin, published())
  expect(reading()).toMatchObject({ value: { revision: 8, ack: 'published' }, error: null, isFetching: false })
  expect(reading.all.some(({ value, isFetching }) => value?.revision === 7 && isFetching)).toBe(true)
  const count = plugin.count('status')
  await send(plugin, { event: 'metrics-updated', account, revision: 8 })
  expect(plugin.count('status')).toBe(count)
})

test('another account begins with nothing', async () => {
  new Plugin({ status: ({ account }) => ({ ...STATUS, account }) })
  let name = account
  const reading = await render(() => useWalletStatus(name))
  const before = reading.all.length
  name = `${account}-other`
  await during(() => root.render(<Elsewhere />))
  expect(others[0]).toMatchObject({ value: null, isPending: true, isFetching: true })
  expect(others.at(-1)).toMatchObject({ value: { account: name }, isPending: false })
  expect(reading.all.length).toBe(before)
  function Elsewhere() {
    others.push(useWalletStatus(name))
    return null
  }
})
const others: unknown[] = []

test('a hook that is not enabled reads nothing, and begins when it is', async () => {
  const plugin = new Plugin({ status: () => STATUS })
  let enabled = false
  function Probe() {
    last = useWalletStatus(account, { enabled })
    return null
  }
  let last: unknown
  await during(() => root.render(<Probe />))
  expect(last).toMatchObject({ value: null, isPending: true, isFetching: false })
  expect(plugin.calls).toEqual([])
  enabled = true
  await during(() => root.render(<Probe />))
  expect(last).toMatchObject({ value: { revision: 7 }, isPending: false })
})

test('fifty hooks that show the same cause one read per event', async () => {
  const listing = new Listing(10)
  const { plugin } = listing
  Object.assign(plugin.answers, { status: () => STATUS, metrics: () => ({ at: 1 }) })
  function Probe() {
    useWalletStatus(account)
    useMetrics(account)
    useTokens(account)
    return null
  }
  await during(() => root.render(Array.from({ length: 50 }, (_, key) => <Probe key={key} />)))
  const reads = () => ['status', 'metrics', 'list_tokens', 'token_changes', 'subscribe'].map((one) => plugin.count(one))
  expect(reads()).toEqual([1, 1, 1, 0, 1])
  await send(plugin, tokensChanged(), published(), { event: 'metrics-updated', account, revision: 8 })
  // Two events in one message: one read while the other comes, and one after.
  expect(reads()[0]).toBeLessThanOrEqual(3)
  const before = reads()
  await send(plugin, tokensChanged())
  expect(reads().map((count, at) => count - (before[at] ?? 0))).toEqual([1, 0, 0, 1, 0])
})

test('a failed read keeps the last value beside its error, and is tried again', async () => {
  let fails = false
  const plugin = new Plugin({
    status: () => {
      if (fails) throw { code: 'storage_io', message: 'the disk failed', retryable: false }
      return STATUS
    },
  })
  const reading = await render(() => useWalletStatus(account))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  fails = true
  await act(async () => {
    plugin.send(account, published())
    await vi.advanceTimersByTimeAsync(0)
  })
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: { code: 'storage_io' }, isFetching: false })
  fails = false
  await act(() => vi.advanceTimersByTimeAsync(1_000))
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: null })
})

test('what another call would not change is not tried again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const plugin = new Plugin()
  let error: unknown
  function Probe() {
    error = useWalletStatus(account).error
    return null
  }
  await act(async () => {
    root.render(<Probe />)
    await vi.advanceTimersByTimeAsync(60_000)
  })
  expect(error).toMatchObject({ code: 'not_allowed' })
  expect(plugin.count('status')).toBe(1)
})

test('a read that never settles holds up neither a refresh nor, for long, anything else', async () => {
  let hangs = true
  const plugin = new Plugin({ status: () => (hangs ? new Promise(() => undefined) : STATUS) })
  const reading = await render(() => useWalletStatus(account))
  expect(reading()).toMatchObject({ value: null, isFetching: true })
  hangs = false
  await during(() => reading().refresh())
  expect(reading()).toMatchObject({ value: { revision: 7 }, isFetching: false })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  hangs = true
  await act(async () => {
    plugin.send(account, published())
    await vi.advanceTimersByTimeAsync(10_000)
  })
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: { code: 'deadline' } })
  hangs = false
  await act(() => vi.advanceTimersByTimeAsync(1_000))
  expect(reading()).toMatchObject({ error: null, isFetching: false })
})

test('an account that is closed says so, and comes back by itself when it is opened', async () => {
  let status: WalletStatus = STATUS
  const plugin = new Plugin({ status: () => status })
  const reading = await render(() => useWalletStatus(account))
  await send(plugin, closed())
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: { code: 'closed' }, isFetching: false })
  status = { ...STATUS, opening: 2, revision: 1 }
  await send(plugin, opened())
  expect(reading()).toMatchObject({ value: { revision: 1 }, error: null, isFetching: false })
})

test('while a large account is being opened a hook shows how it was closed', async () => {
  let status: WalletStatus | null = null
  const plugin = new Plugin({
    status: () => {
      if (status === null) throw { code: 'closed', message: 'the account is not open', retryable: false }
      return status
    },
  })
  plugin.opening = null
  const reading = await render(() => useWalletStatus(account))
  expect(reading()).toMatchObject({ value: null, error: { code: 'closed' } })
  status = { ...STATUS, opening: 0, revision: 0 }
  await send(plugin, { event: 'opening', account, revision: 0 })
  expect(reading()).toMatchObject({ value: { opening: 0 }, error: null })
  status = { ...STATUS, opening: 1, revision: 3 }
  await send(plugin, opened(1))
  expect(reading()).toMatchObject({ value: { opening: 1, revision: 3 }, error: null })
})

test('a hook may be mounted before its account is opened', async () => {
  let isOpen = false
  const plugin = new Plugin({
    status: () => {
      if (!isOpen) throw { code: 'closed', message: 'the account is not open', retryable: false }
      return STATUS
    },
  })
  plugin.opening = null
  const reading = await render(() => useWalletStatus(account))
  expect(reading()).toMatchObject({ value: null, error: { code: 'closed' }, isPending: false })
  isOpen = true
  await send(plugin, opened(1))
  expect(reading()).toMatchObject({ value: { revision: 7 }, error: null })
})

const shown = ({ tokens, hasMore, total }: Tokens) => [tokens.length, hasMore, total]

test('tokens come page by page and stay current', async () => {
  const listing = new Listing(5)
  const tokens = await render(() => useTokens(account, { pageSize: 2 }))
  expect(tokens.all[0]).toMatchObject({ tokens: [], isPending: true, isFetching: true })
  expect(shown(tokens())).toEqual([2, true, 5])
  const more = () => during(() => tokens().loadMore())
  await more()
  expect(shown(tokens())).toEqual([4, true, 5])
  expect(tokens.all.some(({ isFetchingMore }) => isFetchingMore)).toBe(true)
  listing.put(row(9))
  await send(listing.plugin, tokensChanged())
  expect(shown(tokens())).toEqual([4, true, 6])
  await more()
  expect(shown(tokens())).toEqual([6, false, 6])
  await more()
  expect(shown(tokens())).toEqual([6, false, 6])
})

test('asking for more five times quickly loads one page', async () => {
  const { plugin } = new Listing(100)
  const tokens = await render(() => useTokens(account, { pageSize: 10 }))
  await during(() => {
    for (let at = 0; at < 5; at += 1) tokens().loadMore()
  })
  expect(tokens().tokens.length).toBe(20)
  expect(plugin.count('list_tokens')).toBe(2)
})

test('scrolling through ten thousand tokens costs a call a page, and an event two at most', async () => {
  const listing = new Listing(10_000)
  const tokens = await render(() => useTokens(account))
  while (tokens().hasMore) await during(() => tokens().loadMore())
  expect(tokens().tokens).toEqual(listing.sorted)
  expect(listing.plugin.calls.length).toBeLessThanOrEqual(120)
  for (const change of [
    () => listing.put(row(20_000)),
    () => listing.put(row(17, { spend: 'intent' })),
    () => listing.remove(4_000),
    () => Object.assign(listing, { others: 'published' }),
  ]) {
    const before = listing.plugin.calls.length
    change()
    await send(listing.plugin, tokensChanged())
    expect(tokens().tokens).toEqual(listing.sorted.slice(0, tokens().tokens.length))
    expect(tokens().tokens.length).toBeGreaterThanOrEqual(9_999)
    expect(listing.plugin.calls.length - before).toBeLessThanOrEqual(2)
  }
})

test('rows of another device rise and fall with its level without being read', async () => {
  const listing = new Listing()
  listing.put(row(1, { own: false, ack: 'verified' }))
  listing.put(row(2, { own: true, ack: 'local' }))
  const tokens = await render(() => useTokens(account))
  listing.others = 'published'
  await send(listing.plugin, published())
  expect(tokens().tokens.map(({ ack }) => ack)).toEqual(['published', 'local'])
})

test('where a row is gone from a page the next one takes its place', async () => {
  const listing = new Listing(5)
  const tokens = await render(() => useTokens(account, { pageSize: 2 }))
  listing.remove(0)
  await send(listing.plugin, tokensChanged())
  expect(tokens().tokens.map(({ tokenId }) => tokenId)).toEqual([row(1).tokenId, row(2).tokenId])
})

test('where it is not known what changed, the rows that are shown are read again', async () => {
  const listing = new Listing(30)
  const tokens = await render(() => useTokens(account, { pageSize: 10 }))
  await during(() => tokens().loadMore())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  listing.remembers = false
  listing.put(row(3, { summary: 'new' }))
  await act(async () => {
    listing.plugin.send(account, tokensChanged())
    await vi.advanceTimersByTimeAsync(1_000)
  })
  expect(tokens().tokens).toEqual(listing.sorted.slice(0, 20))
})

test('a list that changes faster than it can be read says so, keeps what it had, and is tried again', async () => {
  const listing = new Listing(2_500)
  const tokens = await render(() => useTokens(account, { pageSize: 1_000 }))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  listing.remembers = false
  listing.afterPage = () => (listing.revision += 1)
  listing.afterPage()
  await act(async () => {
    tokens().loadMore()
    await vi.advanceTimersByTimeAsync(9_000)
  })
  expect(tokens()).toMatchObject({ error: { code: 'deadline' } })
  expect(tokens().tokens.length).toBe(1_000)
  listing.afterPage = () => undefined
  await act(() => vi.advanceTimersByTimeAsync(31_000))
  expect(tokens()).toMatchObject({ error: null, isFetching: false })
  expect(tokens().tokens).toEqual(listing.sorted.slice(0, 2_000))
})

test('an account that was opened anew is another list', async () => {
  const listing = new Listing(3)
  const tokens = await render(() => useTokens(account))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  Object.assign(listing, { opening: 2, revision: 0 })
  listing.rows.clear()
  listing.put(row(8))
  await act(async () => {
    listing.plugin.send(account, closed(), opened())
    await vi.advanceTimersByTimeAsync(1_000)
  })
  expect(tokens().tokens.map(({ tokenId }) => tokenId)).toEqual([row(8).tokenId])
})

test('two views of one list each show what they asked for', async () => {
  const { plugin } = new Listing(10)
  const views: Tokens[] = []
  function Probe({ at, pageSize }: { at: number; pageSize: number }) {
    views[at] = useTokens(account, { pageSize })
    return null
  }
  await during(() => root.render([<Probe key="a" at={0} pageSize={2} />, <Probe key="b" at={1} pageSize={5} />]))
  expect(views.map(({ tokens }) => tokens.length)).toEqual([2, 5])
  await during(() => views[0]?.loadMore())
  expect(views.map(({ tokens }) => tokens.length)).toEqual([4, 5])
  expect(plugin.count('list_tokens')).toBeLessThanOrEqual(2)
})

test('states that may be spent are kept apart from the others', async () => {
  const listing = new Listing(3)
  const tokens = await render(() => useTokens(account, { spendable: true }))
  listing.put(row(1, { spend: 'intent' }))
  await send(listing.plugin, tokensChanged())
  expect(tokens().tokens.map(({ tokenId }) => tokenId)).toEqual([row(0).tokenId, row(2).tokenId])
})

test.each([0, 1001, 2.5, Number.NaN, Infinity])('a page of %s rows is refused', async (pageSize) => {
  const { plugin } = new Listing(3)
  const tokens = await render(() => useTokens(account, { pageSize }))
  expect(tokens()).toMatchObject({ tokens: [], error: { code: 'bad_request' }, isFetching: false })
  expect(plugin.calls).toEqual([])
})

test('an entry is read, followed, and gone when it was deleted', async () => {
  let text: string | null = 'one'
  const entries = () => (text === null ? [] : [{ key: 'k', at: 1, size: 3, content: { encoding: 'utf8', value: text } }])
  const plugin = new Plugin({ list_entries: () => ({ revision: 1, next: null, entries: entries() }) })
  const reading = await render(() => useEntry(account, 'k'))
  expect(reading().entry?.text).toBe('one')
  text = null
  await send(plugin, { event: 'entries-changed', account, revision: 2 })
  expect(reading()).toMatchObject({ entry: null, isPending: false, error: null })
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

test('strict mode mounts twice and shows the same', async () => {
  const listing = new Listing(3)
  Object.assign(listing.plugin.answers, { status: () => STATUS })
  const both = () => ({ status: useWalletStatus(account), tokens: useTokens(account) })
  const reading = await render(both, (probe) => <StrictMode>{probe}</StrictMode>)
  expect(reading().status).toMatchObject({ value: { revision: 7 }, isFetching: false })
  expect(shown(reading().tokens)).toEqual([3, false, 3])
  expect(listing.plugin.count('subscribe')).toBe(1)
})
