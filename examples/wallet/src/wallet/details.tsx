/** One token: everything that is known of it, and what can be done with it. */

import { Eye, GitFork, Send, Tag } from 'lucide-react'
import { useState } from 'react'
import { getToken, putTokens, recordSpend, setEntry, type SpendKind } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { useSay } from '../parts/toast'
import { formatAmount } from '../text/amount'
import { bytes } from '../text/format'
import type { Token } from './balance'
import { LABEL } from './inventory'
import { LevelBadge, Marks } from './level'
import { makeToken } from './make'

interface Props {
  account: string
  token: Token
  verifiedNodes: number
  onClose: () => void
}

export function Details({ account, token, verifiedNodes, onClose }: Props) {
  const { row, summary } = token
  return (
    <Dialog title={summary ? `${formatAmount(summary.amount)} ${summary.coin}` : 'Token'} onClose={onClose} side>
      <p className="details-marks">
        <LevelBadge ack={row.ack} verifiedNodes={verifiedNodes} />
        <Marks row={row} />
      </p>
      <LabelForm account={account} token={token} />
      <SpendForm account={account} token={token} />
      <Payload account={account} token={token} />
      <dl className="facts">
        <dt>Token</dt>
        <dd className="mono">{row.tokenId}</dd>
        <dt>State</dt>
        <dd className="mono">{row.stateHash}</dd>
        <dt>Follows</dt>
        <dd className="mono">{row.previous ?? 'nothing: the first state'}</dd>
        <dt>Summary</dt>
        <dd>{row.summary ?? 'none'}</dd>
        <dt>Payload</dt>
        <dd>
          {bytes(row.size)}, {row.hasPayload ? 'on this disk' : 'on the nodes'}
        </dd>
      </dl>
      <ForkForm account={account} token={token} />
    </Dialog>
  )
}

function LabelForm({ account, token }: { account: string; token: Token }) {
  const say = useSay()
  const [text, setText] = useState(token.label)
  return (
    <form
      className="form-row"
      onSubmit={(event) => {
        event.preventDefault()
        setEntry(account, LABEL + token.row.tokenId, text.trim()).then(
          () => say.done('Label on this disk; it syncs to the other devices'),
          (error: unknown) => say.failed('Not labelled', error),
        )
      }}
    >
      <label>
        Label
        <input value={text} maxLength={80} placeholder="A name of your own" onChange={(event) => setText(event.target.value)} />
      </label>
      <Button type="submit" icon={<Tag aria-hidden />} disabled={text.trim() === token.label}>
        Save
      </Button>
    </form>
  )
}

const SPEND_HINTS = {
  none: 'First the intent, with all that is needed to finish or undo the spend. The token is then suspect: listed, not offered.',
  intent: 'The intent is on disk. Once the ledger has the spend, record its proof; the token is then gone for good, on every device.',
  proof: 'Proven spent. No node and no device can bring it back.',
} as const

function SpendForm({ account, token: { row, summary } }: { account: string; token: Token }) {
  const say = useSay()
  const [isBusy, setBusy] = useState(false)
  const next: SpendKind = row.spend === 'none' ? 'intent' : 'proof'

  async function record(): Promise<void> {
    setBusy(true)
    const evidence = JSON.stringify({ kind: next, of: row.stateHash, amount: summary?.coin ?? null, salt: crypto.randomUUID() })
    try {
      const { known } = await recordSpend(account, row.tokenId, row.stateHash, next, evidence)
      if (!known) say.failed('Kept, but nothing is spent by it', new Error('this device has no such state'))
      else say.done(next === 'intent' ? 'Intent on disk: the token is no longer offered' : 'Proof on disk: the token is spent')
    } catch (error) {
      say.failed('Not recorded', error)
    }
    setBusy(false)
  }

  return (
    <section className="details-part" aria-label="Spend">
      <ol className="spend-steps">
        <li data-state={row.spend === 'none' ? 'active' : 'done'}>Intent</li>
        <li data-state={row.spend === 'intent' ? 'active' : row.spend === 'proof' ? 'done' : 'waiting'}>Proof</li>
        <li data-state={row.spend === 'proof' ? 'done' : 'waiting'}>Spent</li>
      </ol>
      <p className="hint">{SPEND_HINTS[row.spend]}</p>
      {row.spend !== 'proof' && (
        <Button look="primary" icon={<Send aria-hidden />} disabled={isBusy} onClick={() => void record()}>
          {next === 'intent' ? 'Spend: record the intent' : 'Record the proof'}
        </Button>
      )}
    </section>
  )
}

function Payload({ account, token: { row } }: { account: string; token: Token }) {
  const say = useSay()
  const [text, setText] = useState<string | null>(null)
  if (text !== null) {
    return (
      <section className="details-part" aria-label="Payload">
        <pre className="payload" tabIndex={0}>
          {text}
        </pre>
        <Button size="small" onClick={() => setText(null)}>
          Hide
        </Button>
      </section>
    )
  }
  return (
    <section className="details-part" aria-label="Payload">
      <p className="hint">The payload is the money: who sees it can spend it.</p>
      <Button
        icon={<Eye aria-hidden />}
        onClick={() => {
          getToken(account, row.tokenId, row.stateHash).then(
            (payload) => setText(new TextDecoder().decode(payload)),
            (error: unknown) => say.failed('No payload', error),
          )
        }}
      >
        Show the payload
      </Button>
    </section>
  )
}

/** What happens when two devices bring different states of one token. */
function ForkForm({ account, token: { row, summary } }: { account: string; token: Token }) {
  const say = useSay()
  if (summary === null || row.spend === 'proof') return null
  return (
    <section className="details-part" aria-label="Fork">
      <p className="hint">To see a fork: a second live state of this token, as a device that was cloned would bring it.</p>
      <Button
        size="small"
        icon={<GitFork aria-hidden />}
        onClick={() => {
          putTokens(account, [makeToken(row.tokenId, summary.amount, summary.coin, summary.memo)]).then(
            () => say.done('Two live states of this token are known now'),
            (error: unknown) => say.failed('No fork', error),
          )
        }}
      >
        Make a rival state
      </Button>
    </section>
  )
}
