import type { NodeState, NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { Badge, type Tone } from '../parts/badge'

const STATES: Record<NodeState, { tone: Tone; text: string; title: string }> = {
  up: { tone: 'good', text: 'Up', title: 'Its last answer was good' },
  failing: { tone: 'warn', text: 'Failing', title: 'Its last answer was a failure' },
  down: { tone: 'bad', text: 'Down', title: 'It failed repeatedly and is left alone for a while' },
  unknown: { tone: 'neutral', text: 'Not asked', title: 'It was not asked yet' },
}

export function StateBadge({ node }: { node: NodeStatus }) {
  if (!node.enabled) return <Badge title="Taken out of use here">Out of use</Badge>
  const { tone, text, title } = STATES[node.state]
  return (
    <Badge tone={tone} title={title}>
      {text}
    </Badge>
  )
}
