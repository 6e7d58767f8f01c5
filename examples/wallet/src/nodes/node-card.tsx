import { ChevronRight, Server } from 'lucide-react'
import type { NodeStatus } from 'tauri-plugin-wallet-sync-api'
import type { Fault, Illness } from '../native'
import { Button } from '../parts/button'
import { TEXT } from '../text/en'
import { duration, percent, shortId, words } from '../text/format'
import { FaultSwitches } from './faults'
import { StateBadge } from './state-badge'
import { UseSwitch } from './use-switch'

const text = TEXT.nodes

interface Props {
  account: string
  node: NodeStatus
  /** `null` where the node is the user's own. */
  faults: readonly Fault[] | null
  onFaults: (illnesses: Illness[] | null) => void
  onChange: () => void
  /** Whether its page was just left. */
  isReturn: boolean
  onOpen: () => void
}

export function NodeCard({ account, node, faults, onFaults, onChange, isReturn, onOpen }: Props) {
  const title = shortId(node.id)
  return (
    <article className="node" data-state={node.enabled ? node.state : 'off'} data-node={node.id} aria-label={title}>
      <header>
        <Server aria-hidden />
        <h2 title={node.id}>{title}</h2>
        <StateBadge node={node} />
      </header>
      <dl className="node-figures">
        <div>
          <dt>{text.p50}</dt>
          <dd>{duration(node.p50Ms)}</dd>
        </div>
        <div>
          <dt>{text.p95}</dt>
          <dd>{duration(node.p95Ms)}</dd>
        </div>
        <div>
          <dt>{text.success}</dt>
          <dd>{percent(node.successRate)}</dd>
        </div>
      </dl>
      <p className="hint node-error">{node.lastError === null ? (node.writable ? text.noError : text.readOnly) : text.lastError(words(node.lastError))}</p>
      <div className="node-switches">
        <UseSwitch account={account} node={node} onChange={onChange} />
        {faults !== null && <FaultSwitches node={node.id} title={title} faults={faults} onFaults={onFaults} />}
      </div>
      <Button size="small" className="node-open" aria-label={text.openName(title)} autoFocus={isReturn} onClick={onOpen} icon={<ChevronRight aria-hidden />}>
        {text.open}
      </Button>
    </article>
  )
}
