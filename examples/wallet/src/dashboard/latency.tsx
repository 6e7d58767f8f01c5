import { useMemo, useState } from 'react'
import type { Operation, OperationFigures } from 'tauri-plugin-wallet-sync-api'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { Segmented } from '../parts/segmented'
import { OPERATIONS, sourceName, TEXT } from '../text/en'
import { bytes, count, duration, percent } from '../text/format'
import { ChartBox, type Series } from './chart'
import { histogram, ordered, rate } from './series'

const COLOURS: Record<string, string> = {
  cache: '--chart-3',
  'http-gateway': '--chart-2',
  'http-routing': '--chart-1',
  dht: '--chart-4',
  push: '--chart-2',
  none: '--chart-5',
}

const text = TEXT.dashboard

export function LatencyTable({ rows }: { rows: readonly OperationFigures[] }) {
  return (
    <Card title={text.latency} hint={text.latencyHint} className="wide">
      {rows.length === 0 ? (
        <Empty title={text.notMeasured} />
      ) : (
        <div className="table-box" tabIndex={0} role="region" aria-label={text.latencyTable}>
          <table>
            <thead>
              <tr>
                <th scope="col">{text.heads.operation}</th>
                <th scope="col">{text.heads.source}</th>
                {text.heads.figures.map((head) => (
                  <th key={head} scope="col" className="number">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ordered(rows).map((row) => (
                <tr key={row.operation + row.source} data-operation={row.operation} data-source={row.source}>
                  <th scope="row">{OPERATIONS[row.operation]}</th>
                  <td>{sourceName(row.source)}</td>
                  <td className="number" data-field="count">{count(row.count)}</td>
                  <td className="number" data-field="p50">{duration(row.p50Ms)}</td>
                  <td className="number">{duration(row.p95Ms)}</td>
                  <td className="number">{duration(row.p99Ms)}</td>
                  <td className="number">{duration(row.meanMs)}</td>
                  <td className="number">{duration(row.maxMs)}</td>
                  <td className="number" data-tone={row.failures > 0 ? 'bad' : undefined}>
                    {percent(rate(row.count - row.failures, row.count))}
                  </td>
                  <td className="number">{bytes(row.bytesIn)}</td>
                  <td className="number">{bytes(row.bytesOut)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}

export function LatencyHistogram({ rows }: { rows: readonly OperationFigures[] }) {
  const [operation, setOperation] = useState<Operation>('sync')
  const { labels, series } = useMemo(() => {
    const shown = ordered(rows).filter((row) => row.operation === operation && row.count > row.failures)
    const bars = histogram(shown)
    const all = shown.map(
      ({ source }, at): Series => ({ name: sourceName(source), colour: COLOURS[source] ?? '--chart-1', values: bars.map(({ counts }) => counts[at] ?? 0) }),
    )
    return { labels: bars.map((bar) => text.upTo(bar.text)), series: all }
  }, [rows, operation])
  const options = (Object.keys(OPERATIONS) as Operation[]).map((value) => ({ value, text: OPERATIONS[value] }))
  return (
    <Card
      title={text.howLong}
      hint={text.howLongHint}
      actions={<Segmented label={text.operation} options={options} value={operation} onChange={setOperation} />}
    >
      <ChartBox kind="bar" title={text.latencies(OPERATIONS[operation])} labels={labels} series={series} format={whole} isStacked />
    </Card>
  )
}

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '')
