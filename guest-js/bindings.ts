// Generated from the Rust types; do not edit. A test fails when it is stale.
import { Channel, invoke as __TAURI_INVOKE } from '@tauri-apps/api/core'

export const commands = {
  accounts: () => __TAURI_INVOKE<AccountInfo[]>('plugin:wallet-sync|accounts'),
  status: (account: string) => __TAURI_INVOKE<WalletStatus>('plugin:wallet-sync|status', { account }),
  listTokens: (account: string, page: TokenRange) =>
    __TAURI_INVOKE<TokenPage>('plugin:wallet-sync|list_tokens', { account, page }),
  listEntries: (account: string, page: EntryRange) =>
    __TAURI_INVOKE<EntryPage>('plugin:wallet-sync|list_entries', { account, page }),
  metrics: (account: string) => __TAURI_INVOKE<Metrics>('plugin:wallet-sync|metrics', { account }),
  metricsHistory: (account: string, range: HistoryRange) =>
    __TAURI_INVOKE<HistoryPoint[]>('plugin:wallet-sync|metrics_history', { account, range }),
  nodeHealth: (account: string) => __TAURI_INVOKE<NodeStatus[]>('plugin:wallet-sync|node_health', { account }),
  cacheStats: (account: string) => __TAURI_INVOKE<CacheStats>('plugin:wallet-sync|cache_stats', { account }),
  subscribe: (account: string, onEvents: Channel<WalletEvent[]>) =>
    __TAURI_INVOKE<Subscription>('plugin:wallet-sync|subscribe', { account, onEvents }),
  recordSpend: (account: string, tokenId: string, stateHash: string, kind: SpendKind, evidence: Content) =>
    __TAURI_INVOKE<Changed>('plugin:wallet-sync|record_spend', { account, tokenId, stateHash, kind, evidence }),
  setEntry: (account: string, entryKey: string, value: Content) =>
    __TAURI_INVOKE<Changed>('plugin:wallet-sync|set_entry', { account, entryKey, value }),
  syncNow: (account: string, options: SyncOptions, onProgress: Channel<Progress>) =>
    __TAURI_INVOKE<SyncReport>('plugin:wallet-sync|sync_now', { account, options, onProgress }),
  flush: (account: string, withinMs: number | null) =>
    __TAURI_INVOKE<SyncReport>('plugin:wallet-sync|flush', { account, withinMs }),
  invalidateCache: (account: string, kind: CacheKind) =>
    __TAURI_INVOKE<CacheStats>('plugin:wallet-sync|invalidate_cache', { account, kind }),
  resetMetrics: (account: string) => __TAURI_INVOKE<null>('plugin:wallet-sync|reset_metrics', { account }),
  exportMetrics: (account: string, format: ExportFormat) =>
    __TAURI_INVOKE<string>('plugin:wallet-sync|export_metrics', { account, format }),
  setNodeEnabled: (account: string, nodeId: string, enabled: boolean) =>
    __TAURI_INVOKE<NodeStatus[]>('plugin:wallet-sync|set_node_enabled', { account, nodeId, enabled }),
  wipe: (account: string, confirm: string, force: boolean) =>
    __TAURI_INVOKE<WipeReport>('plugin:wallet-sync|wipe', { account, confirm, force }),
}

export type AccountInfo = { account: string; revision: number }
export type Ack = 'none' | 'local' | 'published' | 'verified'
export type Bucket = { uptoMs: number; count: number }
export type CacheKind = 'records' | 'content' | 'all'
export type CacheStats = {
  records: number
  blocks: number
  bytes: number
  hits: number
  misses: number
  failures: number
}
export type Changed = { revision: number }
export type Content = { encoding: Encoding; value: string }
export type Encoding = 'utf8' | 'base64'
export type EntryPage = { revision: number; entries: EntryRow[]; next: string | null }
export type EntryRange = { prefix: string | null; after: string | null; limit: number | null }
export type EntryRow = { key: string; at: number; size: number; content: Content | null }
export type ErrorCode =
  | 'bad_request'
  | 'closed'
  | 'conflict'
  | 'corrupt'
  | 'deadline'
  | 'decrypt_failed'
  | 'denied'
  | 'expired'
  | 'hash_mismatch'
  | 'invalid'
  | 'inventory_too_large'
  | 'locked'
  | 'malformed'
  | 'name_mismatch'
  | 'newer_schema'
  | 'not_found'
  | 'pending_changes'
  | 'rate_limited'
  | 'read_only'
  | 'sequence_exhausted'
  | 'signature_invalid'
  | 'slots_exhausted'
  | 'storage_full'
  | 'storage_io'
  | 'task_failed'
  | 'too_large'
  | 'unreachable'
  | 'wrong_wallet'
export type ExportFormat = 'json' | 'prometheus'
export type Goal = {
  name: string
  value: number | null
  limit: number
  side: Side
  samples: number
  state: TargetState
}
export type HighWater = { name: string; sequence: number }
export type HistoryPoint = {
  at: number
  count: number
  failures: number
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  cacheHits: number
  cacheMisses: number
  requests: number
  bytesIn: number
  bytesOut: number
  skippedRollups: number
}
export type HistoryRange = { from: number | null; to: number | null; stepMinutes: number | null }
export type LastSync = { at: number; source: string; outcome: string }
export type Level = 'local' | 'published' | 'verified'
export type Metrics = {
  since: number
  at: number
  operations: OperationFigures[]
  totals: Totals
  successRate: number | null
  cacheHitRate: number | null
  slow: SlowOperation[]
  nodes: NodeStatus[]
  skippedRollups: number
  target: Target
}
export type NameReport = { slot: number; name: string; sequence: number; root: string | null }
export type NodeOutcome = 'found' | 'absent' | 'unreachable' | 'invalid' | 'skipped'
export type NodeReport = { id: string; outcome: NodeOutcome; ms: number; error: ErrorCode | null }
export type NodeState = 'down' | 'failing' | 'unknown' | 'up'
export type NodeStatus = {
  id: string
  enabled: boolean
  writable: boolean
  state: NodeState
  p50Ms: number | null
  p95Ms: number | null
  successRate: number | null
  lastError: ErrorCode | null
}
export type Operation = 'sync' | 'resolve' | 'fetch' | 'publish' | 'cache' | 'dht'
export type OperationFigures = {
  operation: Operation
  source: Source
  count: number
  failures: number
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  meanMs: number | null
  maxMs: number | null
  cacheHits: number
  cacheMisses: number
  requests: number
  bytesIn: number
  bytesOut: number
  buckets: Bucket[]
}
export type Progress =
  | { step: 'reading'; names: number }
  | { step: 'listed'; added: number }
  | { step: 'fetching'; done: number; total: number }
  | { step: 'publishing'; verified: number; nodes: number }
  | { step: 'finished' }
export type PutReport = { added: number; unchanged: number; revision: number }
export type Side = 'below' | 'above'
export type SlowOperation = {
  at: number
  operation: Operation
  source: Source
  ms: number
  ok: boolean
  detail: string | null
}
export type Source = 'cache' | 'http-gateway' | 'http-routing' | 'dht' | 'none'
export type Spend = 'none' | 'intent' | 'proof'
export type SpendKind = 'intent' | 'proof'
export type Subscription = { account: string; revision: number; missed: boolean }
export type SyncOptions = { fresh: boolean | null; deadlineMs: number | null; wait: Level | null }
export type SyncOutcome = 'up_to_date' | 'merged' | 'published' | 'offline' | 'read_only'
export type SyncReport = {
  revision: number
  source: Source
  outcome: SyncOutcome
  listMs: number
  elapsedMs: number
  missingPayloads: number
  ack: Ack
  verifiedNodes: number
  tokens: TokenCounts
  added: number
  spent: number
  names: NameReport[]
  requests: number
  bytesIn: number
  bytesOut: number
  nodes: NodeReport[]
  warnings: string[]
}
export type Target = { state: TargetState; targets: Goal[] }
export type TargetState = 'met' | 'too_little_data' | 'missed'
export type TokenCounts = { total: number; unspent: number; suspect: number }
export type TokenPage = { revision: number; total: number; tokens: TokenRow[]; next: TokenRef | null }
export type TokenRange = { after: TokenRef | null; limit: number | null; all: boolean | null }
export type TokenRef = { tokenId: string; stateHash: string }
export type TokenRow = {
  tokenId: string
  stateHash: string
  previous: string | null
  summary: string | null
  size: number
  spend: Spend
  forked: boolean
  ack: Ack
  hasPayload: boolean
}
export type Totals = { requests: number; bytesIn: number; bytesOut: number }
export type WalletEvent =
  | { event: 'sync-changed'; account: string; revision: number; running: boolean; outcome: SyncOutcome | null }
  | { event: 'tokens-changed'; account: string; revision: number; added: number; spent: number }
  | { event: 'publish-changed'; account: string; revision: number; ack: Ack; verifiedNodes: number }
  | { event: 'node-health-changed'; account: string; revision: number }
  | { event: 'metrics-updated'; account: string; revision: number }
  | { event: 'alert'; account: string; revision: number; kind: string; message: string }
  | { event: 'lagged'; account: string; revision: number; missed: number }
  | { event: 'closed'; account: string; revision: number }
export type WalletStatus = {
  account: string
  revision: number
  tokens: TokenCounts
  pending: number
  ack: Ack
  lastSync: LastSync | null
  syncing: boolean
  slot: number | null
  highWater: HighWater[]
  nodes: number
  verifiedNodes: number
  missingPayloads: number
}
export type WalletSyncFailure = { code: ErrorCode; message: string; retryable: boolean }
export type WipeReport = { account: string; removed: boolean }
