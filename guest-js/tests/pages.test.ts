// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from 'vitest'
import type { TokenRow } from '../bindings.js'
import { allTokens } from '../index.js'
import { Plugin, reset } from './plugin.js'

afterEach(() => {
  reset()
  vi.restoreAllMocks()
})

type Page = { limit: number; after: { tokenId: string } | null; all: boolean }

/** A plugin with five tokens; `revisionAt` says the revision at each call. */
function five(revisionAt: (call: number) => number = () => 1): Plugin {
  const rows = ['a', 'b', 'c', 'd', 'e'].map((tokenId) => ({ tokenId, stateHash: '0' }) as TokenRow)
  let call = 0
  return new Plugin({
    list_tokens: (args) => {
      const { limit, after } = args.page as Page
      const from = after === null ? 0 : rows.findIndex(({ tokenId }) => tokenId === after.tokenId) + 1
      const tokens = rows.slice(from, from + limit)
      const last = tokens.at(-1)
      const next = from + limit < rows.length && last ? { tokenId: last.tokenId, stateHash: '0' } : null
      return { revision: revisionAt(call++), total: rows.length, tokens, next }
    },
  })
}

const ids = ({ tokens }: { tokens: TokenRow[] }): string => tokens.map(({ tokenId }) => tokenId).join('')

test('all pages are one list', async () => {
  const plugin = five()
  const list = await allTokens('w', { pageSize: 2, all: true })
  expect([ids(list), list.total, list.revision, list.next]).toEqual(['abcde', 5, 1, null])
  expect(plugin.calls.map(({ args }) => args.page)).toEqual([
    { after: null, limit: 2, all: true },
    { after: { tokenId: 'b', stateHash: '0' }, limit: 2, all: true },
    { after: { tokenId: 'd', stateHash: '0' }, limit: 2, all: true },
  ])
})

test('as many pages as were asked for', async () => {
  five()
  const list = await allTokens('w', { pageSize: 2, pages: 2 })
  expect([ids(list), list.next?.tokenId]).toEqual(['abcd', 'd'])
})

test('a list that changes in between is read from the start', async () => {
  const plugin = five((call) => (call === 0 ? 1 : 2))
  expect(await allTokens('w', { pageSize: 3 })).toMatchObject({ revision: 2, total: 5 })
  expect(plugin.count('list_tokens')).toBe(4)
})

test('one that changes all the time is given as it is after three times', async () => {
  const plugin = five((call) => call)
  expect(ids(await allTokens('w', { pageSize: 3 }))).toBe('abcde')
  expect(plugin.count('list_tokens')).toBe(6)
})

test('the window draws between pages that take long', async () => {
  const plugin = five()
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
  five()
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  const drawn = vi.spyOn(globalThis, 'requestAnimationFrame')
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 9))
  expect(ids(await allTokens('w', { pageSize: 2 }))).toBe('abcde')
  expect(drawn).not.toHaveBeenCalled()
})
