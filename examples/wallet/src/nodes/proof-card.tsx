import { Check, CircleX, LoaderCircle, Minus, ScanSearch, ShieldCheck, Wrench } from 'lucide-react'
import { Badge } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { ago, clock, count, shortId } from '../text/format'
import { auditVerdict, nodeLines, type NodeLine } from './proof'
import { useProof, type UnderWay } from './use-proof'

const ICONS: Record<NodeLine['state'], typeof Check> = { able: Check, unable: CircleX, untried: Minus }

const WORDS: Record<UnderWay['what'], string> = {
  audit: 'Reading what each node holds',
  repair: 'Putting back what is missing',
  rehearsal: 'Restoring into memory from the nodes alone',
}

/** Whether the backup is one: what each node's own store holds, and a restore that is only rehearsed. */
export function ProofCard({ account }: { account: string }) {
  const { underWay, report, rehearsed, audit, repair, rehearse } = useProof(account)
  const verdict = report && auditVerdict(report)
  const isBusy = underWay !== null
  return (
    <Card
      className="proof"
      title="Is the backup one?"
      hint="An audit asks every node what its own store holds. A rehearsal restores the wallet into memory, from the secret and the nodes alone; it changes nothing"
      actions={
        <>
          {verdict && <Badge tone={verdict.tone}>{verdict.text}</Badge>}
          <Button size="small" icon={<ScanSearch aria-hidden />} disabled={isBusy} onClick={audit}>
            Audit the nodes
          </Button>
          {verdict && verdict.tone !== 'good' && (
            <Button size="small" icon={<Wrench aria-hidden />} disabled={isBusy} onClick={repair}>
              Audit and repair
            </Button>
          )}
          <Button size="small" icon={<ShieldCheck aria-hidden />} disabled={isBusy} onClick={rehearse}>
            Rehearse a restore
          </Button>
        </>
      }
    >
      <p className="proof-rehearsed" data-is-whole={rehearsed?.whole ?? ''}>
        {rehearsed === null ? 'No restore was rehearsed yet.' : `Rehearsed ${ago(rehearsed.at, Date.now())} (${clock(rehearsed.at)}): ${rehearsed.words}.`}
      </p>
      {underWay !== null && (
        <p className="node-checking" role="status">
          <LoaderCircle aria-hidden /> {WORDS[underWay.what]}
          {underWay.progress !== null && `: ${count(underWay.progress.checked)} of ${count(underWay.progress.total)} blocks`}
        </p>
      )}
      {report !== null && (
        <ul className="abilities">
          {nodeLines(report).map(({ node, state, said }) => {
            const Icon = ICONS[state]
            return (
              <li key={node} data-audited={node} data-state={state}>
                <Icon aria-hidden />
                <span className="ability-title">{shortId(node)}</span>
                <span className="ability-said">{said}</span>
              </li>
            )
          })}
        </ul>
      )}
    </Card>
  )
}
