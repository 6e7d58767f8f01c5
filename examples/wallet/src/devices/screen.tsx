import { MonitorSmartphone } from 'lucide-react'
import { useCallback, useState } from 'react'
import { devices, type Device } from 'tauri-plugin-wallet-sync-api'
import { useDevice, useDevices, useNow } from '../device/devices'
import { useWatched } from '../device/watch'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { Notice } from '../parts/notice'
import { TEXT } from '../text/en'
import { DeviceRow } from './device-row'
import { LabelForm } from './label-form'
import { RetireDialog } from './retire-dialog'

const EVENTS = ['sync-changed', 'publish-changed', 'tokens-changed', 'lagged'] as const
const text = TEXT.devices

/** Everybody who writes for this wallet. */
export function DevicesScreen() {
  const { shown } = useDevices()
  const { isOpen } = useDevice(shown)
  const now = useNow()
  const { value: rows, error, refresh } = useWatched(shown.account, EVENTS, useCallback(() => devices(shown.account), [shown.account]))
  const [retiring, setRetiring] = useState<Device | null>(null)
  const self = rows?.find((row) => row.self)

  return (
    <div className="screen devices">
      <p className="hint">{text.hint}</p>
      {error !== null && isOpen && <Notice tone="bad">{error.message}</Notice>}
      <Card title={text.thisDevice} hint={text.thisHint} className="device-self">
        {rows !== null && <LabelForm key={self?.label ?? ''} account={shown.account} label={self?.label ?? ''} hasSlot={self !== undefined} onSaved={refresh} />}
      </Card>
      <Card title={text.all}>
        {rows?.length === 0 ? (
          <Empty icon={<MonitorSmartphone aria-hidden />} title={text.none}>
            {text.noneHint}
          </Empty>
        ) : (
          <ul className="device-list">
            {rows?.map((row) => (
              <DeviceRow key={row.slot} device={row} now={now} onRetire={row.self || row.retired ? null : () => setRetiring(row)} />
            ))}
          </ul>
        )}
      </Card>
      {retiring !== null && <RetireDialog account={shown.account} device={retiring} onDone={refresh} onClose={() => setRetiring(null)} />}
    </div>
  )
}
