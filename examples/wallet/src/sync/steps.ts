/** The steps of a sync as a person sees them. */

import type { Progress } from 'tauri-plugin-wallet-sync-api'
import { TEXT } from '../text/en'

export type StepName = 'reading' | 'listed' | 'fetching' | 'publishing'
export type StepState = 'waiting' | 'active' | 'done' | 'skipped' | 'failed'

export interface Step {
  name: StepName
  state: StepState
  detail: string
  /** 0–1 where it can be told. */
  share: number | null
}

export type Steps = readonly Step[]

/** Beside the plugin's own: begun, ended with a report, failed. */
type News = Progress | { step: 'asked' } | ({ step: 'ended' } & End) | { step: 'failed' }

/** What a sync's report says of its last steps. */
interface End {
  missing: number
  /** Nodes that are proven, of those there are. */
  verified: number
  nodes: number
}

const ORDER: readonly StepName[] = ['reading', 'listed', 'fetching', 'publishing']

const text = TEXT.steps

export const NO_STEPS: Steps = []

const fresh = (): Step[] => ORDER.map((name) => ({ name, state: 'waiting', detail: '', share: null }))

/** The steps after one message. Steps that were passed over are done if they were begun, else skipped. */
export function advance(steps: Steps, news: News): Steps {
  if (news.step === 'asked') return fresh()
  const now = steps.length === 0 ? fresh() : steps.map((step) => ({ ...step }))
  if (news.step === 'finished') return now.map((step) => ({ ...step, state: settled(step) }))
  if (news.step === 'ended') return now.map((step) => ended(step, news))
  if (news.step === 'failed') {
    return now.map((step) => ({ ...step, state: step.state === 'active' ? 'failed' : settled(step) }))
  }
  const at = ORDER.indexOf(news.step)
  return now.map((step, index) => {
    if (index < at) return { ...step, state: settled(step) }
    if (index > at) return step
    return { ...step, state: news.step === 'listed' ? 'done' : 'active', detail: detail(news), share: share(news) }
  })
}

const settled = ({ state }: Step): StepState => (state === 'active' || state === 'done' ? 'done' : state === 'failed' ? 'failed' : 'skipped')

/** The last count on the way is not the last count. */
function ended(step: Step, { missing, verified, nodes }: End): Step {
  const state = settled(step)
  if (state !== 'done') return { ...step, state }
  if (step.name === 'fetching') return { ...step, state, detail: missing === 0 ? text.allHere : text.missing(missing) }
  if (step.name === 'publishing') return { ...step, state, detail: verified === 0 ? text.goesOn : text.proven(verified, nodes) }
  return { ...step, state }
}

function detail(progress: Progress): string {
  switch (progress.step) {
    case 'reading':
      return text.names(progress.names)
    case 'listed':
      return progress.added === 0 ? text.nothingNew : text.added(progress.added)
    case 'fetching':
      return progress.total === 0 ? text.allHere : text.of(progress.done, progress.total)
    case 'publishing':
      return text.proven(progress.verified, progress.nodes)
    case 'finished':
      return ''
  }
}

function share(progress: Progress): number | null {
  if (progress.step === 'fetching') return progress.total === 0 ? 1 : progress.done / progress.total
  if (progress.step === 'publishing') return progress.nodes === 0 ? null : progress.verified / progress.nodes
  return null
}
