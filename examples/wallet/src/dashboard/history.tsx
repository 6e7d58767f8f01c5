import { useCallback, useMemo, useState } from 'react'
import { metricsHistory, type Target } from 'tauri-plugin-wallet-sync-api'
import { useNow } from '../device/devices'
import { useWatched } from '../device/watch'
import { Card } from '../parts/card'
import { Segmented } from '../parts/segmented'
import { TEXT } from '../text/en'
import { clock, count, duration, percent } from '../text/format'
import { ChartBox, type Series } from './chart'
import { filled, limitOf, RANGES, rate } from './series'

const text = TEXT.dashboard

const EVENTS = ['metrics-updated', 'lagged'] as const
const MINUTE_MS = 60_000

export function History({ account, target }: { account: string; target: Target }) {
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
  const [p95Limit, meanLimit] = [limitOf(target, 'p95Ms'), limitOf(target, 'meanMs')]
  const charts = useMemo(() => {
    if (range === undefined) return null
    const steps = filled(value ?? [], range, minute * MINUTE_MS)
    const of = (pick: (point: NonNullable<(typeof steps)[number]['point']>) => number | null): (number | null)[] =>
      steps.map(({ point }) => (point === null ? null : pick(point)))
    const latency: Series[] = [
      { name: text.series.p99, colour: '--chart-4', values: of((point) => point.p99Ms) },
      { name: text.series.p95, colour: '--chart-2', values: of((point) => point.p95Ms) },
      { name: text.series.p50, colour: '--chart-1', values: of((point) => point.p50Ms), isFilled: true },
      // What is wanted, as lines of their own: a glance says how far the waits are from it.
      { name: text.series.p95Target(duration(p95Limit)), colour: '--chart-2', values: steps.map(() => p95Limit), isLimit: true },
      { name: text.series.meanTarget(duration(meanLimit)), colour: '--chart-1', values: steps.map(() => meanLimit), isLimit: true },
    ]
    const ended: Series[] = [
      { name: text.series.ok, colour: '--chart-3', values: of((point) => point.count - point.failures) },
      { name: text.series.failed, colour: '--chart-5', values: of((point) => point.failures) },
    ]
    const rates: Series[] = [
      { name: text.series.success, colour: '--chart-3', values: of((point) => rate(point.count - point.failures, point.count)) },
      { name: text.series.hits, colour: '--chart-2', values: of((point) => rate(point.cacheHits, point.cacheHits + point.cacheMisses)) },
    ]
    return { labels: steps.map(({ at }) => clock(at)), latency, ended, rates }
  }, [value, range, minute, p95Limit, meanLimit])
  if (charts === null) return null
  return (
    <Card
      title={text.overTime}
      hint={text.overTimeHint}
      className="wide"
      actions={<Segmented label={text.range} options={RANGES} value={name} onChange={setName} />}
    >
      <div className="charts">
        <ChartBox kind="line" isLogarithmic title={text.latencyChart} labels={charts.labels} series={charts.latency} format={duration} />
        <ChartBox kind="bar" title={text.endedChart} labels={charts.labels} series={charts.ended} format={whole} isStacked />
        <ChartBox kind="line" title={text.ratesChart} labels={charts.labels} series={charts.rates} format={percent} max={1} />
      </div>
    </Card>
  )
}

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '')
