import { describe, expect, it } from 'vitest'
import type { HistoryPoint, OperationFigures } from 'tauri-plugin-wallet-sync-api'
import { filled, histogram, ordered, RANGES, rate } from '../src/dashboard/series'

const MINUTE = 60_000
const point = (at: number): HistoryPoint => ({
  at,
  count: 3,
  failures: 1,
  p50Ms: 40,
  p95Ms: 90,
  p99Ms: 120,
  cacheHits: 1,
  cacheMisses: 1,
  requests: 5,
  bytesIn: 1,
  bytesOut: 1,
  skippedRollups: 0,
})
const figures = (change: Partial<OperationFigures>): OperationFigures => ({
  operation: 'sync',
  source: 'http-routing',
  count: 3,
  failures: 0,
  p50Ms: 1,
  p95Ms: 1,
  p99Ms: 1,
  meanMs: 1,
  maxMs: 1,
  cacheHits: 0,
  cacheMisses: 0,
  requests: 0,
  bytesIn: 0,
  bytesOut: 0,
  buckets: [],
  ...change,
})

describe('history', () => {
  const [quarter] = RANGES

  it('has a step for every minute, a gap where nothing was measured', () => {
    const now = 100 * MINUTE + 30_000
    const steps = filled([point(98 * MINUTE)], quarter!, now)
    expect(steps).toHaveLength(15)
    expect(steps.at(-1)?.at).toBe(100 * MINUTE)
    expect(steps.map(({ point: one }) => one !== null)).toEqual([...Array<boolean>(12).fill(false), true, false, false])
  })

  it.each(RANGES)('of $text is drawn with at most a hundred steps', ({ minutes, stepMinutes }) => {
    expect(minutes / stepMinutes).toBeLessThanOrEqual(100)
  })

  it('has no rate of nothing', () => {
    expect(rate(0, 0)).toBeNull()
    expect(rate(1, 4)).toBe(0.25)
  })
})

describe('histogram', () => {
  it('shows the bars from the first to the last that is not empty', () => {
    const buckets = [0.1, 1, 10, 1000, 60_000].map((uptoMs, at) => ({ uptoMs, count: at === 1 || at === 3 ? 2 : 0 }))
    expect(histogram([figures({ buckets })])).toEqual([
      { text: '1 ms', counts: [2] },
      { text: '10 ms', counts: [0] },
      { text: '1 s', counts: [2] },
    ])
  })

  it('is empty of nothing', () => {
    expect(histogram([])).toEqual([])
    expect(histogram([figures({ buckets: [{ uptoMs: 1, count: 0 }] })])).toEqual([])
  })

  it('puts several sources side by side', () => {
    const one = figures({ buckets: [{ uptoMs: 1, count: 1 }, { uptoMs: 2, count: 0 }] })
    const other = figures({ source: 'cache', buckets: [{ uptoMs: 1, count: 0 }, { uptoMs: 2, count: 4 }] })
    expect(histogram([one, other]).map(({ counts }) => counts)).toEqual([[1, 0], [0, 4]])
  })
})

describe('table', () => {
  it('has a fixed order', () => {
    const rows = [figures({ operation: 'dht' }), figures({ source: 'none' }), figures({ source: 'cache' }), figures({ operation: 'publish' })]
    expect(ordered(rows).map(({ operation, source }) => `${operation} ${source}`)).toEqual([
      'sync cache',
      'sync none',
      'publish http-routing',
      'dht http-routing',
    ])
  })
})
