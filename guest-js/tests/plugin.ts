import { clearMocks, mockIPC } from '@tauri-apps/api/mocks'
import type { Channel } from '@tauri-apps/api/core'
import type { WalletEvent, WalletStatus } from '../bindings.js'

type Args = Record<string, unknown>
type Answer = (args: Args) => unknown

/** The plugin's side of IPC, with answers per command. */
export class Plugin {
  readonly calls: { command: string; args: Args }[] = []
  /** The newest subscription's channel, by account. */
  readonly channels = new Map<string, { channel: Channel; index: number }>()
  /** What the next subscription says about missed events. */
  missed = false

  constructor(readonly answers: Record<string, Answer> = {}) {
    mockIPC((cmd, payload) => {
      const command = cmd.replace('plugin:wallet-sync|', '')
      const args = (payload ?? {}) as Args
      this.calls.push({ command, args })
      const answer = this.answers[command]
      if (answer !== undefined) return answer(args)
      if (command === 'subscribe') return this.subscribe(args)
      throw `Command ${cmd} not allowed by ACL`
    })
  }

  private subscribe(args: Args): unknown {
    const account = args.account as string
    this.channels.set(account, { channel: args.onEvents as Channel, index: 0 })
    const missed = this.missed
    this.missed = false
    return { account, revision: 1, missed }
  }

  /** Sends one message of events to whoever subscribed last. */
  send(account: string, ...events: WalletEvent[]): void {
    const open = this.channels.get(account)
    if (open === undefined) throw new Error('nobody listens')
    const message = { index: open.index, message: events }
    open.index += 1
    internals().runCallback(open.channel.id, message)
  }

  /** Sends on the channel that a command was given. */
  static tell(channel: unknown, index: number, message: unknown): void {
    internals().runCallback((channel as Channel).id, { index, message })
  }

  count(command: string): number {
    return this.calls.filter((call) => call.command === command).length
  }
}

function internals(): { runCallback: (id: number, message: unknown) => void } {
  return (window as unknown as { __TAURI_INTERNALS__: ReturnType<typeof internals> }).__TAURI_INTERNALS__
}

export const reset = clearMocks

/** A status to alter. */
export const STATUS: WalletStatus = {
  account: 'a',
  revision: 7,
  tokens: { total: 2, unspent: 1, suspect: 1 },
  pending: 0,
  ack: 'verified',
  lastSync: { at: 1, source: 'cache', outcome: 'up_to_date' },
  syncing: false,
  slot: 0,
  highWater: [],
  nodes: 5,
  verifiedNodes: 5,
  missingPayloads: 0,
  unread: [],
  leftOut: [],
  moved: false,
}

/** Lets everything that is ready run. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
