import { ArrowLeft, Check, CircleX, Minus, Stethoscope, Wrench } from 'lucide-react'
import type { NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { useDevice, useDevices } from '../device/devices'
import type { Fault, Illness } from '../native'
import { Badge } from '../parts/badge'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Waiting } from '../parts/waiting'
import { NODE_OUTCOMES, TEXT } from '../text/en'
import { capital, duration, percent, shortId, words } from '../text/format'
import { changesOf, linesOf, verdictOf, type Line } from './abilities'
import { FaultSwitches } from './faults'
import { StateBadge } from './state-badge'
import type { Check as NodeCheck } from './use-check'
import { UseSwitch } from './use-switch'

const text = TEXT.nodes
const ICONS: Record<Line['state'], typeof Check> = { able: Check, unable: CircleX, untried: Minus }

interface Props {
  node: NodeStatus
  /** `null` where the node is the user's own. */
  faults: readonly Fault[] | null
  onFaults: (illnesses: Illness[] | null) => void
  onChange: () => void
  check: NodeCheck
  onBack: () => void
}

/** One node: how it is doing, what it is able to do, what to change. */
export function NodePage({ node, faults, onFaults, onChange, check, onBack }: Props) {
  const { shown } = useDevices()
  const { report } = useDevice(shown)
  const title = shortId(node.id)
  const part = report?.nodes.find(({ id }) => id === node.id)
  const figures = [
    { name: text.p50, value: duration(node.p50Ms) },
    { name: text.p95, value: duration(node.p95Ms) },
    { name: text.success, value: percent(node.successRate) },
    { name: text.failures, value: node.lastError === null ? text.noError : words(node.lastError) },
    { name: text.writes, value: node.writable ? text.yes : text.no },
    { name: text.lastSync, value: part === undefined ? text.notSynced : `${NODE_OUTCOMES[part.outcome]}${part.outcome === 'skipped' ? '' : `, ${duration(part.ms)}`}` },
  ]
  return (
    <div className="screen node-page" data-node-page={node.id}>
      <div className="toolbar node-page-head">
        <Button look="ghost" icon={<ArrowLeft aria-hidden />} onClick={onBack} autoFocus>
          {text.back}
        </Button>
        <h2 className="node-page-title">{title}</h2>
        <StateBadge node={node} />
        <UseSwitch account={shown.account} node={node} onChange={onChange} />
      </div>
      <div className="pair">
        <Card title={text.how} hint={text.howHint}>
          <dl className="figures">
            {figures.map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <Changes node={node} check={check} />
      </div>
      <Abilities node={node} check={check} />
      {faults !== null && (
        <Card title={text.illness} hint={text.illnessHint}>
          <div className="fault-row">
            <FaultSwitches node={node.id} title={title} faults={faults} onFaults={onFaults} />
          </div>
        </Card>
      )}
    </div>
  )
}

function Changes({ node, check }: { node: NodeStatus; check: NodeCheck }) {
  const changes = changesOf(node, check.of(node.id))
  return (
    <Card title={text.change} className="changes">
      {changes.length === 0 ? (
        <p className="hint">{text.nothing}</p>
      ) : (
        <ul>
          {changes.map((change) => (
            <li key={change}>
              <Wrench aria-hidden /> {capital(change)}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Abilities({ node, check }: { node: NodeStatus; check: NodeCheck }) {
  const findings = check.of(node.id)
  const verdict = findings && verdictOf(findings)
  const isRunning = check.running === node.id
  const verb = findings === null ? text.check : text.checkAgain
  return (
    <Card
      className="node-check"
      title={text.abilities}
      hint={text.abilitiesHint}
      actions={
        <>
          {verdict && !isRunning && <Badge tone={verdict.tone}>{verdict.text}</Badge>}
          <Button
            icon={<Stethoscope aria-hidden />}
            aria-label={text.checkName(verb, shortId(node.id))}
            disabled={check.running !== null}
            onClick={() => check.run(node.id)}
          >
            {verb}
          </Button>
        </>
      }
    >
      {isRunning ? (
        <Waiting label={text.checking}>{text.checking}</Waiting>
      ) : findings === null ? (
        <p className="hint">{text.unchecked}</p>
      ) : (
        <ul className="abilities" data-node={node.id}>
          {linesOf(findings).map((line) => (
            <AbilityLine key={line.ability} line={line} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function AbilityLine({ line: { ability, title, state, said } }: { line: Line }) {
  const Icon = ICONS[state]
  return (
    <li data-ability={ability} data-state={state}>
      <Icon aria-hidden />
      <span className="ability-title">
        {title} <span className="visually-hidden">{text.spoken[state]}</span>
      </span>
      <span className="ability-said">{said}</span>
    </li>
  )
}
