import { CloudDownload } from 'lucide-react'
import { useDevices } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { TEXT } from '../text/en'

const text = TEXT.restore

/** In the place of a device that is not on this machine. */
export function GoneCard({ session }: { session: DeviceSession }) {
  const { restore } = useDevices()
  return (
    <Card title={session.label} className="device">
      <Empty icon={<CloudDownload aria-hidden />} title={text.gone}>
        <p>{text.goneHint}</p>
        <Button look="primary" icon={<CloudDownload aria-hidden />} aria-label={`${session.label}: ${text.begin}`} onClick={() => restore(session)}>
          {text.begin}
        </Button>
      </Empty>
    </Card>
  )
}
