import { ShieldCheck, ShieldX } from 'lucide-react'
import type { Rehearsal } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Waiting } from '../parts/waiting'
import { ago, TEXT } from '../text/en'
import { clock, count } from '../text/format'
import type { Rehearsed } from './proof'
import type { UnderWay } from './use-proof'

const text = TEXT.audit

/** 0–1; `null` where it is not known yet. */
export const shareOf = ({ progress }: UnderWay): number | null =>
  progress === null || progress.total === 0 ? null : Math.min(progress.checked / progress.total, 1)

interface Props {
  underWay: UnderWay | null
  rehearsed: Rehearsed | null
  /** That of this window. */
  rehearsal: Rehearsal | null
  onRehearse: () => void
}

export function RehearsalCard({ underWay, rehearsed, rehearsal, onRehearse }: Props) {
  const isRunning = underWay?.what === 'rehearsal'
  const Icon = rehearsed?.whole === false ? ShieldX : ShieldCheck
  return (
    <Card
      className="rehearsal"
      title={text.rehearse}
      hint={text.rehearseHint}
      actions={
        <Button icon={<ShieldCheck aria-hidden />} disabled={underWay !== null} onClick={onRehearse}>
          {text.rehearse}
        </Button>
      }
    >
      {isRunning && (
        <Waiting label={text.running.rehearsal} share={shareOf(underWay)}>
          {text.running.rehearsal}
          {underWay.progress !== null && `: ${text.blocks(underWay.progress.checked, underWay.progress.total)}`}
        </Waiting>
      )}
      <p className="rehearsed" data-is-whole={rehearsed?.whole ?? ''}>
        {rehearsed !== null && <Icon aria-hidden />}
        <span>{rehearsed === null ? text.never : text.rehearsed(ago(rehearsed.at, Date.now()), clock(rehearsed.at), rehearsed.words)}</span>
      </p>
      {rehearsal !== null && (
        <table className="compare">
          <caption className="visually-hidden">{text.compare}</caption>
          <thead>
            <tr>
              <td />
              <th scope="col" className="number">
                {text.here}
              </th>
              <th scope="col" className="number">
                {text.there}
              </th>
            </tr>
          </thead>
          <tbody>
            <Row name={text.rows.tokens} here={rehearsal.tokens.total} there={rehearsal.tokensThere.total} />
            <Row name={text.rows.entries} here={rehearsal.entries} there={rehearsal.entriesThere} />
            <Row name={text.rows.payloads} here={rehearsal.payloads} there={rehearsal.payloads - rehearsal.payloadsMissing} />
          </tbody>
        </table>
      )}
    </Card>
  )
}

function Row({ name, here, there }: { name: string; here: number; there: number }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number">{count(here)}</td>
      <td className="number" data-tone={there < here ? 'bad' : undefined}>
        {count(there)}
      </td>
    </tr>
  )
}
