/** What happened to a device, as lines of its activity. */

import type { NodeStatus, Origin, SyncOutcome, WalletEvent, WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { NODE_STATES, sourceName, SYNC_OUTCOMES, TEXT } from '../text/en'
import { duration, shortId, words } from '../text/format'
import type { Tone } from '../parts/badge'

export type Kind = 'tokens' | 'backup' | 'nodes' | 'alerts'

export interface Happening {
  id: number
  at: number
  kind: Kind
  tone: Tone
  text: string
}

type Line = Pick<Happening, 'kind' | 'tone' | 'text'>

/** As many as a person scrolls through. */
const KEPT = 300
const text = TEXT.activity

/** The newest first, and not for ever. */
export function added(before: readonly Happening[], line: Line | null, at: number): readonly Happening[] {
  if (line === null) return before
  return [{ ...line, id: (before[0]?.id ?? 0) + 1, at }, ...before].slice(0, KEPT)
}

/** What an event says to a person; `null` for one that says nothing by itself. */
export function lineOf(event: WalletEvent, status: WalletStatus | null): Line | null {
  switch (event.event) {
    case 'tokens-changed': {
      const parts = [event.added > 0 ? text.added(event.added) : '', event.spent > 0 ? text.spent(event.spent) : ''].filter((part) => part !== '')
      const what = parts.length === 0 ? text.settings : parts.join(', ')
      return { kind: 'tokens', tone: 'neutral', text: event.origin ? text.from(what, deviceOf(event.origin), event.origin.by === 'push', lagOf(event)) : what }
    }
    case 'publish-changed': {
      const { ack, verifiedNodes } = event
      if (ack === 'verified') return { kind: 'backup', tone: 'good', text: text.level.verified(verifiedNodes, status?.nodes ?? verifiedNodes) }
      return { kind: 'backup', tone: ack === 'published' ? 'info' : 'warn', text: text.level[ack] }
    }
    case 'sync-changed':
      if (event.running || event.outcome === null) return null
      return { kind: 'backup', tone: toneOf(event.outcome), text: text.synced(SYNC_OUTCOMES[event.outcome], event.source === null || event.source === 'none' ? null : sourceName(event.source)) }
    case 'alert':
      return { kind: 'alerts', tone: 'bad', text: event.message }
    case 'lagged':
      return { kind: 'alerts', tone: 'warn', text: text.lagged(event.missed) }
    case 'closed':
      return { kind: 'backup', tone: 'neutral', text: text.closed }
    default:
      return null
  }
}

const deviceOf = ({ slot, label }: Origin): string => label ?? text.slot(slot)

/** How long another device's change took to come; nothing where the two clocks do not agree. */
const lagOf = ({ lagMs }: { lagMs?: number | null }): string | null => (lagMs === null || lagMs === undefined ? null : duration(lagMs))

const toneOf = (outcome: SyncOutcome): Tone =>
  outcome === 'offline' || outcome === 'partial' || outcome === 'read_only' ? 'warn' : outcome === 'up_to_date' ? 'neutral' : 'good'

const TONES = { up: 'good', failing: 'warn', down: 'bad', unknown: 'neutral' } as const

/** Nodes that became better or worse between two looks. */
export function nodeLines(before: readonly NodeStatus[] | null, now: readonly NodeStatus[]): Line[] {
  if (before === null) return []
  return now.flatMap((node): Line[] => {
    const was = before.find(({ id }) => id === node.id)
    if (was === undefined || (was.state === node.state && was.enabled === node.enabled)) return []
    const [name, state] = [shortId(node.id), node.enabled ? NODE_STATES[node.state].text : TEXT.nodes.outOfUse]
    const isIll = node.enabled && (node.state === 'failing' || node.state === 'down') && node.lastError !== null
    const said = isIll ? text.nodeError(name, state, words(node.lastError ?? '')) : text.node(name, state)
    return [{ kind: 'nodes', tone: node.enabled ? TONES[node.state] : 'neutral', text: said }]
  })
}
