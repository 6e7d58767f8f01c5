/** Made-up measurements, plausible enough to judge charts by. */

import type { Ability, AuditReport, HistoryPoint, Metrics, NodeFinding, NodeStatus, Operation, OperationFigures, Rehearsal, Source } from 'tauri-plugin-wallet-sync-api'

const BOUNDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 600_000]

/** 0–1, the same for the same seed. */
const noise = (seed: number): number => {
  const value = Math.sin(seed * 12.9898) * 43_758.5453
  return value - Math.floor(value)
}

function row(operation: Operation, source: Source, count: number, p50: number, failures = 0): OperationFigures {
  const spread = BOUNDS.map((uptoMs) => Math.exp(-(Math.log(uptoMs / p50) ** 2) / 0.8))
  const all = spread.reduce((sum, value) => sum + value, 0)
  return {
    operation,
    source,
    count,
    failures,
    p50Ms: p50,
    p95Ms: p50 * 2.6,
    p99Ms: p50 * 4.1,
    meanMs: p50 * 1.2,
    maxMs: p50 * 5.3,
    cacheHits: operation === 'cache' ? Math.round(count * 0.8) : 0,
    cacheMisses: operation === 'cache' ? Math.round(count * 0.2) : 0,
    requests: source === 'cache' ? 0 : count * 5,
    bytesIn: source === 'cache' ? 0 : count * 4096,
    bytesOut: operation === 'publish' ? count * 2048 : 0,
    buckets: BOUNDS.map((uptoMs, at) => ({ uptoMs, count: Math.round((count * (spread[at] ?? 0)) / all) })),
  }
}

export function metricsOf(nodes: NodeStatus[], syncs: number): Metrics {
  const now = Date.now()
  return {
    since: now - 5_400_000,
    at: now,
    operations: [
      row('sync', 'http-routing', 84 + syncs, 46, 1),
      row('sync', 'http-gateway', 12, 71),
      row('sync', 'cache', 310, 0.15),
      row('publish', 'http-routing', 41, 128, 1),
      row('resolve', 'http-routing', 96, 38),
      row('fetch', 'http-gateway', 63, 29),
      row('cache', 'cache', 392, 0.08),
      row('sync', 'dht', 2, 780),
    ],
    totals: { requests: 1240 + syncs * 5, bytesIn: 3_412_204, bytesOut: 1_210_882 },
    successRate: 0.9957,
    cacheHitRate: 0.79,
    slow: [
      { at: now - 320_000, operation: 'publish', source: 'http-routing', ms: 1640, ok: true, detail: null },
      { at: now - 940_000, operation: 'sync', source: 'none', ms: 1802, ok: false, detail: 'unreachable' },
    ],
    nodes,
    skippedRollups: 0,
    target: {
      state: 'too_little_data',
      targets: [
        { name: 'p95Ms', value: 131, limit: 2000, side: 'below', samples: 139, state: 'met' },
        { name: 'meanMs', value: 62, limit: 500, side: 'below', samples: 139, state: 'met' },
        { name: 'successRate', value: 0.9957, limit: 0.99, side: 'above', samples: 451, state: 'met' },
        { name: 'cacheHitRate', value: 0.79, limit: 0.5, side: 'above', samples: 12, state: 'too_little_data' },
      ],
    },
  }
}

export function historyOf(from: number, to: number, stepMinutes: number): HistoryPoint[] {
  const step = stepMinutes * 60_000
  const points: HistoryPoint[] = []
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const dice = noise(at / step)
    // Some minutes nothing happens.
    if (dice < 0.15) continue
    const count = Math.round(2 + dice * 9 * stepMinutes)
    points.push({
      at,
      count,
      failures: dice > 0.93 ? 1 : 0,
      p50Ms: 38 + dice * 22,
      p95Ms: 88 + dice * 70,
      p99Ms: 130 + dice * 160,
      cacheHits: Math.round(count * 0.8),
      cacheMisses: Math.round(count * 0.25),
      requests: count * 5,
      bytesIn: count * 4000,
      bytesOut: count * 900,
      skippedRollups: 0,
    })
  }
  return points
}

/** A check of a node that is reached, and lets no body of a megabyte pass; or of one that is not. */
export function checkOf(isReached: boolean): NodeFinding[] {
  const good = (ability: Ability, said: string): NodeFinding => ({ ability, ok: true, said, code: null, change: null })
  if (!isReached) {
    const change = 'see docs/troubleshooting.md, "nodes fail", for these words'
    return [{ ability: 'connection', ok: false, said: 'no connection', code: 'unreachable', change }]
  }
  return [
    good('connection', 'answers in 41 ms, HTTP/2.0, TLS'),
    good('version', 'Kubo 0.43.0'),
    good('clock', "0 s ahead of this machine's"),
    good('machine', 'peer 12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR'),
    good('blocks', 'taken and given back'),
    good('pins', 'pinned, named, moved and removed'),
    good('records', 'stored and given back, many at once'),
    {
      ability: 'bodies',
      ok: false,
      said: 'dag/import: what stands before the node takes no body as large (status 413)',
      code: 'too_large',
      change: 'let bodies of at least 1 MB pass (nginx: client_max_body_size 9m); until then uploads are cut smaller',
    },
    good('push', 'a message came back in 6 ms'),
  ]
}

/** An audit in which the last node lost its pin. */
export function auditOf(nodes: readonly string[]): AuditReport {
  const rows = nodes.map((id, at) => {
    const isLast = at === nodes.length - 1
    return { id, record: 'ok' as const, beacon: 'ok' as const, pin: isLast ? ('missing' as const) : ('ok' as const), root: 'ok' as const, checked: 18, missing: 0, damaged: 0, repaired: 0, whole: !isLast, error: null }
  })
  return { safe: rows.length > 2, wholeMachines: rows.length - 1, needed: 2, unpublished: 0, nodes: rows }
}

/** A rehearsal of a wallet of so many tokens, all of it there. */
export function rehearsalOf(total: number): Rehearsal {
  const tokens = { total, unspent: total, suspect: 0 }
  const words = `a new device would have everything that is here: ${total} live tokens and 0 settings, each payload fetched and checked`
  return {
    whole: true, words, tokens, tokensThere: tokens, entries: 0, entriesThere: 0, itemsMissing: 0, payloads: total, payloadsMissing: 0, newer: 0,
    unread: [], unpublished: 0, at: Date.now(), elapsedMs: 412,
  }
}
