import { LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'

/** Work under way, and how far it is where that is known. */
export function Waiting({ children, share, label }: { children: ReactNode; share?: number | null; label: string }) {
  return (
    <div className="waiting" role="status">
      <p>
        <LoaderCircle aria-hidden /> {children}
      </p>
      {share !== undefined && (share === null ? <progress aria-label={label} /> : <progress value={share} max={1} aria-label={label} />)}
    </div>
  )
}
