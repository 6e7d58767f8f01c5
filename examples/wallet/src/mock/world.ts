/** A wallet made up in memory: two devices and five nodes, enough of each to design the screens with. */

import type { Device, NodeStatus, Progress, SyncReport, TokenRow, WalletEvent, WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { formatSummary } from '../text/amount'
import type { Fault, Illness } from '../native'

const MEMOS = ['Coffee', 'Rent, half', 'Book', 'Train to Lyon', '', 'Flea market', '', 'Lunch', 'Gift', 'Concert']
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

export class MockDevice {
  readonly rows = new Map<string, TokenRow>()
  readonly entries = new Map<string, { at: number; value: string }>()
  revision = 1
  syncing = false
  lastSync: WalletStatus['lastSync'] = null
  verifiedNodes = 0
  isOpen = true
  opening = 1
  label: string | null = null
  send: (events: WalletEvent[]) => void = () => undefined

  constructor(
    readonly account: string,
    private readonly world: World,
  ) {}

  tell(event: Record<string, unknown>): void {
    this.revision += 1
    this.send([{ ...event, account: this.account, revision: this.revision } as unknown as WalletEvent])
  }

  put(row: TokenRow): void {
    this.rows.set(`${row.tokenId}/${row.stateHash}`, row)
    const live = [...this.rows.values()].filter((one) => one.tokenId === row.tokenId && one.spend !== 'proof')
    for (const one of live) one.forked = live.length > 1
  }

  counts() {
    const rows = [...this.rows.values()]
    const unspent = rows.filter(({ spend }) => spend === 'none').length
    const suspect = rows.filter(({ spend }) => spend === 'intent').length
    return { total: unspent + suspect, unspent, suspect }
  }

  pending(): number {
    return [...this.rows.values()].filter(({ ack }) => ack !== 'verified').length
  }

  status(): WalletStatus {
    const { account, revision, lastSync, syncing, verifiedNodes } = this
    const pending = this.pending()
    const highWater = [
      { name: '12D3KooWQ3nZr7sPqkLbVn2cTtqD9wA1', sequence: '7' },
      { name: '12D3KooWB81kQm5uYtGfHsJw8eRc2Xz9', sequence: '3' },
    ]
    return { account, opening: this.opening, revision, tokens: this.counts(), pending, ack: pending > 0 ? 'local' : 'verified', lastSync, syncing, slot: 0, highWater, nodes: 5, verifiedNodes, missingPayloads: 0, unread: [], leftOut: [], moved: false }
  }

  devices(): Device[] {
    const now = Date.now()
    const first = { slot: 0, label: this.label ?? 'Laptop, blue', sequence: '7', publishedAt: now - 42_000, retired: false, contained: true }
    const second = { slot: 1, label: 'Phone', sequence: '3', publishedAt: now - 7_200_000, retired: false, contained: true }
    const third = { slot: 2, label: null, sequence: '19', publishedAt: now - 4_000_000_000, retired: this.world.retired, contained: this.world.retired }
    const isFirst = this.account === 'device-a'
    return this.rows.size === 0 ? [] : [{ ...first, self: isFirst }, { ...second, self: !isFirst }, { ...third, self: false }]
  }

  async sync(tell: (progress: Progress) => void): Promise<SyncReport> {
    this.syncing = true
    this.tell({ event: 'sync-changed', running: true, outcome: null, source: null })
    tell({ step: 'reading', names: 4 })
    await pause(500)
    const well = this.world.well()
    this.syncing = false
    if (this.world.isBroken) throw { code: 'storage_full', message: 'the disk is full', retryable: false }
    if (well.length === 0) {
      this.lastSync = { at: Date.now(), source: 'none', outcome: 'offline' }
      this.tell({ event: 'sync-changed', running: false, outcome: 'offline', source: 'none' })
      throw { code: 'unreachable', message: 'no source could be reached', retryable: true }
    }
    const fresh = [...this.world.shared.values()].filter((row) => !this.rows.has(`${row.tokenId}/${row.stateHash}`))
    fresh.forEach((row) => this.put({ ...row }))
    tell({ step: 'listed', added: fresh.length })
    for (let done = 0; done <= fresh.length; done += Math.max(1, Math.ceil(fresh.length / 5))) {
      tell({ step: 'fetching', done, total: fresh.length })
      await pause(60)
    }
    for (let at = 1; at <= well.length; at += 1) {
      tell({ step: 'publishing', verified: at, nodes: 5 })
      await pause(220)
    }
    for (const row of this.rows.values()) {
      row.ack = well.length > 1 ? 'verified' : 'published'
      this.world.shared.set(`${row.tokenId}/${row.stateHash}`, { ...row })
    }
    this.verifiedNodes = well.length
    this.world.syncs += 1
    this.lastSync = { at: Date.now(), source: 'http-routing', outcome: 'merged' }
    this.tell({ event: 'tokens-changed', added: fresh.length, spent: 0 })
    this.tell({ event: 'publish-changed', ack: 'verified', verifiedNodes: well.length })
    this.tell({ event: 'sync-changed', running: false, outcome: 'merged', source: 'http-routing' })
    this.tell({ event: 'metrics-updated' })
    tell({ step: 'finished' })
    const nodes = this.world.nodes().map((node, at) => ({
      id: node.id,
      outcome: node.state === 'up' ? ('found' as const) : ('unreachable' as const),
      ms: 31 + at * 7,
      error: node.state === 'up' ? null : ('unreachable' as const),
    }))
    const warnings = well.length < 5 ? ['node: not every node answered.'] : []
    return { revision: this.revision, source: 'http-routing', outcome: 'merged', listMs: 46, elapsedMs: 88, missingPayloads: 0, ack: 'verified', verifiedNodes: well.length, tokens: this.counts(), added: fresh.length, spent: 0, names: [], requests: 14, bytesIn: 9120, bytesOut: 4410, nodes, warnings }
  }
}

export class World {
  readonly illnesses: Illness[] = [1, 2, 3, 4, 5].map((at) => ({ node: `node-${at}`, faults: [] }))
  readonly disabled = new Set<string>()
  readonly shared = new Map<string, TokenRow>()
  readonly devices = [new MockDevice('device-a', this), new MockDevice('device-b', this)]
  syncs = 0
  retired = false
  isBroken = false
  readonly files = [{ name: 'account-device-a.20260101T120000Z.backup.car', bytes: 41_338 }]

  /** How it stands when the window opens. */
  begin(state: string): void {
    const ill = { offline: 5, degraded: 2 }[state] ?? 0
    this.illnesses.slice(0, ill).forEach(({ faults }) => faults.push('kill'))
    this.isBroken = state === 'error'
    if (state === 'empty') this.files.length = 0
    if (state === 'gone') this.devices.forEach((device) => (device.isOpen = false))
  }

  constructor(tokens: number) {
    const [first] = this.devices
    if (first === undefined) return
    for (let at = 0; at < tokens; at += 1) {
      const coin = at % 7 === 3 ? 'CHF' : at % 11 === 5 ? 'BTC' : 'EUR'
      const amount = { units: BigInt(120 + ((at * 7919) % 9000)), decimals: coin === 'BTC' ? 6 : 2 }
      const ack = at > tokens - 3 ? 'local' : at > tokens - 6 ? 'published' : 'verified'
      const row: TokenRow = {
        tokenId: `0mhx${at.toString(36).padStart(6, '0')}-8f31c2a9d0`,
        stateHash: `${(at * 2654435761).toString(16)}b7e1`,
        previous: null,
        summary: formatSummary(amount, coin, MEMOS[at % MEMOS.length] ?? ''),
        size: 180,
        spend: at === tokens - 5 ? 'intent' : 'none',
        forked: false,
        ack,
        hasPayload: at !== tokens - 9,
        own: true,
      }
      first.put(row)
      if (ack === 'verified') this.shared.set(`${row.tokenId}/${row.stateHash}`, { ...row })
      if (at === tokens - 8) first.put({ ...row, stateHash: 'ffe1' })
    }
    this.devices.forEach((device) => (device.verifiedNodes = 5))
    first.lastSync = { at: Date.now() - 12_000, source: 'http-routing', outcome: 'up_to_date' }
  }

  has(node: string, ...faults: Fault[]): boolean {
    const found = this.illnesses.find((one) => one.node === node)
    return faults.some((fault) => found?.faults.includes(fault))
  }

  well(): string[] {
    return this.nodes().filter(({ state, enabled }) => state === 'up' && enabled).map(({ id }) => id)
  }

  nodes(): NodeStatus[] {
    return this.illnesses.map(({ node }, at) => {
      const isIll = this.has(node, 'kill', 'hang', 'forge')
      const ms = this.has(node, 'slow') ? 640 : 28 + at * 6
      return {
        id: node,
        enabled: !this.disabled.has(node),
        writable: true,
        state: isIll ? 'down' : 'up',
        p50Ms: ms,
        p95Ms: ms * 2.4,
        successRate: isIll ? 0.71 : 1,
        lastError: isIll ? (this.has(node, 'forge') ? 'signature_invalid' : 'unreachable') : null,
      }
    })
  }
}
