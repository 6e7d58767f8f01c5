import { Check, CircleDashed, CircleX, LoaderCircle, Minus } from 'lucide-react'
import { TEXT } from '../text/en'
import type { Steps, StepState } from './steps'

const ICONS: Record<StepState, typeof Check> = {
  waiting: CircleDashed,
  active: LoaderCircle,
  done: Check,
  skipped: Minus,
  failed: CircleX,
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
              {TEXT.steps[name]} <span className="visually-hidden">{TEXT.steps.spoken[state]}</span>
            </span>
            <span className="step-detail">{state === 'skipped' ? TEXT.steps.notNeeded : detail}</span>
            {state === 'active' && share !== null && <progress value={share} max={1} aria-label={TEXT.steps[name]} />}
          </li>
        )
      })}
    </ol>
  )
}
