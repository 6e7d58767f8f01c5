import { Check, CircleDashed, CircleX, LoaderCircle, Minus } from 'lucide-react'
import { TITLES, type Steps, type StepState } from './steps'

const ICONS: Record<StepState, typeof Check> = {
  waiting: CircleDashed,
  active: LoaderCircle,
  done: Check,
  skipped: Minus,
  failed: CircleX,
}

const SPOKEN: Record<StepState, string> = {
  waiting: 'not begun',
  active: 'under way',
  done: 'done',
  skipped: 'not needed',
  failed: 'failed',
}

/** A sync, step by step. */
export function StepList({ steps }: { steps: Steps }) {
  if (steps.length === 0) return null
  return (
    <ol className="steps">
      {steps.map(({ name, state, detail, share }) => {
        const Icon = ICONS[state]
        return (
          <li key={name} data-state={state}>
            <Icon aria-hidden />
            <span className="step-title">
              {TITLES[name]} <span className="visually-hidden">{SPOKEN[state]}</span>
            </span>
            <span className="step-detail">{state === 'skipped' ? 'not needed' : detail}</span>
            {state === 'active' && share !== null && <progress value={share} max={1} aria-label={TITLES[name]} />}
          </li>
        )
      })}
    </ol>
  )
}
