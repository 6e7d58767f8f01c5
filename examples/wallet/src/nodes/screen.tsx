import { HeartPulse, RefreshCw } from 'lucide-react'
import { useCallback, useState } from 'react'
import { nodeHealth } from 'tauri-plugin-wallet-sync-api'
import { useDevice, useDevices } from '../device/devices'
import { useWatched } from '../device/watch'
import { setFault, type Fault } from '../native'
import { Button } from '../parts/button'
import { Empty } from '../parts/empty'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'
import { CacheCard } from './cache-card'
import { FAULTS } from './faults'
import { NodeCard } from './node-card'
import { NodePage } from './node-page'
import { useCheck } from './use-check'
import { useFaults } from './use-faults'

const EVENTS = ['node-health-changed', 'metrics-updated', 'sync-changed', 'publish-changed', 'lagged'] as const
const text = TEXT.nodes

export function NodesScreen() {
  const { overview, shown } = useDevices()
  const { isAsked } = useDevice(shown)
  const say = useSay()
  const { value: nodes, refresh } = useWatched(shown.account, EVENTS, useCallback(() => nodeHealth(shown.account), [shown.account]))
  const { illnesses, setIllnesses } = useFaults(overview.faults)
  const [isBusy, setBusy] = useState(false)
  const [open, setOpen] = useState<string | null>(null)
  // The keyboard comes back to where it left.
  const [last, setLast] = useState<string | null>(null)
  const check = useCheck(shown.account)
  const ill = illnesses?.flatMap(({ node, faults }) => faults.map((fault) => ({ node, fault }))) ?? []
  const faultsOf = (node: string): readonly Fault[] | null =>
    illnesses === null ? null : (illnesses.find((one) => one.node === node)?.faults ?? [])

  async function heal(): Promise<void> {
    setBusy(true)
    try {
      for (const { node, fault } of ill) setIllnesses(await setFault(node, fault, false))
    } catch (error) {
      say.failed(text.notHealed, error)
    }
    setBusy(false)
  }

  const opened = nodes?.find(({ id }) => id === open)
  if (opened !== undefined) {
    const more = { faults: faultsOf(opened.id), onFaults: setIllnesses, onChange: refresh, check, onBack: () => setOpen(null) }
    return <NodePage node={opened} {...more} />
  }
  return (
    <div className="screen nodes">
      <div className="toolbar">
        <p className="hint">{illnesses === null ? text.own : text.embedded}</p>
        {illnesses !== null && (
          <Button icon={<HeartPulse aria-hidden />} disabled={isBusy || ill.length === 0} onClick={() => void heal()}>
            {text.heal}
          </Button>
        )}
        <Button look="primary" icon={<RefreshCw aria-hidden />} disabled={isAsked} onClick={() => void shown.sync({ fresh: true })}>
          {TEXT.app.syncNow}
        </Button>
      </div>
      {nodes?.length === 0 && <Empty title={text.none}>{text.noneHint}</Empty>}
      <div className="node-grid">
        {nodes?.map((node) => (
          <NodeCard
            key={node.id}
            account={shown.account}
            node={node}
            faults={faultsOf(node.id)}
            onFaults={setIllnesses}
            onChange={refresh}
            isReturn={node.id === last}
            onOpen={() => {
              setLast(node.id)
              setOpen(node.id)
            }}
          />
        ))}
      </div>
      {illnesses !== null && (
        <dl className="fault-words hint">
          {FAULTS.map((fault) => (
            <div key={fault}>
              <dt>{`${text.faults[fault]}:`}</dt> <dd>{text.faultWords[fault]}</dd>
            </div>
          ))}
        </dl>
      )}
      <CacheCard account={shown.account} />
    </div>
  )
}
