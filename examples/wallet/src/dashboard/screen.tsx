import { Download, RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import { resetMetrics } from 'tauri-plugin-wallet-sync-api'
import { useMetrics } from 'tauri-plugin-wallet-sync-api/react'
import { useDevice, useDevices } from '../device/devices'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { useSay } from '../parts/toast'
import { bytes, clockSeconds, count, percent, plural } from '../text/format'
import { LevelBar } from '../wallet/balance-cards'
import { levels } from '../wallet/balance'
import { useInventory } from '../wallet/inventory'
import { ExportDialog } from './export-dialog'
import { History } from './history'
import { LatencyHistogram, LatencyTable } from './latency'
import { AlertList, NodeTable, SlowTable } from './tables'
import { Targets } from './targets'

export default function DashboardScreen() {
  const { shown } = useDevices()
  const say = useSay()
  const { alerts, status } = useDevice(shown)
  const { value: metrics, error, refresh } = useMetrics(shown.account)
  const { tokens } = useInventory(shown.account, false)
  const reached = useMemo(() => levels(tokens), [tokens])
  const [isExporting, setExporting] = useState(false)
  if (metrics === null) return <p className="screen hint">{error?.message ?? 'Reading the measurements'}</p>
  const { totals } = metrics

  return (
    <div className="screen dashboard">
      <div className="toolbar">
        <p className="hint">
          Since {clockSeconds(metrics.since)}: {plural(totals.requests, 'request')}, {bytes(totals.bytesIn)} in, {bytes(totals.bytesOut)} out
        </p>
        <Button
          icon={<RotateCcw aria-hidden />}
          onClick={() => {
            resetMetrics(shown.account).then(refresh, (reason: unknown) => say.failed('Not reset', reason))
          }}
        >
          Start at zero
        </Button>
        <Button icon={<Download aria-hidden />} onClick={() => setExporting(true)}>
          Export
        </Button>
      </div>
      <Targets target={metrics.target} />
      <div className="grid">
        <History account={shown.account} />
        <LatencyTable rows={metrics.operations} />
        <LatencyHistogram rows={metrics.operations} />
        <NodeTable nodes={metrics.nodes} />
        <Card title="Levels and rates" hint="How far the tokens have come, how often things went well">
          <LevelBar levels={reached} />
          <dl className="figures">
            <Figure name="Verified" value={count(reached.verified)} />
            <Figure name="Published" value={count(reached.published)} />
            <Figure name="On this disk only" value={count(reached.local)} />
            <Figure name="Nodes with the latest root" value={`${status?.verifiedNodes ?? 0} of ${status?.nodes ?? 0}`} />
            <Figure name="Success rate" value={percent(metrics.successRate)} />
            <Figure name="Cache hit rate" value={percent(metrics.cacheHitRate)} />
          </dl>
        </Card>
        <SlowTable slow={metrics.slow} />
        <AlertList alerts={alerts} />
      </div>
      {isExporting && <ExportDialog account={shown.account} onClose={() => setExporting(false)} />}
    </div>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
