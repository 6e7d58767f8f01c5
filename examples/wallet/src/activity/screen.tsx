import { Activity, Bell, CloudUpload, Coins, Server } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useDevice, useDevices, useNow } from '../device/devices'
import { Empty } from '../parts/empty'
import { Segmented } from '../parts/segmented'
import { ago, TEXT } from '../text/en'
import { clockSeconds } from '../text/format'
import type { Kind } from './happening'

const text = TEXT.activity
const ICONS: Record<Kind, typeof Coins> = { tokens: Coins, backup: CloudUpload, nodes: Server, alerts: Bell }
const FILTERS = (['all', 'tokens', 'backup', 'nodes', 'alerts'] as const).map((value) => ({ value, text: text.filters[value] }))

/** Live: what happens to the device that is shown. */
export function ActivityScreen() {
  const { shown } = useDevices()
  const { happenings } = useDevice(shown)
  const [only, setOnly] = useState<Kind | 'all'>('all')
  const now = useNow()
  const lines = useMemo(() => happenings.filter(({ kind }) => only === 'all' || kind === only), [happenings, only])
  return (
    <div className="screen activity">
      <div className="toolbar">
        <p className="hint">{text.hint}</p>
        <Segmented label={text.filter} options={FILTERS} value={only} onChange={setOnly} />
      </div>
      {lines.length === 0 ? (
        <div className="card">
          <Empty icon={<Activity aria-hidden />} title={text.none}>
            {text.noneHint}
          </Empty>
        </div>
      ) : (
        <div className="card" role="log" aria-label={text.list} tabIndex={0}>
          <ol className="happenings">
            {lines.map(({ id, at, kind, tone, text: said }) => {
              const Icon = ICONS[kind]
              return (
                <li key={id} data-kind={kind} data-tone={tone}>
                  <span className="happening-icon">
                    <Icon aria-hidden />
                  </span>
                  <span className="happening-text">
                    <span className="visually-hidden">{text.filters[kind]}: </span>
                    {said}
                  </span>
                  <time dateTime={new Date(at).toISOString()} title={clockSeconds(at)}>
                    {ago(at, now)}
                  </time>
                </li>
              )
            })}
          </ol>
        </div>
      )}
    </div>
  )
}
