import { CircleCheck, CircleDashed, CircleX } from 'lucide-react'
import type { Goal, Target, TargetState } from 'tauri-plugin-wallet-sync-api'
import { count, duration, percent, plural } from '../text/format'

const ICONS: Record<TargetState, typeof CircleCheck> = { met: CircleCheck, missed: CircleX, too_little_data: CircleDashed }
const WORDS: Record<TargetState, string> = { met: 'met', missed: 'missed', too_little_data: 'too little data' }

const TITLES: Record<string, string> = {
  p95Ms: 'P95 of waits',
  meanMs: 'Mean of waits',
  successRate: 'Success rate',
  cacheHitRate: 'Cache hit rate',
}

const isTime = (name: string): boolean => name.endsWith('Ms')
const text = (name: string, value: number | null): string => (isTime(name) ? duration(value) : percent(value))

/** Why a target stands as it does. */
function reason({ name, value, limit, side, samples, state }: Goal): string {
  const than = `${side === 'below' ? 'under' : 'over'} ${text(name, limit)}`
  if (value === null) return `Wanted ${than}; nothing was measured yet`
  const of = `of ${plural(samples, 'sample')}`
  if (state === 'too_little_data') return `Wanted ${than}; ${count(samples)} samples say too little`
  return `Wanted ${than}, ${of}`
}

export function Targets({ target }: { target: Target }) {
  return (
    <section aria-label="Targets" className="targets" data-state={target.state}>
      {target.targets.map((goal) => {
        const Icon = ICONS[goal.state]
        return (
          <article key={goal.name} className="target" data-state={goal.state} data-name={goal.name}>
            <h3>{TITLES[goal.name] ?? goal.name}</h3>
            <p className="target-value">{text(goal.name, goal.value)}</p>
            <p className="target-state">
              <Icon aria-hidden /> {WORDS[goal.state]}
            </p>
            <p className="hint">{reason(goal)}</p>
          </article>
        )
      })}
    </section>
  )
}
