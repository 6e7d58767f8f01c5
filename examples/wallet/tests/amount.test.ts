import { describe, expect, it } from 'vitest'
import { add, compare, formatAmount, formatSummary, parseAmount, parseSummary, ZERO } from '../src/text/amount'

describe('summaries', () => {
  it('gives amount, coin and memo', () => {
    expect(parseSummary('12.50 EUR · Coffee')).toEqual({ amount: { units: 1250n, decimals: 2 }, coin: 'EUR', memo: 'Coffee' })
    expect(parseSummary('7 CHF')).toEqual({ amount: { units: 7n, decimals: 0 }, coin: 'CHF', memo: '' })
  })

  it.each([null, '', 'EUR 12', '12,50 EUR', '-1 EUR', '1 eur', '1.5EUR', '1 E'])('is nothing of %j', (text) => {
    expect(parseSummary(text)).toBeNull()
  })

  it('keeps a memo with separators and line ends', () => {
    expect(parseSummary('1 EUR · a · b\nc')?.memo).toBe('a · b\nc')
  })

  it('comes back as it was written', () => {
    for (const text of ['12.50 EUR · Coffee', '0.000001 BTC', '7 CHF']) {
      const summary = parseSummary(text)
      expect(summary && formatSummary(summary.amount, summary.coin, summary.memo)).toBe(text)
    }
  })
})

describe('amounts', () => {
  it('adds without losing a digit', () => {
    const sum = add({ units: 1n, decimals: 18 }, { units: 10n ** 29n, decimals: 0 })
    expect(sum).toEqual({ units: 10n ** 47n + 1n, decimals: 18 })
    expect(add(ZERO, { units: 5n, decimals: 2 })).toEqual({ units: 5n, decimals: 2 })
  })

  it('compares across decimals', () => {
    expect(compare({ units: 150n, decimals: 2 }, { units: 15n, decimals: 1 })).toBe(0)
    expect(compare({ units: 1n, decimals: 2 }, { units: 1n, decimals: 1 })).toBe(-1)
    expect(compare({ units: 2n, decimals: 0 }, { units: 19n, decimals: 1 })).toBe(1)
  })

  it.each([
    ['12.50', '12.50'],
    [' 3,2 ', '3.20'],
    ['0', null],
    ['0.00', null],
    ['-1', null],
    ['1e3', null],
    ['', null],
  ])('reads %j as %j', (text, shown) => {
    const amount = parseAmount(text)
    expect(amount && formatAmount(amount)).toBe(shown)
  })

  it.each([
    ['1250', 2, '12.50'],
    ['123456700', 4, '12\u202f345.67'],
    ['5', 3, '0.005'],
    ['1500', 3, '1.50'],
    ['1000000', 0, '1\u202f000\u202f000'],
  ])('shows %s with %i decimals', (units, decimals, text) => {
    expect(formatAmount({ units: BigInt(units), decimals })).toBe(text)
  })
})
