import type { NodeState, NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { Badge, type Tone } from '../parts/badge'
import { NODE_STATES, TEXT } from '../text/en'

const TONES: Record<NodeState, Tone> = { up: 'good', failing: 'warn', down: 'bad', unknown: 'neutral' }

export function StateBadge({ node }: { node: NodeStatus }) {
  if (!node.enabled) return <Badge title={TEXT.nodes.outOfUseTitle}>{TEXT.nodes.outOfUse}</Badge>
  const { text, title } = NODE_STATES[node.state]
  return (
    <Badge tone={TONES[node.state]} title={title}>
      {text}
    </Badge>
  )
}
