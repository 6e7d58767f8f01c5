import { Check, CircleX, LoaderCircle, Minus, Stethoscope, X } from 'lucide-react'
import type { NodeFinding } from 'tauri-plugin-wallet-sync-api'
import { Badge } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { shortId } from '../text/format'
import { linesOf, verdictOf, type Line } from './abilities'

const ICONS: Record<Line['state'], typeof Check> = { able: Check, unable: CircleX, untried: Minus }
const SPOKEN: Record<Line['state'], string> = { able: 'passed', unable: 'failed', untried: 'not tried' }

interface Props {
  node: string
  /** `null` while the check is under way. */
  findings: readonly NodeFinding[] | null
  onAgain: () => void
  onClose: () => void
}

/** What one node is able to do, and what to change where it is not. */
export function CheckCard({ node, findings, onAgain, onClose }: Props) {
  const verdict = findings && verdictOf(findings)
  return (
    <Card
      className="node-check"
      title={`Check of ${shortId(node)}`}
      hint="Tried with blocks, pins and a record made for it; nothing of the wallet is touched, nothing stays pinned"
      actions={
        <>
          {verdict && <Badge tone={verdict.tone}>{verdict.text}</Badge>}
          <Button size="small" icon={<Stethoscope aria-hidden />} disabled={findings === null} onClick={onAgain}>
            Check again
          </Button>
          <Button size="small" look="ghost" icon={<X aria-hidden />} aria-label="Close the check" onClick={onClose} />
        </>
      }
    >
      {findings === null ? (
        <p className="node-checking" role="status">
          <LoaderCircle aria-hidden /> Trying everything that a sync asks of it
        </p>
      ) : (
        <ul className="abilities" data-node={node}>
          {linesOf(findings).map(({ ability, title, state, said, change }) => {
            const Icon = ICONS[state]
            return (
              <li key={ability} data-ability={ability} data-state={state}>
                <Icon aria-hidden />
                <span className="ability-title">
                  {title} <span className="visually-hidden">{SPOKEN[state]}</span>
                </span>
                <span className="ability-said">{said}</span>
                {change !== null && (
                  <p className="ability-change">
                    <strong>To change:</strong> {change}
                  </p>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </Card>
  )
}
