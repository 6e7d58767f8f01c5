// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from 'vitest'
import type { TokenRow } from '../bindings.js'
import { allTokens, tokenPages } from '../index.js'
import { Listing, row } from './listing.js'
import { reset } from './plugin.js'

afterEach(() => {
  reset()
  vi.restoreAllMocks()
})

const ids = ({ tokens }: { tokens: TokenRow[] }): number[] => tokens.map(({ tokenId }) => Number(tokenId.slice(1)))

test('all pages are one list', async () => {
  const { plugin } = new Listing(5)
  const list = await allTokens('w', { pageSize: 2, all: true })
  expect([ids(list), list.total, list.revision, list.next, list.isWhole]).toEqual([[0, 1, 2, 3, 4], 5, 0, null, true])
  const key = (n: number) => ({ tokenId: row(n).tokenId, stateHash: 's' })
  expect(plugin.calls.map(({ args }) => args.page)).toEqual([
    { after: null, limit: 2, all: true, spendable: false },
    { after: key(1), limit: 2, all: true, spendable: false },
    { after: key(3), limit: 2, all: true, spendable: false },
  ])
})

test('as many pages as were asked for', async () => {
  new Listing(5)
  const list = await allTokens('w', { pageSize: 2, pages: 2 })
  expect([ids(list), list.next?.tokenId]).toEqual([[0, 1, 2, 3], row(3).tokenId])
})

test('a list that changes on every page is of one revision all the same, with one call more', async () => {
  const listing = new Listing(10_000)
  let at = 0
  listing.afterPage = () => {
    // Behind the reader, before it, and what it has read is gone.
    listing.put(row(5_000 + at, { summary: 'changed' }))
    listing.put(row(20_000 + at))
    listing.remove((at += 1))
  }
  const list = await allTokens('w', { pageSize: 1000 })
  expect(list.tokens).toEqual(listing.sorted)
  expect([list.isWhole, list.revision]).toEqual([true, listing.revision])
  expect([listing.plugin.count('list_tokens'), listing.plugin.count('token_changes')]).toEqual([11, 1])
})

test('where it is not known what changed, the list is read again, and says so when that does not help', async () => {
  const listing = new Listing(5)
  listing.remembers = false
  listing.afterPage = () => (listing.revision += 1)
  const list = await allTokens('w', { pageSize: 3 })
  expect([ids(list), list.isWhole]).toEqual([[0, 1, 2, 3, 4], false])
  expect(listing.plugin.count('list_tokens')).toBe(6)
  listing.afterPage = () => undefined
  expect((await allTokens('w', { pageSize: 3 })).isWhole).toBe(true)
})

test('an account that is opened anew in between is read anew', async () => {
  const listing = new Listing(5)
  let pages = 0
  listing.afterPage = () => {
    pages += 1
    if (pages === 1) Object.assign(listing, { opening: 2, revision: 0 })
  }
  const list = await allTokens('w', { pageSize: 3 })
  expect([list.opening, list.isWhole, ids(list)]).toEqual([2, true, [0, 1, 2, 3, 4]])
})

test('pages come one after the other, and each says whether it belongs to those before', async () => {
  const listing = new Listing(5)
  const seen: [number[], boolean][] = []
  for await (const page of tokenPages('w', { pageSize: 2 })) {
    seen.push([ids(page), page.sameRevision])
    if (seen.length === 2) listing.put(row(9))
  }
  expect(seen).toEqual([[[0, 1], true], [[2, 3], true], [[4, 9], false]])
  for await (const page of tokenPages('w', { pageSize: 2 })) {
    expect(ids(page)).toEqual([0, 1])
    break
  }
  expect(listing.plugin.count('list_tokens')).toBe(4)
})

test('a signal ends the reading between pages and within one', async () => {
  const listing = new Listing(5)
  const control = new AbortController()
  const reading = async () => {
    for await (const page of tokenPages('w', { pageSize: 2, signal: control.signal })) if (page) control.abort()
  }
  await expect(reading()).rejects.toMatchObject({ code: 'aborted' })
  expect(listing.plugin.count('list_tokens')).toBe(1)
  await expect(allTokens('w', { signal: control.signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('the window draws between pages that take long', async () => {
  const { plugin } = new Listing(5)
  const readAt: number[] = []
  vi.spyOn(globalThis, 'requestAnimationFrame').mockImplementation((draw) => {
    readAt.push(plugin.count('list_tokens'))
    queueMicrotask(() => draw(0))
    return 0
  })
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 9))
  await allTokens('w', { pageSize: 2 })
  expect(readAt).toEqual([1, 2])
})

test('and does not wait for frames that nobody draws', async () => {
  new Listing(5)
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  const drawn = vi.spyOn(globalThis, 'requestAnimationFrame')
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 9))
  expect(ids(await allTokens('w', { pageSize: 2 }))).toEqual([0, 1, 2, 3, 4])
  expect(drawn).not.toHaveBeenCalled()
})
