import { CircleCheck, CircleDashed, CircleX } from 'lucide-react'
import type { Goal, Target, TargetState } from 'tauri-plugin-wallet-sync-api'
import { TARGET_STATES, TEXT } from '../text/en'
import { duration, percent } from '../text/format'

const ICONS: Record<TargetState, typeof CircleCheck> = { met: CircleCheck, missed: CircleX, too_little_data: CircleDashed }
const words = TEXT.dashboard

const isTime = (name: string): boolean => name.endsWith('Ms')
const text = (name: string, value: number | null): string => (isTime(name) ? duration(value) : percent(value))

/** Why a target stands as it does. */
function reason({ name, value, limit, side, samples, state }: Goal): string {
  const than = side === 'below' ? words.under(text(name, limit)) : words.over(text(name, limit))
  if (value === null) return words.nothing(than)
  return state === 'too_little_data' ? words.tooLittle(than, samples) : words.of(than, samples)
}

export function Targets({ target }: { target: Target }) {
  return (
    <section aria-label={words.targets} className="targets" data-state={target.state}>
      {target.targets.map((goal) => {
        const Icon = ICONS[goal.state]
        return (
          <article key={goal.name} className="target" data-state={goal.state} data-name={goal.name}>
            <h2>{words.goals[goal.name] ?? goal.name}</h2>
            <p className="target-value">{text(goal.name, goal.value)}</p>
            <p className="target-state">
              <Icon aria-hidden /> {TARGET_STATES[goal.state]}
            </p>
            <p className="hint">{reason(goal)}</p>
          </article>
        )
      })}
    </section>
  )
}
