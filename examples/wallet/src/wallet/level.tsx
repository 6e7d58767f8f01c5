import { CircleHelp, GitFork, HardDrive, ShieldCheck, Upload } from 'lucide-react'
import { memo } from 'react'
import type { Ack, TokenRow } from 'tauri-plugin-wallet-sync-api'
import { Badge, type Tone } from '../parts/badge'
import { TEXT } from '../text/en'

/** Nodes that hold the newest state, of those that are configured. */
export interface Proven {
  on: number
  of: number
}

const TONES: Record<Ack, Tone> = { verified: 'good', published: 'info', local: 'warn', none: 'warn' }
const ICONS = { verified: ShieldCheck, published: Upload, local: HardDrive, none: HardDrive } as const

/** What a level means for the person who owns the token. */
export const LevelBadge = memo(function LevelBadge({ ack, proven: { on, of } }: { ack: Ack; proven: Proven }) {
  const Icon = ICONS[ack]
  return (
    <Badge tone={TONES[ack]} icon={<Icon aria-hidden />} title={TEXT.levels.meaning(ack, of)}>
      {TEXT.levels.title(ack, on, of)}
    </Badge>
  )
})

const text = TEXT.marks

/** What is out of the ordinary about a token. */
export function Marks({ row }: { row: TokenRow }) {
  return (
    <>
      {row.spend === 'intent' && (
        <Badge tone="warn" icon={<CircleHelp aria-hidden />} title={text.suspectTitle}>
          {text.suspect}
        </Badge>
      )}
      {row.spend === 'proof' && <Badge title={text.spentTitle}>{text.spent}</Badge>}
      {row.forked && (
        <Badge tone="fork" icon={<GitFork aria-hidden />} title={text.forkedTitle}>
          {text.forked}
        </Badge>
      )}
      {!row.hasPayload && row.spend !== 'proof' && (
        <Badge tone="info" title={text.onItsWayTitle}>
          {text.onItsWay}
        </Badge>
      )}
    </>
  )
}
