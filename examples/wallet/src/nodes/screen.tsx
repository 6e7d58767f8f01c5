import { HeartPulse } from 'lucide-react'
import { useCallback, useState } from 'react'
import { nodeHealth } from 'tauri-plugin-wallet-sync-api'
import { useDevices } from '../device/devices'
import { useWatched } from '../device/watch'
import { setFault } from '../native'
import { Button } from '../parts/button'
import { Empty } from '../parts/empty'
import { useSay } from '../parts/toast'
import { CacheCard } from './cache-card'
import { CheckCard } from './check-card'
import { FAULTS, NodeCard } from './node-card'
import { ProofCard } from './proof-card'
import { useCheck } from './use-check'
import { useFaults } from './use-faults'

const EVENTS = ['node-health-changed', 'metrics-updated', 'sync-changed', 'publish-changed', 'lagged'] as const

export function NodesScreen() {
  const { overview, shown } = useDevices()
  const say = useSay()
  const { value: nodes, refresh } = useWatched(shown.account, EVENTS, useCallback(() => nodeHealth(shown.account), [shown.account]))
  const { illnesses, setIllnesses } = useFaults(overview.faults)
  const [isBusy, setBusy] = useState(false)
  const checked = useCheck(shown.account)
  const ill = illnesses?.flatMap(({ node, faults }) => faults.map((fault) => ({ node, fault }))) ?? []

  async function heal(): Promise<void> {
    setBusy(true)
    try {
      for (const { node, fault } of ill) setIllnesses(await setFault(node, fault, false))
    } catch (error) {
      say.failed('Not healed', error)
    }
    setBusy(false)
  }

  return (
    <div className="screen nodes">
      <div className="toolbar">
        <p className="hint">
          {illnesses === null
            ? 'These nodes are your own: they can be taken out of use here, not made ill.'
            : 'Five nodes inside this app, gone when it ends. Make them ill and watch what the wallet says; what is on this disk stays.'}
        </p>
        {illnesses !== null && (
          <Button icon={<HeartPulse aria-hidden />} disabled={isBusy || ill.length === 0} onClick={() => void heal()}>
            Heal all
          </Button>
        )}
        <Button look="primary" onClick={() => void shown.sync({ fresh: true })}>
          Sync now
        </Button>
      </div>
      {nodes?.length === 0 && <Empty title="No node is configured">The wallet is kept on this disk only.</Empty>}
      <div className="node-grid">
        {nodes?.map((node) => (
          <NodeCard
            key={node.id}
            account={shown.account}
            node={node}
            faults={illnesses === null ? null : (illnesses.find((one) => one.node === node.id)?.faults ?? [])}
            onFaults={setIllnesses}
            onChange={refresh}
            onCheck={checked.isRunning ? null : () => checked.check(node.id)}
          />
        ))}
      </div>
      {checked.shown !== null && (
        <CheckCard
          node={checked.shown.node}
          findings={checked.shown.findings}
          onAgain={() => checked.shown !== null && checked.check(checked.shown.node)}
          onClose={checked.close}
        />
      )}
      <ProofCard key={shown.account} account={shown.account} />
      {illnesses !== null && (
        <dl className="fault-words hint">
          {FAULTS.map(({ fault, text, what }) => (
            <div key={fault}>
              <dt>{text}:</dt> <dd>{what}</dd>
            </div>
          ))}
        </dl>
      )}
      <CacheCard account={shown.account} />
    </div>
  )
}
