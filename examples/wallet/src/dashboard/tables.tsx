import { CircleCheck, TriangleAlert } from 'lucide-react'
import type { NodeStatus, SlowOperation } from 'tauri-plugin-wallet-sync-api'
import type { Alert } from '../device/session'
import { Badge } from '../parts/badge'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { OPERATIONS, TEXT } from '../text/en'
import { clockSeconds, duration, percent, shortId, words } from '../text/format'
import { StateBadge } from '../nodes/state-badge'

const text = TEXT.dashboard

export function NodeTable({ nodes }: { nodes: readonly NodeStatus[] }) {
  return (
    <Card title={text.nodes} hint={text.nodesHint}>
      <div className="table-box" tabIndex={0} role="region" aria-label={text.nodeTable}>
        <table>
          <thead>
            <tr>
              {text.nodeHeads.map((head, at) => (
                <th key={head} scope="col" className={at >= 2 && at <= 4 ? 'number' : undefined}>
                  {head}
                </th>
              ))}
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
    <Card title={text.slow} hint={text.slowHint}>
      {slow.length === 0 ? (
        <Empty icon={<CircleCheck aria-hidden />} title={text.noneAt} />
      ) : (
        <ul className="lines">
          {slow.map((one) => (
            <li key={`${one.at}${one.operation}${one.ms}`}>
              <span className="lines-time">{clockSeconds(one.at)}</span>
              <span>
                {text.slowLine(OPERATIONS[one.operation], one.source)}
                {one.detail !== null && <span className="hint"> {words(one.detail)}</span>}
              </span>
              <Badge tone={one.ok ? 'warn' : 'bad'}>
                {one.ok ? duration(one.ms) : text.slowFailed(duration(one.ms))}
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
    <Card title={text.alerts} hint={text.alertsHint}>
      {alerts.length === 0 ? (
        <Empty icon={<CircleCheck aria-hidden />} title={text.noneAt} />
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
