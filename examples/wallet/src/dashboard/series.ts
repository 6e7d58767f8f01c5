/** From measurements to what the charts and tables show. */

import type { HistoryPoint, OperationFigures, Source, Target } from 'tauri-plugin-wallet-sync-api'
import { TEXT } from '../text/en'

export interface Range {
  value: string
  text: string
  minutes: number
  stepMinutes: number
}

export const RANGES: readonly Range[] = [
  { value: '15m', text: TEXT.dashboard.ranges['15m'], minutes: 15, stepMinutes: 1 },
  { value: '1h', text: TEXT.dashboard.ranges['1h'], minutes: 60, stepMinutes: 1 },
  { value: '6h', text: TEXT.dashboard.ranges['6h'], minutes: 360, stepMinutes: 5 },
  { value: '24h', text: TEXT.dashboard.ranges['24h'], minutes: 1440, stepMinutes: 15 },
]

const MINUTE_MS = 60_000

/** Every step of the range, those without a measurement as `null`: a gap is not a zero. */
export function filled(points: readonly HistoryPoint[], range: Range, now: number): { at: number; point: HistoryPoint | null }[] {
  const step = range.stepMinutes * MINUTE_MS
  const last = Math.floor(now / step) * step
  const known = new Map(points.map((point) => [Math.floor(point.at / step) * step, point]))
  const steps = Math.round(range.minutes / range.stepMinutes)
  return Array.from({ length: steps }, (_, index) => {
    const at = last - (steps - 1 - index) * step
    return { at, point: known.get(at) ?? null }
  })
}

export const rate = (part: number, all: number): number | null => (all === 0 ? null : part / all)

export interface Bar {
  text: string
  counts: number[]
}

/** One histogram over several rows: the bars from the first to the last that is not empty. */
export function histogram(rows: readonly OperationFigures[]): Bar[] {
  const bounds = [...new Set(rows.flatMap(({ buckets }) => buckets.map(({ uptoMs }) => uptoMs)))].sort((a, b) => a - b)
  const bars = bounds.map((uptoMs) => ({
    text: bound(uptoMs),
    counts: rows.map(({ buckets }) => buckets.find((bucket) => bucket.uptoMs === uptoMs)?.count ?? 0),
  }))
  const isFull = ({ counts }: Bar): boolean => counts.some((value) => value > 0)
  const first = bars.findIndex(isFull)
  return first < 0 ? [] : bars.slice(first, bars.findLastIndex(isFull) + 1)
}

function bound(ms: number): string {
  if (ms >= 60_000) return `${ms / 60_000} min`
  if (ms >= 1000) return `${ms / 1000} s`
  return ms >= 0.1 ? `${ms} ms` : `${ms * 1000} µs`
}

const SOURCES: readonly Source[] = ['cache', 'http-gateway', 'http-routing', 'dht', 'push', 'none']

/** Rows in a fixed order, so that a table does not jump. */
export function ordered(rows: readonly OperationFigures[]): OperationFigures[] {
  const operations = ['sync', 'publish', 'resolve', 'fetch', 'cache', 'dht']
  const rank = ({ operation, source }: OperationFigures): number =>
    operations.indexOf(operation) * SOURCES.length + SOURCES.indexOf(source)
  return [...rows].sort((a, b) => rank(a) - rank(b))
}

/** The limit of a target, ms; `null` where there is no such target. */
export const limitOf = ({ targets }: Target, name: string): number | null => targets.find((goal) => goal.name === name)?.limit ?? null
