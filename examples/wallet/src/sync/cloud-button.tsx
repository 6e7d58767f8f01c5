import { Cloud, CloudAlert, CloudCheck, CloudDownload, CloudOff, CloudUpload, RefreshCw } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useDevice, useNow } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
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
  const [isOpen, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const Icon = CLOUD_ICONS[cloud.kind]

  useEffect(() => {
    if (!isOpen) return
    const outside = (event: MouseEvent): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false)
    }
    // Wherever the focus is: a button that is disabled while the sync runs loses it.
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      box.current?.querySelector('button')?.focus()
    }
    document.addEventListener('mousedown', outside)
    document.addEventListener('keydown', escape)
    return () => {
      document.removeEventListener('mousedown', outside)
      document.removeEventListener('keydown', escape)
    }
  }, [isOpen])

  return (
    <div ref={box} className="cloud-box">
      <button
        type="button"
        className="cloud"
        data-kind={cloud.kind}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        aria-label={`Backup: ${cloud.title}`}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon aria-hidden />
        <span>{cloud.title}</span>
      </button>
      {isOpen && (
        <div className="cloud-panel" role="dialog" aria-label="Backup">
          <p className="cloud-title" data-kind={cloud.kind}>
            <Icon aria-hidden /> {cloud.title}
          </p>
          <p className="hint">{cloud.detail}</p>
          <StepList steps={device.steps} />
          <Button look="primary" icon={<RefreshCw aria-hidden />} disabled={device.isAsked || !device.isOpen} onClick={() => void session.sync({ fresh: true, wait: 'verified' })}>
            Sync now
          </Button>
        </div>
      )}
    </div>
  )
}
