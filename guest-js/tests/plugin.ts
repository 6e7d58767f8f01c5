import { clearMocks, mockIPC } from '@tauri-apps/api/mocks'
import type { Channel } from '@tauri-apps/api/core'
import type { WalletEvent, WalletStatus } from '../bindings.js'

type Args = Record<string, unknown>
type Answer = (args: Args) => unknown

/** The plugin's side of IPC, with answers per command. */
export class Plugin {
  readonly calls: { command: string; args: Args }[] = []
  /** The newest channel of each listener, with the account that it listens to. */
  readonly channels = new Map<string, { account: string; channel: Channel; index: number }>()
  /** What the next subscription says about missed events. */
  missed = false
  /** Number of the account's opening; `null` while it is closed. */
  opening: number | null = 1

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

  subscribe(args: Args): unknown {
    const account = args.account as string
    this.channels.set(`${account} ${args.listener}`, { account, channel: args.onEvents as Channel, index: 0 })
    const missed = this.missed
    this.missed = false
    return { account, revision: 1, missed, opening: this.opening }
  }

  /** Sends one message of events to each listener, on the channel that it gave last. */
  send(account: string, ...events: WalletEvent[]): void {
    const open = [...this.channels.values()].filter((one) => one.account === account)
    if (open.length === 0) throw new Error('nobody listens')
    for (const one of open) {
      const message = { index: one.index, message: events }
      one.index += 1
      internals().runCallback(one.channel.id, message)
    }
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
  opening: 1,
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
