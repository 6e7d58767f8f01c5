import { describe, expect, it } from 'vitest'
import { ago, sourceName } from '../src/text/en'
import { bytes, count, duration, percent, plural, shortId } from '../src/text/format'

describe('numbers for people', () => {
  it.each([
    [null, '–'],
    [0, '0 ms'],
    [0.0421, '42 µs'],
    [0.15, '0.1 ms'],
    [9.96, '10.0 ms'],
    [38.4, '38 ms'],
    [1250, '1.25 s'],
    [12_340, '12.3 s'],
  ])('tells %j ms', (ms, text) => expect(duration(ms)).toBe(text))

  it.each([
    [null, '–'],
    [0, '0.0 %'],
    [1, '100 %'],
    [0.9999, '99.9 %'],
    [0.99, '99.0 %'],
    [0.29, '29.0 %'],
  ])('tells a share of %j', (share, text) => expect(percent(share)).toBe(text))

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [214_330, '209 KiB'],
    [5 * 1024 ** 4, '5120 GiB'],
  ])('tells %j bytes', (size, text) => expect(bytes(size)).toBe(text))

  it('groups and counts', () => {
    expect(count(10_000)).toBe('10\u202f000')
    expect(plural(1, 'change')).toBe('1 change')
    expect(plural(2, 'change')).toBe('2 changes')
    expect(plural(2, 'change is', 'changes are')).toBe('2 changes are')
  })

  it.each([
    [0, 'just now'],
    [-5000, 'just now'],
    [12_000, '12 s ago'],
    [299_000, '4 min ago'],
    [7_200_000, '2 h ago'],
    [90_000_000, '1 day ago'],
  ])('tells what was %j ms before', (before, text) => expect(ago(1_000_000_000 - before, 1_000_000_000)).toBe(text))

  it('shortens long ids only', () => {
    expect(shortId('node-1')).toBe('node-1')
    expect(shortId('12D3KooWQ3nZr7sPqkLb')).toBe('12D3Ko…sPqkLb')
  })

  it('names sources, unknown ones too', () => {
    expect(sourceName('http-routing')).toBe('HTTP routing')
    expect(sourceName('carrier-pigeon')).toBe('carrier-pigeon')
  })
})
