import { RefreshCw, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { NodeOutcome, SyncReport } from 'tauri-plugin-wallet-sync-api'
import { useDevice, useNow } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Badge, type Tone } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { formatAmount } from '../text/amount'
import { bytes, count, duration, plural, shortId, sourceName, words } from '../text/format'
import { balances, type Token } from '../wallet/balance'
import { cloudOf } from './cloud'
import { CLOUD_ICONS } from './cloud-button'
import { RemoveDialog, RestoreCard } from './remove-dialog'
import { StepList } from './step-list'

/** One device: what it has, what its last sync did. */
export function DevicePanel({ session, tokens }: { session: DeviceSession; tokens: readonly Token[] }) {
  const device = useDevice(session)
  const cloud = cloudOf(device, useNow())
  const [isRemoving, setRemoving] = useState(false)
  const sums = useMemo(() => balances(tokens), [tokens])
  const Icon = CLOUD_ICONS[cloud.kind]
  const { status, report, failure } = device
  if (!device.isOpen) return <RestoreCard session={session} />

  return (
    <Card
      title={session.label}
      hint={`Folder of its own: ${session.account}`}
      className="device"
      actions={
        <>
          <Button
            look="primary"
            icon={<RefreshCw aria-hidden />}
            aria-label={`Sync ${session.label}`}
            disabled={device.isAsked}
            onClick={() => void session.sync({ fresh: true, wait: 'verified' })}
          >
            Sync now
          </Button>
          <Button look="ghost" icon={<Trash2 aria-hidden />} aria-label={`Remove ${session.label} from this machine`} onClick={() => setRemoving(true)} />
        </>
      }
    >
      <div className="device-state" data-kind={cloud.kind} data-account={session.account}>
        <Icon aria-hidden />
        <div>
          <p className="device-title">{cloud.title}</p>
          <p className="hint">{cloud.detail}</p>
        </div>
      </div>
      <dl className="figures">
        <div>
          <dt>Balance</dt>
          <dd>{sums.length === 0 ? '0' : sums.map(({ coin, spendable }) => `${formatAmount(spendable)} ${coin}`).join(', ')}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd data-count={status?.tokens.total ?? 0}>{count(status?.tokens.total ?? 0)}</dd>
        </div>
        <div>
          <dt>Own changes</dt>
          <dd>{status === null || status.ack === 'none' ? 'none yet' : status.pending > 0 ? `${count(status.pending)} pending` : words(status.ack)}</dd>
        </div>
        <div>
          <dt>Slot</dt>
          <dd>{status?.slot ?? 'none yet'}</dd>
        </div>
      </dl>
      <StepList steps={device.steps} />
      {failure !== null && (
        <p className="notice" data-tone="bad" role="alert">
          {words(failure.code)}: {failure.message}
          {failure.retryable && '. Trying again later can help.'}
        </p>
      )}
      {report !== null && <Report report={report} />}
      {status !== null && status.highWater.length > 0 && (
        <>
          <h3 className="small-head">Names it knows</h3>
          <ul className="names">
            {status.highWater.map(({ name, sequence }) => (
              <li key={name}>
                <span className="mono">{shortId(name, 9)}</span>
                <span>sequence {sequence}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {isRemoving && <RemoveDialog session={session} onClose={() => setRemoving(false)} />}
    </Card>
  )
}

const OUTCOMES: Record<NodeOutcome, { tone: Tone; text: string }> = {
  found: { tone: 'good', text: 'record found' },
  absent: { tone: 'neutral', text: 'has none' },
  unreachable: { tone: 'bad', text: 'no answer' },
  invalid: { tone: 'bad', text: 'failed the check' },
  skipped: { tone: 'neutral', text: 'not asked' },
}

function Report({ report }: { report: SyncReport }) {
  return (
    <>
      <h3 className="small-head">Last sync from here</h3>
      <p className="hint">
        {words(report.outcome)}, {sourceName(report.source)}: list after {duration(report.listMs)}, all after {duration(report.elapsedMs)}.{' '}
        {plural(report.requests, 'request')}, {bytes(report.bytesIn)} in, {bytes(report.bytesOut)} out. {count(report.added)} new, {count(report.spent)} spent.
      </p>
      {report.warnings.map((warning) => (
        <p key={warning} className="notice" data-tone="warn">
          {warning}
        </p>
      ))}
      <ul className="node-outcomes">
        {report.nodes.map(({ id, outcome, ms, error }) => (
          <li key={id}>
            <span className="node-id">{shortId(id)}</span>
            <Badge tone={OUTCOMES[outcome].tone}>{OUTCOMES[outcome].text}</Badge>
            <span className="hint">{error === null ? (outcome === 'skipped' ? '' : duration(ms)) : words(error)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
