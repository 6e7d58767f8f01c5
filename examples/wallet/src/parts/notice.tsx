import { CircleAlert, CloudOff, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

type Tone = 'info' | 'warn' | 'bad' | 'offline'

const ICONS: Record<Tone, typeof Info> = { info: Info, warn: TriangleAlert, bad: CircleAlert, offline: CloudOff }

/** A line that has to be seen; what went wrong is said at once, the rest when there is time. */
export function Notice({ tone, children, action }: { tone: Tone; children: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone]
  return (
    <div className="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon aria-hidden />
      <p>{children}</p>
      {action}
    </div>
  )
}
