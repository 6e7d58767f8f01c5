import type { ReactNode } from 'react'

export type Tone = 'neutral' | 'good' | 'info' | 'warn' | 'bad' | 'fork'

export function Badge({ tone = 'neutral', icon, children, title }: { tone?: Tone; icon?: ReactNode; children: ReactNode; title?: string }) {
  return (
    <span className="badge" data-tone={tone} title={title}>
      {icon}
      {children}
    </span>
  )
}
