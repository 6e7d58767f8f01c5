import { Check, CloudDownload, Laptop, Smartphone, Undo2, UserMinus } from 'lucide-react'
import type { Device } from 'tauri-plugin-wallet-sync-api'
import { Badge } from '../parts/badge'
import { Button } from '../parts/button'
import { ago, TEXT } from '../text/en'

const text = TEXT.devices

export const nameOf = ({ label, slot }: Device): string => label ?? text.unnamed(slot)

/** One device of the wallet; `onRetire` is `null` for one that cannot be retired from here. */
export function DeviceRow({ device, now, onRetire }: { device: Device; now: number; onRetire: (() => void) | null }) {
  const { slot, sequence, publishedAt, self, retired, contained } = device
  const name = nameOf(device)
  const Icon = self ? Laptop : Smartphone
  return (
    <li data-slot={slot} data-retired={retired}>
      <span className="device-icon">
        <Icon aria-hidden />
      </span>
      <div className="device-what">
        <p className="device-name">{name}</p>
        <p className="hint">{text.facts(slot, sequence, publishedAt === null ? text.unknownTime : ago(publishedAt, now))}</p>
      </div>
      <p className="device-badges">
        {self && <Badge tone="info">{text.self}</Badge>}
        {retired ? (
          <Badge icon={<Undo2 aria-hidden />} title={text.retiredTitle}>
            {text.retired}
          </Badge>
        ) : contained ? (
          <Badge tone="good" icon={<Check aria-hidden />} title={text.hereTitle}>
            {text.here}
          </Badge>
        ) : (
          <Badge tone="warn" icon={<CloudDownload aria-hidden />} title={text.notHereTitle}>
            {text.notHere}
          </Badge>
        )}
      </p>
      {onRetire !== null && (
        <Button size="small" icon={<UserMinus aria-hidden />} aria-label={text.retireName(name)} onClick={onRetire}>
          {text.retire}
        </Button>
      )}
    </li>
  )
}
