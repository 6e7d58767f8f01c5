import { CircleHelp, GitFork, HardDrive, ShieldCheck, Upload } from 'lucide-react'
import type { Ack, TokenRow } from 'tauri-plugin-wallet-sync-api'
import { Badge, type Tone } from '../parts/badge'

interface Level {
  tone: Tone
  text: string
  title: string
}

/** What a level means for the person who owns the token. */
export function levelOf(ack: Ack, verifiedNodes: number): Level {
  switch (ack) {
    case 'verified':
      return {
        tone: 'good',
        text: verifiedNodes > 0 ? `Verified on ${verifiedNodes}` : 'Verified',
        title: 'Read back from the nodes after it was pinned',
      }
    case 'published':
      return { tone: 'info', text: 'Published', title: 'At least one node holds it; not read back from enough yet' }
    default:
      return { tone: 'warn', text: 'On this disk', title: 'On this disk only: no backup yet' }
  }
}

const ICONS = { verified: ShieldCheck, published: Upload, local: HardDrive, none: HardDrive } as const

export function LevelBadge({ ack, verifiedNodes }: { ack: Ack; verifiedNodes: number }) {
  const { tone, text, title } = levelOf(ack, verifiedNodes)
  const Icon = ICONS[ack]
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />} title={title}>
      {text}
    </Badge>
  )
}

/** What is out of the ordinary about a token. */
export function Marks({ row }: { row: TokenRow }) {
  return (
    <>
      {row.spend === 'intent' && (
        <Badge tone="warn" icon={<CircleHelp aria-hidden />} title="A spend was begun and has no proof: not offered">
          Suspect
        </Badge>
      )}
      {row.spend === 'proof' && <Badge title="Proven spent">Spent</Badge>}
      {row.forked && (
        <Badge tone="fork" icon={<GitFork aria-hidden />} title="Two live states of this token are known">
          Forked
        </Badge>
      )}
      {!row.hasPayload && row.spend !== 'proof' && (
        <Badge tone="info" title="Listed; its bytes are not on this disk yet">
          Payload on its way
        </Badge>
      )}
    </>
  )
}
