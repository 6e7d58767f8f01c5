import { useCallback, useMemo, useState } from 'react'
import { metricsHistory } from 'tauri-plugin-wallet-sync-api'
import { useNow } from '../device/devices'
import { useWatched } from '../device/watch'
import { Card } from '../parts/card'
import { Segmented } from '../parts/segmented'
import { clock, count, duration, percent } from '../text/format'
import { ChartBox, type Series } from './chart'
import { filled, RANGES, rate } from './series'

const EVENTS = ['metrics-updated', 'lagged'] as const
const MINUTE_MS = 60_000

export function History({ account }: { account: string }) {
  const [name, setName] = useState('15m')
  const range = RANGES.find(({ value }) => value === name) ?? RANGES[0]
  // The charts move on once a minute even when nothing happens.
  const minute = Math.floor(useNow() / MINUTE_MS)
  const read = useCallback(
    () =>
      metricsHistory(account, {
        from: (minute + 1) * MINUTE_MS - (range?.minutes ?? 15) * MINUTE_MS,
        to: (minute + 1) * MINUTE_MS,
        stepMinutes: range?.stepMinutes ?? 1,
      }),
    [account, range, minute],
  )
  const { value } = useWatched(account, EVENTS, read)
  const charts = useMemo(() => {
    if (range === undefined) return null
    const steps = filled(value ?? [], range, minute * MINUTE_MS)
    const of = (pick: (point: NonNullable<(typeof steps)[number]['point']>) => number | null): (number | null)[] =>
      steps.map(({ point }) => (point === null ? null : pick(point)))
    const latency: Series[] = [
      { name: 'P99', colour: '--chart-4', values: of((point) => point.p99Ms) },
      { name: 'P95', colour: '--chart-2', values: of((point) => point.p95Ms) },
      { name: 'P50', colour: '--chart-1', values: of((point) => point.p50Ms), isFilled: true },
    ]
    const ended: Series[] = [
      { name: 'Succeeded', colour: '--chart-3', values: of((point) => point.count - point.failures) },
      { name: 'Failed', colour: '--chart-5', values: of((point) => point.failures) },
    ]
    const rates: Series[] = [
      { name: 'Success', colour: '--chart-3', values: of((point) => rate(point.count - point.failures, point.count)) },
      { name: 'Cache hits', colour: '--chart-2', values: of((point) => rate(point.cacheHits, point.cacheHits + point.cacheMisses)) },
    ]
    return { labels: steps.map(({ at }) => clock(at)), latency, ended, rates }
  }, [value, range, minute])
  if (charts === null) return null
  return (
    <Card
      title="Over time"
      hint="Waits for the network, syncs and publishes that ended, rates"
      className="wide"
      actions={<Segmented label="Range" options={RANGES} value={name} onChange={setName} />}
    >
      <div className="charts">
        <ChartBox kind="line" title="Latency over time" labels={charts.labels} series={charts.latency} format={duration} />
        <ChartBox kind="bar" title="Syncs and publishes over time" labels={charts.labels} series={charts.ended} format={whole} isStacked />
        <ChartBox kind="line" title="Rates over time" labels={charts.labels} series={charts.rates} format={percent} max={1} />
      </div>
    </Card>
  )
}

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '')
