import { ask } from './arguments.js'
import { commands, type Source, type Subscription, type SyncOutcome, type WalletEvent } from './bindings.js'
import { channelTo, drawId } from './call.js'
import { badRequest, WalletSyncError } from './error.js'
import { within } from './time.js'

/** Stops listening. */
export type UnlistenFn = () => void

type Listener = (event: WalletEvent) => void

/** The plugin stops sending after 256 messages unless this page subscribes again; see `SUBSCRIPTION_CREDIT` in src/limits. */
const RENEW_AFTER = 64
/** Pauses before a renewal that failed is tried again, ms: doubled each time. */
const RETRY = { first: 1_000, last: 30_000 } as const

/** Longest wait for the answer to a subscription, ms: it comes from memory. */
const ANSWER_MS = 10_000

/** In place of the number of an opening that is not finished. */
const BEING_OPENED = 0

/** This copy of the package: a page may hold several, and frames with further ones. */
let copy: string | null = null

/** One subscription per account, shared by all listeners of this copy of the package. */
class Hub {
  readonly listeners = new Set<Listener>()
  private isSubscribed = false
  private starting: Promise<void> | null = null
  private received = 0
  private pause = 0
  private retry: ReturnType<typeof setTimeout> | null = null
  /** Number of the account's opening, 0 before it is finished; `null` while it is closed, `undefined` before that is known. */
  private opening: number | null | undefined
  /** How often it was told to be opened or closed. */
  private turns = 0

  constructor(readonly account: string) {}

  /** Subscribes, or renews the subscription before the plugin stops sending. */
  start(): Promise<void> {
    if (this.isSubscribed && this.received < RENEW_AFTER) return Promise.resolve()
    this.starting ??= this.subscribe().finally(() => (this.starting = null))
    return this.starting
  }

  private async subscribe(): Promise<void> {
    const isFirst = !this.isSubscribed
    copy ??= drawId()
    // It may send before the call is answered. What still comes on the channel before counts as well.
    let count = 0
    const channel = channelTo<WalletEvent[]>((events) => {
      count += 1
      this.received = count
      this.receive(events)
    })
    const turns = this.turns
    const subscription = await within(ANSWER_MS, commands.subscribe(this.account, channel, copy))
    this.isSubscribed = true
    this.received = count
    this.pause = 0
    // What was told meanwhile is newer than the answer may be.
    if (this.turns === turns) this.compare(subscription)
    if (subscription.missed && !isFirst) {
      const { account, revision } = subscription
      this.tell({ event: 'lagged', account, revision, missed: 1 })
    }
  }

  /** Tells what was missed of the account's life. */
  private compare({ account, revision, opening }: Subscription): void {
    if (this.opening === undefined) this.opening = opening
    else if (opening !== null) this.receive([{ event: 'opened', account, revision, opening }])
    else this.receive([{ event: 'closed', account, revision }])
  }

  private receive(events: WalletEvent[]): void {
    for (const event of events) {
      if (event.event === 'closed' || event.event === 'opening' || event.event === 'opened') {
        const opening = event.event === 'opened' ? event.opening : event.event === 'opening' ? BEING_OPENED : null
        if (this.opening === opening) continue
        this.opening = opening
        this.turns += 1
      }
      this.tell(event)
    }
    if (this.received >= RENEW_AFTER) this.renew()
  }

  private renew(): void {
    if (this.listeners.size === 0 || this.retry !== null) return
    this.start().catch(() => {
      // With nothing coming any more, nothing else would try again.
      this.pause = Math.min(Math.max(this.pause * 2, RETRY.first), RETRY.last)
      this.retry = setTimeout(() => {
        this.retry = null
        this.renew()
      }, this.pause)
    })
  }

  private tell(event: WalletEvent): void {
    for (const listener of [...this.listeners]) deliver(listener, event)
    if (event.event === 'lagged') void this.reread(event.revision)
  }

  /** After missed events: sends an event of each kind, so that everything is read again. */
  private async reread(missedAt: number): Promise<void> {
    try {
      const status = await ask({ account: this.account }, () => commands.status(this.account))
      const { account, revision, ack, verifiedNodes, syncing, lastSync } = status
      const outcome = (lastSync?.outcome as SyncOutcome | undefined) ?? null
      const source = (lastSync?.source as Source | undefined) ?? null
      this.tell({ event: 'sync-changed', account, revision, running: syncing, outcome, source })
      this.tell({ event: 'tokens-changed', account, revision, added: 0, spent: 0 })
      this.tell({ event: 'entries-changed', account, revision })
      this.tell({ event: 'publish-changed', account, revision, ack, verifiedNodes })
      this.tell({ event: 'node-health-changed', account, revision })
      this.tell({ event: 'metrics-updated', account, revision })
    } catch (reason) {
      // Closed meanwhile: there is nothing to read. Else whoever shows something tries it by itself.
      if (WalletSyncError.from(reason).code === 'closed') return
      const [account, revision] = [this.account, missedAt]
      this.tell({ event: 'tokens-changed', account, revision, added: 0, spent: 0 })
      this.tell({ event: 'entries-changed', account, revision })
      this.tell({ event: 'node-health-changed', account, revision })
      this.tell({ event: 'metrics-updated', account, revision })
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
 * Listens to every event of an account, whether or not it is open yet.
 *
 * An event only says that something has changed; read it with the commands. `lagged` means that events were missed: it
 * is followed by one of each kind, so that everything is read again. `closed` is followed by `opened` when the account is
 * opened again.
 */
export async function subscribe(account: string, handler: (event: WalletEvent) => void): Promise<UnlistenFn> {
  return ask({ account }, async () => {
    if (typeof handler !== 'function') throw badRequest('handler', 'not a function')
    const hub = hubs.get(account) ?? new Hub(account)
    hubs.set(account, hub)
    // The same function may listen twice.
    const listener: Listener = (event) => handler(event)
    hub.listeners.add(listener)
    try {
      await hub.start()
    } catch (error) {
      hub.listeners.delete(listener)
      throw error
    }
    return () => void hub.listeners.delete(listener)
  })
}

/** The event of a name. */
export type EventOf<K extends WalletEvent['event']> = Extract<WalletEvent, { event: K }>

async function on<K extends WalletEvent['event']>(
  account: string,
  kind: K,
  handler: (event: EventOf<K>) => void,
): Promise<UnlistenFn> {
  if (typeof handler !== 'function') throw badRequest('handler', 'not a function')
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

/** Entries were set or deleted, here or by another device. */
export const onEntriesChanged = (account: string, handler: (event: EventOf<'entries-changed'>) => void) =>
  on(account, 'entries-changed', handler)

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

/** A large account is being opened: `status` and the first pages of `listTokens` already answer with what it showed when it was closed. */
export const onOpening = (account: string, handler: (event: EventOf<'opening'>) => void) =>
  on(account, 'opening', handler)

/** The account was opened, for the first time or again. Not told of one that is open already. */
export const onOpened = (account: string, handler: (event: EventOf<'opened'>) => void) =>
  on(account, 'opened', handler)

/** The account was closed. */
export const onClosed = (account: string, handler: (event: EventOf<'closed'>) => void) =>
  on(account, 'closed', handler)
