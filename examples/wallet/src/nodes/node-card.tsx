import { Server, Stethoscope } from 'lucide-react'
import { setNodeEnabled, type NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { setFault, type Fault, type Illness } from '../native'
import { Button } from '../parts/button'
import { Switch } from '../parts/switch'
import { useSay } from '../parts/toast'
import { duration, percent, shortId, words } from '../text/format'
import { StateBadge } from './state-badge'

export const FAULTS: readonly { fault: Fault; text: string; what: string }[] = [
  { fault: 'kill', text: 'Kill', what: 'ports closed' },
  { fault: 'hang', text: 'Hang', what: 'accepts, never answers' },
  { fault: 'slow', text: 'Slow', what: 'answers 600 ms late' },
  { fault: 'stale', text: 'Stale', what: 'shows old records, drops new ones' },
  { fault: 'forge', text: 'Forge', what: 'gives out altered bytes' },
]

interface Props {
  account: string
  node: NodeStatus
  /** `null` where the node is the user's own. */
  faults: readonly Fault[] | null
  onFaults: (illnesses: Illness[] | null) => void
  onChange: () => void
  /** `null` while a check is under way. */
  onCheck: (() => void) | null
}

export function NodeCard({ account, node, faults, onFaults, onChange, onCheck }: Props) {
  const say = useSay()
  const title = shortId(node.id)
  return (
    <article className="node" data-state={node.enabled ? node.state : 'off'} data-node={node.id} aria-label={title}>
      <header>
        <Server aria-hidden />
        <h3 title={node.id}>{title}</h3>
        <StateBadge node={node} />
      </header>
      <dl className="node-figures">
        <div>
          <dt>P50</dt>
          <dd>{duration(node.p50Ms)}</dd>
        </div>
        <div>
          <dt>P95</dt>
          <dd>{duration(node.p95Ms)}</dd>
        </div>
        <div>
          <dt>Success</dt>
          <dd>{percent(node.successRate)}</dd>
        </div>
      </dl>
      <p className="hint node-error">
        {node.lastError === null ? (node.writable ? 'No error yet' : 'Read only') : `Last error: ${words(node.lastError)}`}
      </p>
      <div className="node-switches">
        <Switch
          label="In use"
          name={`${title} in use`}
          isOn={node.enabled}
          onChange={(isOn) => {
            setNodeEnabled(account, node.id, isOn).then(onChange, (error: unknown) => say.failed('Not changed', error))
          }}
        />
        {faults !== null &&
          FAULTS.map(({ fault, text }) => (
            <Switch
              key={fault}
              label={text}
              name={`${text} ${title}`}
              tone="bad"
              isOn={faults.includes(fault)}
              onChange={(isOn) => {
                setFault(node.id, fault, isOn).then(onFaults, (error: unknown) => say.failed('Not changed', error))
              }}
            />
          ))}
      </div>
      <Button
        size="small"
        className="node-check-button"
        icon={<Stethoscope aria-hidden />}
        aria-label={`Check ${title}`}
        disabled={onCheck === null}
        onClick={() => onCheck?.()}
      >
        Check
      </Button>
    </article>
  )
}
