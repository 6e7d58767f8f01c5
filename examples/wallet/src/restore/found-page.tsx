import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import type { DeviceState } from '../device/session'
import { TEXT } from '../text/en'
import { count } from '../text/format'
import { answered, type Found } from './found'
import type { Counts } from './use-restore'

const text = TEXT.restore
const ICONS = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const

export function FoundPage({ found: { tone, title, notes }, device, counts }: { found: Found; device: DeviceState; counts: Counts | null }) {
  const { status, report } = device
  const Icon = ICONS[tone]
  const figures = [
    { name: text.figures.tokens, value: status && count(status.tokens.total) },
    { name: text.figures.payloads, value: status && TEXT.steps.of(status.tokens.total - status.missingPayloads, status.tokens.total) },
    { name: text.figures.settings, value: counts && count(counts.settings) },
    { name: text.figures.devices, value: counts && count(counts.devices) },
    { name: text.figures.nodes, value: report && TEXT.steps.of(answered(report), report.nodes.length) },
  ]
  return (
    <div className="found" data-tone={tone} role="status">
      <p className="found-title">
        <Icon aria-hidden /> {title}
      </p>
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      <dl className="figures">
        {figures.map(
          ({ name, value }) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </div>
  )
}
