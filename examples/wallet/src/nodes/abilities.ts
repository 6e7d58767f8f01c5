/** What a check of a node found, as lines. */

import type { Ability, NodeFinding, NodeStatus } from 'tauri-plugin-wallet-sync-api'
import type { Tone } from '../parts/badge'
import { ABILITIES, NODE_ADVICE, TEXT } from '../text/en'

const text = TEXT.nodes

/** `said` of what was not tried says nothing: something before it failed. */
export interface Line {
  ability: Ability
  title: string
  state: 'able' | 'unable' | 'untried'
  said: string
  change: string | null
}

/** One for each ability, those that were not tried included: after a failure what builds on it is left out. */
export function linesOf(findings: readonly NodeFinding[]): Line[] {
  const abilities = Object.keys(ABILITIES) as Ability[]
  return abilities.map((ability) => {
    const found = findings.find((one) => one.ability === ability)
    const line = { ability, title: ABILITIES[ability] }
    if (found === undefined) return { ...line, state: 'untried', said: text.notTried, change: null }
    return { ...line, state: found.ok ? 'able' : 'unable', said: found.said, change: found.change }
  })
}

export function verdictOf(findings: readonly NodeFinding[]): { tone: Tone; text: string } {
  const failed = findings.filter(({ ok }) => !ok).length
  if (failed > 0) return { tone: 'bad', text: failed === 1 ? text.oneThing : text.things(failed) }
  if (findings.length < 2) return { tone: 'neutral', text: text.notFurther }
  return { tone: 'good', text: text.nothingToChange }
}

/** Where a check can only point to a page, the code of the failure says more. */
const POINTER = 'docs/'

/** What to change on a node: what a check says, else what its last failure hints at. A node that is well needs none. */
export function changesOf({ enabled, state, lastError }: NodeStatus, findings: readonly NodeFinding[] | null): string[] {
  const told = (findings ?? []).flatMap(({ ok, change, code }) => {
    if (ok || change === null) return []
    const advice = code !== null && change.includes(POINTER) ? NODE_ADVICE[code] : undefined
    return advice === undefined ? [change] : [advice, change]
  })
  if (told.length > 0) return [...new Set(told)]
  const advice = enabled && state !== 'up' && lastError !== null ? NODE_ADVICE[lastError] : undefined
  return advice === undefined ? [] : [advice]
}
