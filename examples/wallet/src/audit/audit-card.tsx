import { Check, CircleX, Minus, ScanSearch, Wrench } from 'lucide-react'
import { useState } from 'react'
import type { AuditReport } from 'tauri-plugin-wallet-sync-api'
import { Badge } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Notice } from '../parts/notice'
import { Switch } from '../parts/switch'
import { Waiting } from '../parts/waiting'
import { TEXT } from '../text/en'
import { shortId } from '../text/format'
import { auditVerdict, nodeLines, type Cell } from './proof'
import { shareOf } from './rehearsal-card'
import type { UnderWay } from './use-proof'

const text = TEXT.audit
const ICONS: Record<Cell['state'], typeof Check> = { able: Check, unable: CircleX, untried: Minus }
const COLUMNS = ['record', 'beacon', 'pin', 'root', 'blocks'] as const

interface Props {
  underWay: UnderWay | null
  report: AuditReport | null
  onAudit: (all: boolean) => void
  onRepair: (all: boolean) => void
}

/** What each node's own store holds. */
export function AuditCard({ underWay, report, onAudit, onRepair }: Props) {
  const [isAll, setAll] = useState(false)
  const verdict = report && auditVerdict(report)
  const isBusy = underWay !== null
  return (
    <Card
      className="audit-nodes"
      title={text.nodes}
      hint={text.nodesHint}
      actions={
        <>
          <Switch label={text.all} isOn={isAll} onChange={setAll} />
          {verdict && verdict.tone !== 'good' && (
            <Button icon={<Wrench aria-hidden />} disabled={isBusy} onClick={() => onRepair(isAll)}>
              {text.repair}
            </Button>
          )}
          <Button look="primary" icon={<ScanSearch aria-hidden />} disabled={isBusy} onClick={() => onAudit(isAll)}>
            {text.run}
          </Button>
        </>
      }
    >
      {underWay !== null && underWay.what !== 'rehearsal' && (
        <Waiting label={text.running[underWay.what]} share={shareOf(underWay)}>
          {text.running[underWay.what]}
          {underWay.progress !== null && `: ${text.blocks(underWay.progress.checked, underWay.progress.total)}`}
        </Waiting>
      )}
      {report === null ? (
        !isBusy && <p className="hint">{text.notYet}</p>
      ) : (
        <>
          <p className="audit-verdict" data-tone={verdict?.tone}>
            <Badge tone={verdict?.tone ?? 'neutral'}>{verdict?.text}</Badge> {report.safe ? text.safe(report.needed) : text.unsafe(report.needed)}
          </p>
          {report.unpublished > 0 && <Notice tone="warn">{text.unpublished(report.unpublished)}</Notice>}
          <AuditTable report={report} />
        </>
      )}
    </Card>
  )
}

function AuditTable({ report }: { report: AuditReport }) {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={text.table}>
      <table className="audit-table">
        <thead>
          <tr>
            {(['node', ...COLUMNS, 'result'] as const).map((column) => (
              <th key={column} scope="col">
                {text.columns[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodeLines(report).map(({ node, state, cells, result }) => (
            <tr key={node} data-audited={node} data-state={state}>
              <th scope="row">{shortId(node)}</th>
              {COLUMNS.map((column) => (
                <td key={column}>
                  <Said {...cells[column]} />
                </td>
              ))}
              <td data-state={state}>
                <Said state={state} said={result} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Said({ state, said }: Cell) {
  const Icon = ICONS[state]
  return (
    <span className="cell" data-state={state}>
      <Icon aria-hidden /> {said}
    </span>
  )
}
