import { Download, RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import { resetMetrics } from 'tauri-plugin-wallet-sync-api'
import { useMetrics } from 'tauri-plugin-wallet-sync-api/react'
import { useDevice, useDevices } from '../device/devices'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'
import { bytes, clockSeconds, count, percent } from '../text/format'
import { LevelBar } from '../wallet/balance-cards'
import { levels } from '../wallet/balance'
import { useInventory } from '../wallet/inventory'
import { ExportDialog } from './export-dialog'
import { History } from './history'
import { LatencyHistogram, LatencyTable } from './latency'
import { AlertList, NodeTable, SlowTable } from './tables'
import { Targets } from './targets'

const text = TEXT.dashboard

export default function DashboardScreen() {
  const { shown } = useDevices()
  const say = useSay()
  const { alerts, status } = useDevice(shown)
  const { value: metrics, error, refresh } = useMetrics(shown.account)
  const { tokens } = useInventory(shown.account, false)
  const reached = useMemo(() => levels(tokens), [tokens])
  const [isExporting, setExporting] = useState(false)
  if (metrics === null) return <p className="screen hint">{error?.message ?? text.reading}</p>
  const { totals } = metrics

  return (
    <div className="screen dashboard">
      <div className="toolbar">
        <p className="hint">
          {text.since(clockSeconds(metrics.since), totals.requests, bytes(totals.bytesIn), bytes(totals.bytesOut))}
        </p>
        <Button
          icon={<RotateCcw aria-hidden />}
          onClick={() => {
            resetMetrics(shown.account).then(refresh, (reason: unknown) => say.failed(text.notReset, reason))
          }}
        >
          {text.reset}
        </Button>
        <Button icon={<Download aria-hidden />} onClick={() => setExporting(true)}>
          {text.export}
        </Button>
      </div>
      <Targets target={metrics.target} />
      <div className="grid">
        <History account={shown.account} target={metrics.target} />
        <LatencyTable rows={metrics.operations} />
        <LatencyHistogram rows={metrics.operations} />
        <NodeTable nodes={metrics.nodes} />
        <Card title={text.levels} hint={text.levelsHint}>
          <LevelBar levels={reached} />
          <dl className="figures">
            <Figure name={TEXT.levels.verified} value={count(reached.verified)} />
            <Figure name={TEXT.levels.published} value={count(reached.published)} />
            <Figure name={TEXT.levels.local} value={count(reached.local)} />
            <Figure name={text.rows.latest} value={text.of2(status?.verifiedNodes ?? 0, status?.nodes ?? 0)} />
            <Figure name={text.rows.success} value={percent(metrics.successRate)} />
            <Figure name={text.rows.hits} value={percent(metrics.cacheHitRate)} />
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
