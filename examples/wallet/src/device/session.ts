/** What the app knows of one device: its status, its nodes, its syncs, what happened to it. */

import {
  nodeHealth,
  status,
  subscribe,
  syncNow,
  WalletSyncError,
  type NodeStatus,
  type Progress,
  type SyncOutcome,
  type SyncQuery,
  type SyncReport,
  type WalletEvent,
  type WalletStatus,
} from 'tauri-plugin-wallet-sync-api'
import { added, lineOf, nodeLines, type Happening } from '../activity/happening'
import { advance, NO_STEPS, type Steps } from '../sync/steps'
import { Rereader } from './watch'

export interface Alert {
  id: number
  at: number
  kind: string
  message: string
}

export interface DeviceState {
  /** Grows each time the account is opened: what listened to it before hears nothing any more. */
  opening: number
  isOpen: boolean
  /** `null` before the first read. */
  status: WalletStatus | null
  /** How each node is doing; `null` before the first read. */
  nodes: readonly NodeStatus[] | null
  /** Steps of the last sync that was started here. */
  steps: Steps
  /** Whether a sync that was started here is running. */
  isAsked: boolean
  report: SyncReport | null
  /** Why the last sync failed; `null` when it did not. */
  failure: WalletSyncError | null
  /** How the last sync ended, whoever started it. */
  outcome: SyncOutcome | null
  /** Newest first. */
  alerts: readonly Alert[]
  /** Newest first. */
  happenings: readonly Happening[]
}

const ALERTS = 100
let nextAlert = 1

export class DeviceSession {
  private state: DeviceState = {
    opening: 0,
    isOpen: true,
    status: null,
    nodes: null,
    steps: NO_STEPS,
    isAsked: false,
    report: null,
    failure: null,
    outcome: null,
    alerts: [],
    happenings: [],
  }
  /** The sync under way that was started here. */
  private running: Promise<SyncReport | null> | null = null
  private readonly lookers = new Set<() => void>()
  private isListening = false
  private readonly reader: Rereader<WalletStatus>
  private readonly health: Rereader<NodeStatus[]>

  constructor(
    readonly account: string,
    readonly label: string,
  ) {
    this.reader = new Rereader(
      () => status(account),
      (value) => this.set({ status: value, isOpen: true }),
      (error) => this.set({ isOpen: error.code !== 'closed' }),
    )
    this.health = new Rereader(
      () => nodeHealth(account),
      (nodes) => this.seeNodes(nodes),
      () => undefined,
    )
  }

  readonly snapshot = (): DeviceState => this.state

  readonly look = (looker: () => void): (() => void) => {
    this.lookers.add(looker)
    return () => void this.lookers.delete(looker)
  }

  /** Listens and reads; what was closed and opened anew is heard on its own. */
  async start(): Promise<void> {
    try {
      if (!this.isListening) {
        this.isListening = true
        await subscribe(this.account, (event) => this.hear(event))
        this.set({ opening: this.state.opening + 1 })
      }
      await Promise.all([this.reader.again(), this.health.again()])
    } catch (error) {
      this.isListening = false
      this.set({ isOpen: WalletSyncError.from(error).code !== 'closed' })
    }
  }

  /** Gives the report; `null` where it failed, or one is under way already. */
  async sync(query: SyncQuery = {}): Promise<SyncReport | null> {
    if (this.running !== null) return null
    this.running = this.run(query)
    try {
      return await this.running
    } finally {
      this.running = null
    }
  }

  /** A sync of its own, once the one under way has ended. */
  async syncNext(query: SyncQuery): Promise<SyncReport | null> {
    while (this.running !== null) await this.running
    return this.sync(query)
  }

  private async run(query: SyncQuery): Promise<SyncReport | null> {
    this.set({ isAsked: true, failure: null, steps: advance(NO_STEPS, { step: 'asked' }) })
    let report: SyncReport | null = null
    try {
      const onProgress = (progress: Progress) => this.set({ steps: advance(this.state.steps, progress) })
      report = await syncNow(this.account, { ...query, onProgress })
      const steps = advance(this.state.steps, { step: 'ended', missing: report.missingPayloads, verified: report.verifiedNodes, nodes: report.nodes.length })
      this.set({ report, outcome: report.outcome, steps })
    } catch (error) {
      this.set({ failure: WalletSyncError.from(error), steps: advance(this.state.steps, { step: 'failed' }) })
    }
    this.set({ isAsked: false })
    await this.reader.again()
    return report
  }

  private hear(event: WalletEvent): void {
    const happenings = added(this.state.happenings, lineOf(event, this.state.status), Date.now())
    if (happenings !== this.state.happenings) this.set({ happenings })
    switch (event.event) {
      case 'sync-changed':
        if (!event.running && event.outcome !== null) {
          // A background sync that got an answer ends an old failure.
          this.set({ outcome: event.outcome, failure: event.outcome === 'offline' ? this.state.failure : null })
        }
        void this.health.again()
        break
      case 'alert': {
        const { kind, message } = event
        const alert = { id: nextAlert++, at: Date.now(), kind, message }
        this.set({ alerts: [alert, ...this.state.alerts].slice(0, ALERTS) })
        break
      }
      case 'closed':
        this.set({ isOpen: false, status: null, nodes: null, report: null, steps: NO_STEPS, outcome: null, failure: null })
        return
      case 'node-health-changed':
        void this.health.again()
        return
      case 'opened':
        this.set({ opening: this.state.opening + 1 })
        break
      case 'metrics-updated':
        return
      case 'lagged':
        void this.health.again()
        break
    }
    void this.reader.again()
  }

  private seeNodes(nodes: readonly NodeStatus[]): void {
    const now = Date.now()
    const happenings = nodeLines(this.state.nodes, nodes).reduce((before, line) => added(before, line, now), this.state.happenings)
    this.set({ nodes, happenings })
  }

  private set(change: Partial<DeviceState>): void {
    this.state = { ...this.state, ...change }
    for (const looker of [...this.lookers]) looker()
  }
}
