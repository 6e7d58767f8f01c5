import { CircleCheck, TriangleAlert } from 'lucide-react'
import type { NodeStatus, SlowOperation } from 'tauri-plugin-wallet-sync-api'
import type { Alert } from '../device/session'
import { Badge } from '../parts/badge'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { clockSeconds, duration, percent, shortId, sourceName, words } from '../text/format'
import { StateBadge } from '../nodes/state-badge'

export function NodeTable({ nodes }: { nodes: readonly NodeStatus[] }) {
  return (
    <Card title="Nodes" hint="Latency of each one's last answers">
      <div className="table-box" tabIndex={0} role="region" aria-label="Node table">
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col" className="number">P50</th>
              <th scope="col" className="number">P95</th>
              <th scope="col" className="number">Success</th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.id}>
                <th scope="row">{shortId(node.id)}</th>
                <td>
                  <StateBadge node={node} />
                </td>
                <td className="number">{duration(node.p50Ms)}</td>
                <td className="number">{duration(node.p95Ms)}</td>
                <td className="number">{percent(node.successRate)}</td>
                <td>{node.lastError === null ? '–' : words(node.lastError)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

export function SlowTable({ slow }: { slow: readonly SlowOperation[] }) {
  return (
    <Card title="Slow operations" hint="The last ten that took a second or more">
      {slow.length === 0 ? (
        <Empty icon={<CircleCheck aria-hidden />} title="None" />
      ) : (
        <ul className="lines">
          {slow.map((one) => (
            <li key={`${one.at}${one.operation}${one.ms}`}>
              <span className="lines-time">{clockSeconds(one.at)}</span>
              <span>
                {one.operation} over {sourceName(one.source)}
                {one.detail !== null && <span className="hint"> {words(one.detail)}</span>}
              </span>
              <Badge tone={one.ok ? 'warn' : 'bad'}>
                {duration(one.ms)}
                {one.ok ? '' : ', failed'}
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

export function AlertList({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <Card title="Alerts" hint="What a person should look at, since the app started">
      {alerts.length === 0 ? (
        <Empty icon={<CircleCheck aria-hidden />} title="None" />
      ) : (
        <ul className="lines">
          {alerts.map(({ id, at, kind, message }) => (
            <li key={id}>
              <span className="lines-time">{clockSeconds(at)}</span>
              <span>{message}</span>
              <Badge tone="warn" icon={<TriangleAlert aria-hidden />}>
                {words(kind)}
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
