import { describe, expect, it } from 'vitest'
import { balances, levels } from '../src/wallet/balance'
import { sameLabels, sameRows } from '../src/wallet/inventory'
import { rowsOf, type View } from '../src/wallet/rows'
import { makeMany, makeToken, newTokenId } from '../src/wallet/make'
import { parseSummary } from '../src/text/amount'
import { token } from './rows'

const VIEW: View = { search: '', order: 'newest', only: 'all' }
const ids = (view: Partial<View>, tokens = LIST): string[] => rowsOf(tokens, { ...VIEW, ...view }).map(({ row }) => row.tokenId)

const LIST = [
  token({ tokenId: 'a', summary: '5 EUR · Bread' }),
  token({ tokenId: 'b', summary: '20 CHF', spend: 'intent' }),
  token({ tokenId: 'c', summary: '50 EUR', ack: 'local' }, 'Rent'),
  token({ tokenId: 'd', summary: 'written elsewhere', forked: true, ack: 'published' }),
]

describe('balance', () => {
  it('sums what can be spent, and holds back what is being spent', () => {
    const tokens = [
      token({ summary: '1.50 EUR' }),
      token({ summary: '2 EUR' }),
      token({ summary: '0.25 EUR', spend: 'intent' }),
      token({ summary: '100 EUR', spend: 'proof' }),
      token({ summary: '0.000001 BTC' }),
      token({ summary: 'unreadable' }),
      token({ summary: null }),
    ]
    expect(balances(tokens)).toEqual([
      { coin: 'BTC', spendable: { units: 1n, decimals: 6 }, held: { units: 0n, decimals: 0 }, tokens: 1 },
      { coin: 'EUR', spendable: { units: 350n, decimals: 2 }, held: { units: 25n, decimals: 2 }, tokens: 2 },
    ])
  })

  it('is empty of no tokens', () => expect(balances([])).toEqual([]))

  it('counts the levels', () => {
    expect(levels(LIST)).toEqual({ local: 1, published: 1, verified: 2 })
  })
})

describe('list', () => {
  it('shows the newest first', () => expect(ids({})).toEqual(['d', 'c', 'b', 'a']))

  it('leaves the list it was given as it is', () => {
    const before = [...LIST]
    ids({ order: 'amount' })
    expect(LIST).toEqual(before)
  })

  it('orders by amount within a coin, unreadable ones last', () => expect(ids({ order: 'amount' })).toEqual(['b', 'c', 'a', 'd']))

  it('orders the least safe first', () => expect(ids({ order: 'level' })).toEqual(['c', 'd', 'a', 'b']))

  it.each([
    ['bread', ['a']],
    ['RENT', ['c']],
    ['eur 5', ['c', 'a']],
    ['elsewhere', ['d']],
    ['  ', ['d', 'c', 'b', 'a']],
    ['nothing like it', []],
  ])('finds %j', (search, found) => expect(ids({ search })).toEqual(found))

  it.each([
    ['suspect', ['b']],
    ['forked', ['d']],
    ['pending', ['d', 'c']],
  ] as const)('keeps %s ones', (only, found) => expect(ids({ only })).toEqual(found))
})

describe('made-up tokens', () => {
  it('are in order of their making', () => {
    const made = [newTokenId(1000, 0), newTokenId(1000, 1), newTokenId(1000, 9999), newTokenId(1001, 0)]
    expect([...made].sort()).toEqual(made)
  })

  it('have readable summaries and ids of their own', () => {
    const made = makeMany(500, 'EUR', 'Test', Date.now())
    expect(new Set(made.map(({ tokenId }) => tokenId)).size).toBe(500)
    for (const { summary, tokenId } of made) {
      expect(parseSummary(summary ?? null)?.coin).toBe('EUR')
      expect(tokenId).toMatch(/^[\w.:-]{1,128}$/)
    }
  })

  it('carry no secret in what a list shows', () => {
    const { payload, summary, tokenId, stateHash } = makeToken('id', { units: 5n, decimals: 0 }, 'EUR', '')
    const { secret } = JSON.parse(payload as string) as { secret: string }
    expect(`${summary}${tokenId}${stateHash}`).not.toContain(secret)
  })
})

describe('what did not change', () => {
  const rows = LIST.map(({ row }) => row)
  const copy = (change = {}) => rows.map((row, at) => (at === 2 ? { ...row, ...change } : { ...row }))

  it('is found by content, field by field', () => {
    expect(sameRows(rows, copy())).toBe(true)
    expect(sameRows(rows, copy({ ack: 'published' }))).toBe(false)
    expect(sameRows(rows, copy({ forked: true }))).toBe(false)
    expect(sameRows(rows, rows.slice(1))).toBe(false)
    expect(sameRows(rows.slice(1), rows)).toBe(false)
  })

  it('is found in labels too', () => {
    const labels = new Map([['a', 'Rent']])
    expect(sameLabels(labels, new Map(labels))).toBe(true)
    expect(sameLabels(labels, new Map([['a', 'rent']]))).toBe(false)
    expect(sameLabels(labels, new Map([['b', 'Rent']]))).toBe(false)
    expect(sameLabels(labels, new Map())).toBe(false)
  })
})
