import { RefreshCw, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { NodeOutcome, SyncReport } from 'tauri-plugin-wallet-sync-api'
import { useDevice, useNow } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Badge, type Tone } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Notice } from '../parts/notice'
import { GoneCard } from '../restore/gone'
import { formatAmount } from '../text/amount'
import { NODE_OUTCOMES, sourceName, SYNC_OUTCOMES, TEXT } from '../text/en'
import { bytes, count, duration, shortId, words } from '../text/format'
import { balances, type Token } from '../wallet/balance'
import { cloudOf } from './cloud'
import { CLOUD_ICONS } from './cloud-button'
import { RemoveDialog } from './remove-dialog'
import { StepList } from './step-list'

const text = TEXT.sync

/** One device: what it has, what its last sync did. */
export function DevicePanel({ session, tokens }: { session: DeviceSession; tokens: readonly Token[] }) {
  const device = useDevice(session)
  const cloud = cloudOf(device, useNow())
  const [isRemoving, setRemoving] = useState(false)
  const sums = useMemo(() => balances(tokens), [tokens])
  const Icon = CLOUD_ICONS[cloud.kind]
  const { status, report, failure } = device
  if (!device.isOpen) return <GoneCard session={session} />

  return (
    <Card
      title={session.label}
      hint={text.hint(session.account)}
      className="device"
      actions={
        <>
          <Button
            look="primary"
            icon={<RefreshCw aria-hidden />}
            aria-label={text.syncName(session.label)}
            disabled={device.isAsked}
            onClick={() => void session.sync({ fresh: true, wait: 'verified' })}
          >
            {TEXT.app.syncNow}
          </Button>
          <Button look="ghost" icon={<Trash2 aria-hidden />} aria-label={text.removeName(session.label)} onClick={() => setRemoving(true)} />
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
          <dt>{text.balance}</dt>
          <dd>{sums.length === 0 ? '0' : sums.map(({ coin, spendable }) => `${formatAmount(spendable)} ${coin}`).join(', ')}</dd>
        </div>
        <div>
          <dt>{text.tokens}</dt>
          <dd data-count={status?.tokens.total ?? 0}>{count(status?.tokens.total ?? 0)}</dd>
        </div>
        <div>
          <dt>{text.own}</dt>
          <dd>{status === null || status.ack === 'none' ? text.noneYet : status.pending > 0 ? text.pending(status.pending) : TEXT.levels.title(status.ack, status.verifiedNodes, status.nodes)}</dd>
        </div>
        <div>
          <dt>{text.slot}</dt>
          <dd>{status?.slot ?? text.noneYet}</dd>
        </div>
      </dl>
      <StepList steps={device.steps} />
      {failure !== null && (
        <Notice tone="bad">
          {words(failure.code)}: {failure.message}
          {failure.retryable && text.retryable}
        </Notice>
      )}
      {report !== null && <Report report={report} />}
      {status !== null && status.highWater.length > 0 && (
        <>
          <h3 className="small-head">{text.names}</h3>
          <ul className="names">
            {status.highWater.map(({ name, sequence }) => (
              <li key={name}>
                <span className="mono">{shortId(name, 9)}</span>
                <span>{text.sequence(sequence)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {isRemoving && <RemoveDialog session={session} onClose={() => setRemoving(false)} />}
    </Card>
  )
}

const TONES: Record<NodeOutcome, Tone> = { found: 'good', absent: 'neutral', unreachable: 'bad', invalid: 'bad', skipped: 'neutral' }

function Report({ report }: { report: SyncReport }) {
  return (
    <>
      <h3 className="small-head">{text.last}</h3>
      <p className="hint">
        {text.report(SYNC_OUTCOMES[report.outcome], sourceName(report.source), duration(report.listMs), duration(report.elapsedMs))}
        {text.traffic(report.requests, bytes(report.bytesIn), bytes(report.bytesOut), report.added, report.spent)}
      </p>
      {report.warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      <ul className="node-outcomes">
        {report.nodes.map(({ id, outcome, ms, error }) => (
          <li key={id}>
            <span className="node-id">{shortId(id)}</span>
            <Badge tone={TONES[outcome]}>{NODE_OUTCOMES[outcome]}</Badge>
            <span className="hint">{error === null ? (outcome === 'skipped' ? '' : duration(ms)) : words(error)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
