/** One token: everything that is known of it, and what can be done with it. */

import { Eye, GitFork, Send, Tag } from 'lucide-react'
import { useState } from 'react'
import { getToken, putTokens, recordSpend, setEntry, type SpendKind } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { useSay } from '../parts/toast'
import { formatAmount } from '../text/amount'
import { TEXT } from '../text/en'
import { bytes } from '../text/format'
import type { Token } from './balance'
import { LABEL } from './inventory'
import { LevelBadge, Marks, type Proven } from './level'
import { makeToken } from './make'

const text = TEXT.token

interface Props {
  account: string
  token: Token
  proven: Proven
  onClose: () => void
}

export function Details({ account, token, proven, onClose }: Props) {
  const { row, summary } = token
  return (
    <Dialog title={summary ? `${formatAmount(summary.amount)} ${summary.coin}` : text.title} onClose={onClose} look="side">
      <p className="details-marks">
        <LevelBadge ack={row.ack} proven={proven} />
        <Marks row={row} />
      </p>
      <LabelForm account={account} token={token} />
      <SpendForm account={account} token={token} />
      <Payload account={account} token={token} />
      <dl className="facts">
        <dt>{text.facts.token}</dt>
        <dd className="mono">{row.tokenId}</dd>
        <dt>{text.facts.state}</dt>
        <dd className="mono">{row.stateHash}</dd>
        <dt>{text.facts.follows}</dt>
        <dd className="mono">{row.previous ?? text.facts.first}</dd>
        <dt>{text.facts.summary}</dt>
        <dd>{row.summary ?? text.facts.none}</dd>
        <dt>{text.facts.payload}</dt>
        <dd>
          {bytes(row.size)}, {row.hasPayload ? text.facts.onDisk : text.facts.onNodes}
        </dd>
      </dl>
      <ForkForm account={account} token={token} />
    </Dialog>
  )
}

function LabelForm({ account, token }: { account: string; token: Token }) {
  const say = useSay()
  const [label, setLabel] = useState(token.label)
  return (
    <form
      className="form-row"
      onSubmit={(event) => {
        event.preventDefault()
        setEntry(account, LABEL + token.row.tokenId, label.trim()).then(
          () => say.done(text.labelled),
          (error: unknown) => say.failed(text.notLabelled, error),
        )
      }}
    >
      <label>
        {text.label}
        <input value={label} maxLength={80} placeholder={text.labelHint} onChange={(event) => setLabel(event.target.value)} />
      </label>
      <Button type="submit" icon={<Tag aria-hidden />} disabled={label.trim() === token.label}>
        {text.save}
      </Button>
    </form>
  )
}

function SpendForm({ account, token: { row, summary } }: { account: string; token: Token }) {
  const say = useSay()
  const [isBusy, setBusy] = useState(false)
  const next: SpendKind = row.spend === 'none' ? 'intent' : 'proof'

  async function record(): Promise<void> {
    setBusy(true)
    const evidence = JSON.stringify({ kind: next, of: row.stateHash, amount: summary?.coin ?? null, salt: crypto.randomUUID() })
    try {
      const { known } = await recordSpend(account, row.tokenId, row.stateHash, next, evidence)
      if (!known) say.failed(text.unknown, new Error(text.unknownWhy))
      else say.done(next === 'intent' ? text.intentDone : text.proofDone)
    } catch (error) {
      say.failed(text.notRecorded, error)
    }
    setBusy(false)
  }

  return (
    <section className="details-part" aria-label={text.spend}>
      <ol className="spend-steps">
        <li data-state={row.spend === 'none' ? 'active' : 'done'}>{text.steps.intent}</li>
        <li data-state={row.spend === 'intent' ? 'active' : row.spend === 'proof' ? 'done' : 'waiting'}>{text.steps.proof}</li>
        <li data-state={row.spend === 'proof' ? 'done' : 'waiting'}>{text.steps.spent}</li>
      </ol>
      <p className="hint">{text.hints[row.spend]}</p>
      {row.spend !== 'proof' && (
        <Button look="primary" icon={<Send aria-hidden />} disabled={isBusy} onClick={() => void record()}>
          {next === 'intent' ? text.recordIntent : text.recordProof}
        </Button>
      )}
    </section>
  )
}

function Payload({ account, token: { row } }: { account: string; token: Token }) {
  const say = useSay()
  const [payload, setPayload] = useState<string | null>(null)
  if (payload !== null) {
    return (
      <section className="details-part" aria-label={text.payload}>
        <pre className="payload" tabIndex={0}>
          {payload}
        </pre>
        <Button size="small" onClick={() => setPayload(null)}>
          {text.hide}
        </Button>
      </section>
    )
  }
  return (
    <section className="details-part" aria-label={text.payload}>
      <p className="hint">{text.payloadHint}</p>
      <Button
        icon={<Eye aria-hidden />}
        onClick={() => {
          getToken(account, row.tokenId, row.stateHash).then(
            (bytes) => setPayload(new TextDecoder().decode(bytes)),
            (error: unknown) => say.failed(text.noPayload, error),
          )
        }}
      >
        {text.showPayload}
      </Button>
    </section>
  )
}

/** What happens when two devices bring different states of one token. */
function ForkForm({ account, token: { row, summary } }: { account: string; token: Token }) {
  const say = useSay()
  if (summary === null || row.spend === 'proof') return null
  return (
    <section className="details-part" aria-label={text.fork}>
      <p className="hint">{text.forkHint}</p>
      <Button
        size="small"
        icon={<GitFork aria-hidden />}
        onClick={() => {
          putTokens(account, [makeToken(row.tokenId, summary.amount, summary.coin, summary.memo)]).then(
            () => say.done(text.forked),
            (error: unknown) => say.failed(text.notForked, error),
          )
        }}
      >
        {text.makeRival}
      </Button>
    </section>
  )
}
