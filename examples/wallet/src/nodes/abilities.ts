/** What a check of a node found, as lines. */

import type { Ability, NodeFinding } from 'tauri-plugin-wallet-sync-api'
import type { Tone } from '../parts/badge'

const TITLES: Record<Ability, string> = {
  connection: 'Connection',
  version: 'Version',
  clock: 'Clock',
  machine: 'Machine',
  blocks: 'Blocks',
  pins: 'Pins',
  records: 'Records',
  bodies: 'Large uploads',
}

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
  const abilities = Object.keys(TITLES) as Ability[]
  return abilities.map((ability) => {
    const found = findings.find((one) => one.ability === ability)
    const line = { ability, title: TITLES[ability] }
    if (found === undefined) return { ...line, state: 'untried', said: 'not tried', change: null }
    return { ...line, state: found.ok ? 'able' : 'unable', said: found.said, change: found.change }
  })
}

export function verdictOf(findings: readonly NodeFinding[]): { tone: Tone; text: string } {
  const failed = findings.filter(({ ok }) => !ok).length
  if (failed > 0) return { tone: 'bad', text: failed === 1 ? 'One thing to change' : `${failed} things to change` }
  if (findings.length < 2) return { tone: 'neutral', text: 'Not checked further' }
  return { tone: 'good', text: 'Nothing to change' }
}
