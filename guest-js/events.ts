import { Channel } from '@tauri-apps/api/core'
import { ask } from './arguments.js'
import { commands, type Source, type SyncOutcome, type WalletEvent } from './bindings.js'

/** Stops listening. */
export type UnlistenFn = () => void

type Listener = (event: WalletEvent) => void

/** The plugin stops sending after 256 messages unless this page subscribes again; see `SUBSCRIPTION_CREDIT` in src/limits. */
const RENEW_AFTER = 64

/** One subscription per account, shared by all listeners of this page. */
class Hub {
  readonly listeners = new Set<Listener>()
  private channel: Channel<WalletEvent[]> | null = null
  private starting: Promise<void> | null = null
  private received = 0

  constructor(readonly account: string) {}

  /** Subscribes, or renews the subscription before the plugin stops sending. */
  start(): Promise<void> {
    if (this.channel !== null && this.received < RENEW_AFTER) return Promise.resolve()
    this.starting ??= this.subscribe().finally(() => (this.starting = null))
    return this.starting
  }

  private async subscribe(): Promise<void> {
    const isFirst = this.channel === null
    const channel = new Channel<WalletEvent[]>()
    channel.onmessage = (events) => this.receive(channel, events)
    const subscription = await ask({ account: this.account }, () => commands.subscribe(this.account, channel))
    this.channel = channel
    this.received = 0
    if (subscription.missed && !isFirst) {
      const { account, revision } = subscription
      this.tell({ event: 'lagged', account, revision, missed: 1 })
    }
  }

  private receive(channel: Channel<WalletEvent[]>, events: WalletEvent[]): void {
    this.received += 1
    for (const event of events) {
      if (event.event === 'closed') {
        if (this.channel !== channel && this.channel !== null) continue
        hubs.delete(this.account)
        this.channel = null
      }
      this.tell(event)
    }
    if (this.received >= RENEW_AFTER && this.listeners.size > 0 && this.channel !== null) {
      // A closed account sends an event; any other failure is tried again with the next message.
      this.start().catch(() => undefined)
    }
  }

  private tell(event: WalletEvent): void {
    for (const listener of [...this.listeners]) deliver(listener, event)
    if (event.event === 'lagged') void this.reread()
  }

  /** After missed events: sends an event of each kind, so that everything is read again. */
  private async reread(): Promise<void> {
    try {
      const status = await ask({ account: this.account }, () => commands.status(this.account))
      const { account, revision, ack, verifiedNodes, syncing, lastSync } = status
      const outcome = (lastSync?.outcome as SyncOutcome | undefined) ?? null
      const source = (lastSync?.source as Source | undefined) ?? null
      this.tell({ event: 'sync-changed', account, revision, running: syncing, outcome, source })
      this.tell({ event: 'tokens-changed', account, revision, added: 0, spent: 0 })
      this.tell({ event: 'publish-changed', account, revision, ack, verifiedNodes })
      this.tell({ event: 'node-health-changed', account, revision })
      this.tell({ event: 'metrics-updated', account, revision })
    } catch {
      // Closed meanwhile: there is nothing to read.
    }
  }
}

const hubs = new Map<string, Hub>()

/** A listener that throws must not keep the event from the others. */
function deliver(listener: Listener, event: WalletEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/**
 * Listens to every event of an account.
 *
 * An event only says that something has changed; read it with the commands. `lagged` means that events were missed: it
 * is followed by one of each kind, so that everything is read again. `closed` is the last event: subscribe again when the
 * account is open again.
 */
export async function subscribe(account: string, handler: (event: WalletEvent) => void): Promise<UnlistenFn> {
  const hub = hubs.get(account) ?? new Hub(account)
  hubs.set(account, hub)
  // The same function may listen twice.
  const listener: Listener = (event) => handler(event)
  hub.listeners.add(listener)
  try {
    await hub.start()
  } catch (error) {
    hub.listeners.delete(listener)
    if (hub.listeners.size === 0 && hubs.get(account) === hub) hubs.delete(account)
    throw error
  }
  return () => void hub.listeners.delete(listener)
}

/** The event of a name. */
export type EventOf<K extends WalletEvent['event']> = Extract<WalletEvent, { event: K }>

function on<K extends WalletEvent['event']>(
  account: string,
  kind: K,
  handler: (event: EventOf<K>) => void,
): Promise<UnlistenFn> {
  return subscribe(account, (event) => {
    if (event.event === kind) handler(event as EventOf<K>)
  })
}

/** A sync started or ended. */
export const onSyncChanged = (account: string, handler: (event: EventOf<'sync-changed'>) => void) =>
  on(account, 'sync-changed', handler)

/** The token list or the entries changed. */
export const onTokensChanged = (account: string, handler: (event: EventOf<'tokens-changed'>) => void) =>
  on(account, 'tokens-changed', handler)

/** The level of changes has risen or fallen. */
export const onPublishChanged = (account: string, handler: (event: EventOf<'publish-changed'>) => void) =>
  on(account, 'publish-changed', handler)

/** A node became better or worse. */
export const onNodeHealthChanged = (account: string, handler: (event: EventOf<'node-health-changed'>) => void) =>
  on(account, 'node-health-changed', handler)

/** There are new measurements. */
export const onMetricsUpdated = (account: string, handler: (event: EventOf<'metrics-updated'>) => void) =>
  on(account, 'metrics-updated', handler)

/** Something that a person should see. */
export const onAlert = (account: string, handler: (event: EventOf<'alert'>) => void) =>
  on(account, 'alert', handler)

/** The account was closed; there are no more events. */
export const onClosed = (account: string, handler: (event: EventOf<'closed'>) => void) =>
  on(account, 'closed', handler)
