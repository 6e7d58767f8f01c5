/** A chart of Chart.js that follows the colours of the page, with its figures as a table for screen readers. */

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
  type ChartConfiguration,
  type ChartOptions,
} from 'chart.js'
import { useEffect, useRef } from 'react'
import { TEXT } from '../text/en'
import { useTheme } from '../theme/theme'

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip)

const text = TEXT.dashboard

export interface Series {
  name: string
  /** Name of a colour of the page, such as `--chart-1`. */
  colour: string
  values: (number | null)[]
  isFilled?: boolean
  /** A limit, not a measurement: dashed, without points. */
  isLimit?: boolean
}

interface Props {
  kind: 'line' | 'bar'
  title: string
  labels: string[]
  series: Series[]
  /** Text of a value. */
  format: (value: number) => string
  isStacked?: boolean
  /** For what spans from milliseconds to seconds. */
  isLogarithmic?: boolean
  max?: number
}

export function ChartBox({ kind, title, labels, series, format, isStacked = false, isLogarithmic = false, max }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const chart = useRef<Chart | null>(null)
  const theme = useTheme()

  useEffect(() => {
    if (canvas.current === null) return
    // Its height is the box's from the first drawing on; later options do not resize it.
    const made = new Chart(canvas.current, { type: kind, data: { labels: [], datasets: [] }, options: { maintainAspectRatio: false } })
    chart.current = made
    // Chart.js puts a resize off while something moves, and loses it when the movement ends before the next drawing.
    const box = new ResizeObserver(() => {
      made.stop()
      made.resize()
    })
    box.observe(canvas.current.parentElement ?? canvas.current)
    return () => {
      box.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [kind])

  useEffect(() => {
    const made = chart.current
    if (made === null) return
    made.data = { labels, datasets: series.map((one) => dataset(kind, one)) } as ChartConfiguration['data']
    made.options = options(format, { isStacked, isLogarithmic, max })
    made.update()
  }, [kind, labels, series, format, isStacked, isLogarithmic, max, theme])

  const isEmpty = series.every(({ values, isLimit }) => isLimit === true || values.every((value) => value === null || value === 0))
  return (
    <figure className="chart">
      <div className="chart-canvas">
        <canvas ref={canvas} role="img" aria-label={title} />
        {isEmpty && <p className="chart-empty hint">{text.empty}</p>}
      </div>
      {/* A table is as wide as its words, hidden or not: its box is what is hidden. */}
      <div className="visually-hidden">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">{text.at}</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, at) =>
              series.some(({ values, isLimit }) => isLimit !== true && values[at] !== null && values[at] !== undefined) ? (
                <tr key={label + at}>
                  <th scope="row">{label}</th>
                  {series.map(({ name, values }) => (
                    <td key={name}>{values[at] === null || values[at] === undefined ? text.none : format(values[at])}</td>
                  ))}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function dataset(kind: 'line' | 'bar', { name, colour: variable, values, isFilled = false, isLimit = false }: Series) {
  const shade = colour(variable)
  const common = { label: name, data: values, borderColor: shade, backgroundColor: isFilled || kind === 'bar' ? `${shade}${kind === 'bar' ? '' : '33'}` : shade }
  if (kind === 'bar') return { ...common, borderRadius: 3, maxBarThickness: 34, categoryPercentage: 0.8, barPercentage: 0.92 }
  if (isLimit) return { ...common, borderWidth: 1.5, borderDash: [5, 5], pointRadius: 0, pointHoverRadius: 0, fill: false }
  return { ...common, borderWidth: 2, pointRadius: 2, pointHoverRadius: 4, tension: 0.25, spanGaps: false, fill: isFilled, clip: 6 }
}

interface Axis {
  isStacked: boolean
  isLogarithmic: boolean
  max: number | undefined
}

function options(format: (value: number) => string, { isStacked, isLogarithmic, max }: Axis): ChartOptions {
  const [quiet, grid, ground, ink] = ['--text-2', '--line', '--surface', '--text'].map(colour)
  const font = { family: 'Inter Variable, system-ui, sans-serif', size: 11 }
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: still ? false : { duration: 250 },
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: { stacked: isStacked, grid: { display: false }, ticks: { color: quiet, font, maxRotation: 0, autoSkipPadding: 16 }, border: { color: grid } },
      y: {
        stacked: isStacked,
        ...(isLogarithmic ? { type: 'logarithmic', min: 1 } : { beginAtZero: true }),
        ...(max === undefined ? {} : { max }),
        grid: { color: grid },
        border: { display: false },
        ticks: { color: quiet, font, maxTicksLimit: 5, callback: (value) => (isLogarithmic && !isTick(Number(value)) ? null : format(Number(value))) },
      },
    },
    plugins: {
      legend: { position: 'bottom', labels: { color: quiet, font, boxWidth: 10, boxHeight: 10, usePointStyle: true, generateLabels } },
      tooltip: {
        backgroundColor: ground,
        titleColor: ink,
        bodyColor: ink,
        borderColor: grid,
        borderWidth: 1,
        padding: 10,
        titleFont: font,
        bodyFont: font,
        usePointStyle: true,
        callbacks: { label: ({ dataset: { label }, raw }) => `${label ?? ''}: ${raw === null ? text.none : format(Number(raw))}` },
      },
    },
  } as ChartOptions
}

const isDashed = (chart: Chart, at: number | undefined): boolean => {
  const one = chart.data.datasets[at ?? -1]
  return one !== undefined && 'borderDash' in one && one.borderDash !== undefined
}

/** A limit is a line in the legend too. */
function generateLabels(chart: Chart) {
  return Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => ({
    ...item,
    pointStyle: isDashed(chart, item.datasetIndex) ? ('line' as const) : ('rectRounded' as const),
  }))
}

/** 1, 10, 100, …: between them a logarithmic axis has no room for words. */
const isTick = (value: number): boolean => Number.isInteger(Math.log10(value))
