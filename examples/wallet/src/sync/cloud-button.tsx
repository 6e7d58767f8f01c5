import { Popover } from '@base-ui/react/popover'
import { Cloud, CloudAlert, CloudCheck, CloudDownload, CloudOff, CloudUpload, RefreshCw } from 'lucide-react'
import { useDevice, useNow } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
import { TEXT } from '../text/en'
import { cloudOf, type CloudKind } from './cloud'
import { StepList } from './step-list'

export const CLOUD_ICONS: Record<CloudKind, typeof Cloud> = {
  closed: CloudOff,
  starting: Cloud,
  syncing: RefreshCw,
  error: CloudAlert,
  offline: CloudOff,
  'read-only': CloudDownload,
  pending: CloudUpload,
  synced: CloudCheck,
  new: Cloud,
}

/** The state of the backup at a glance, more of it on a click. */
export function CloudButton({ session }: { session: DeviceSession }) {
  const device = useDevice(session)
  const cloud = cloudOf(device, useNow())
  const Icon = CLOUD_ICONS[cloud.kind]
  return (
    <Popover.Root>
      <Popover.Trigger className="cloud" data-kind={cloud.kind} aria-label={TEXT.cloud.label(cloud.title)}>
        <Icon aria-hidden />
        <span>{cloud.title}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="cloud-place" side="bottom" align="end" sideOffset={8}>
          <Popover.Popup className="cloud-panel" aria-label={TEXT.cloud.name}>
            <p className="cloud-title" data-kind={cloud.kind}>
              <Icon aria-hidden /> {cloud.title}
            </p>
            <p className="hint">{cloud.detail}</p>
            <StepList steps={device.steps} />
            <Button
              look="primary"
              icon={<RefreshCw aria-hidden />}
              disabled={device.isAsked || !device.isOpen}
              onClick={() => void session.sync({ fresh: true, wait: 'verified' })}
            >
              {TEXT.app.syncNow}
            </Button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
