/**
 * The plugin's and the app's side of IPC, for a browser: `npm run mock`. `?tokens=10000` fills the wallet, `?state=` one of
 * `empty`, `offline`, `degraded`, `error` and `gone` shows how it looks then.
 *
 * It exists to design screens without a build of the app, and for tests of the keyboard. What the wallet does is tested on the app itself.
 */

import type { Channel } from '@tauri-apps/api/core'
import { mockIPC } from '@tauri-apps/api/mocks'
import type { Fault } from '../native'
import { auditOf, checkOf, historyOf, metricsOf, rehearsalOf } from './figures'
import { World, type MockDevice } from './world'

type Args = Record<string, unknown>

/** Sends on a channel as the app's side does. */
function sender(channel: Channel): (message: unknown) => void {
  let index = 0
  const { runCallback } = (window as unknown as { __TAURI_INTERNALS__: { runCallback: (id: number, message: unknown) => void } }).__TAURI_INTERNALS__
  return (message) => runCallback(channel.id, { index: index++, message })
}

/** `search` is that of the page's address. */
export function install(search: string): void {
  const query = new URLSearchParams(search)
  const state = query.get('state') ?? ''
  const world = new World(state === 'empty' ? 0 : Number(query.get('tokens') ?? 24))
  world.begin(state)
  mockIPC((command, payload) => {
    if (payload instanceof Uint8Array) return putTokens(world, payload)
    const args = (payload ?? {}) as Args
    const name = command.replace('plugin:wallet-sync|', '')
    const device = world.devices.find(({ account }) => account === args.account)
    if (device !== undefined && !device.isOpen && !['reopen_device', 'begin_import', 'import_state'].includes(name)) throw { code: 'closed', message: 'the account is not open', retryable: false }
    return answer(world, device, name, args)
  })
}

function answer(world: World, device: MockDevice | undefined, name: string, args: Args): unknown {
  switch (name) {
    case 'overview': {
      const devices = world.devices.map(({ account, isOpen }, at) => ({ account, isOpen, label: `Device ${'AB'[at]}` }))
      return { version: '0.1.0', devices, secretIn: 'file', faults: world.illnesses }
    }
    case 'set_fault': {
      const found = world.illnesses.find(({ node }) => node === args.node)
      if (found) found.faults = [...found.faults.filter((fault) => fault !== args.fault), ...(args.on ? [args.fault as Fault] : [])]
      world.devices.forEach((one) => one.tell({ event: 'node-health-changed' }))
      return structuredClone(world.illnesses)
    }
    case 'set_node_enabled':
      if (args.enabled) world.disabled.delete(args.nodeId as string)
      else world.disabled.add(args.nodeId as string)
      return world.nodes()
    case 'save_metrics':
      return 'exports/metrics.json'
    case 'backup_files':
      return structuredClone(world.files)
  }
  if (device === undefined) throw `Command ${name} not allowed by ACL`
  return answerFor(world, device, name, args)
}

function answerFor(world: World, device: MockDevice, name: string, args: Args): unknown {
  switch (name) {
    case 'subscribe':
      device.send = sender(args.onEvents as Channel)
      return { account: device.account, revision: device.revision, missed: false, opening: device.opening }
    case 'status':
      return device.status()
    case 'list_tokens': {
      const { after, limit, all } = args.page as { after: { tokenId: string; stateHash: string } | null; limit: number; all: boolean }
      const keys = [...device.rows.keys()].sort().filter((key) => all || device.rows.get(key)?.spend !== 'proof')
      const from = after === null ? 0 : keys.indexOf(`${after.tokenId}/${after.stateHash}`) + 1
      const tokens = keys.slice(from, from + limit).map((key) => device.rows.get(key))
      const last = tokens.at(-1)
      return { opening: device.opening, revision: device.revision, others: 'verified', total: keys.length, tokens: structuredClone(tokens), next: from + limit < keys.length && last ? last : null }
    }
    case 'token_changes':
      return { opening: device.opening, revision: device.revision, total: 0, others: 'verified', changed: null, tokens: [] }
    case 'list_entries': {
      const { prefix } = args.page as { prefix: string }
      const entries = [...device.entries].filter(([key]) => key.startsWith(prefix)).map(([key, { at, value }]) => ({ key, at, size: value.length, content: { encoding: 'utf8', value } }))
      return { revision: device.revision, entries, next: null }
    }
    case 'entry_versions': {
      const entry = device.entries.get(args.entryKey as string)
      const versions = entry ? [{ deleted: false, at: entry.at, size: entry.value.length, content: { encoding: 'utf8', value: entry.value } }] : []
      return { revision: device.revision, versions, isMore: false }
    }
    case 'get_token':
      return new TextEncoder().encode('{"version":1,"secret":"5e1f…"}').buffer
    case 'set_entry':
      device.entries.set(args.entryKey as string, { at: Date.now(), value: (args.value as { value: string }).value })
      device.tell({ event: 'tokens-changed', added: 0, spent: 0 })
      device.tell({ event: 'entries-changed' })
      return { revision: device.revision }
    case 'record_spend': {
      const row = device.rows.get(`${args.tokenId as string}/${args.stateHash as string}`)
      if (row) row.spend = args.kind as 'intent'
      device.tell({ event: 'tokens-changed', added: 0, spent: 0 })
      return { known: row !== undefined, revision: device.revision }
    }
    case 'sync_now':
      return device.sync(sender(args.onProgress as Channel))
    case 'metrics':
      return metricsOf(world.nodes(), world.syncs)
    case 'metrics_history': {
      const { from, to, stepMinutes } = args.range as { from: number; to: number; stepMinutes: number }
      return historyOf(from, to, stepMinutes)
    }
    case 'export_metrics':
      return JSON.stringify(metricsOf(world.nodes(), world.syncs))
    case 'node_health':
      return world.nodes()
    case 'audit':
      return auditOf(world.nodes().map(({ id }) => id))
    case 'rehearse':
      return rehearsalOf(device.rows.size)
    case 'check_node':
      return checkOf(!world.disabled.has(args.nodeId as string))
    case 'devices':
      return device.devices()
    case 'set_device_label':
      device.label = args.label as string | null
      device.tell({ event: 'sync-changed', running: false, outcome: null, source: null })
      return device.devices()
    case 'retire_device':
      if (args.slot !== 2) throw { code: 'conflict', message: 'it contradicts what is there', retryable: true }
      world.retired = true
      return device.devices()
    case 'export_backup': {
      const file = { name: `account-${device.account}.20260${1 + world.files.length}01T120000Z.backup.car`, bytes: 48_213 }
      world.files.unshift(file)
      return { file: file.name, tokens: device.rows.size, entries: device.entries.size, missing: 1, blocks: 61, bytes: file.bytes }
    }
    case 'begin_import':
      device.isOpen = true
      for (const row of world.shared.values()) device.put({ ...row })
      return null
    case 'import_state':
      return { state: 'done', added: device.rows.size, spent: 0, unchanged: 0, missing: 0 }
    case 'cache_stats':
    case 'invalidate_cache':
      return { records: 2, blocks: 61, bytes: 214_330, hits: 310, misses: 98, failures: 1 }
    case 'reset_metrics':
      return null
    case 'wipe':
      device.isOpen = false
      device.rows.clear()
      device.tell({ event: 'closed' })
      return { account: device.account, removed: true }
    case 'reopen_device':
      device.isOpen = true
      device.lastSync = null
      device.opening += 1
      device.tell({ event: 'opened', opening: device.opening })
      return null
    default:
      throw `Command ${name} not found`
  }
}

/** The frame of `put_tokens`: length, JSON, payloads. */
function putTokens(world: World, bytes: Uint8Array): unknown {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as {
    account: string
    tokens: { tokenId: string; stateHash: string; summary: string | null; size: number }[]
  }
  const device = world.devices.find(({ account }) => account === head.account)
  if (device === undefined) throw { code: 'closed', message: 'the account is not open', retryable: false }
  for (const { tokenId, stateHash, summary, size } of head.tokens) {
    device.put({ tokenId, stateHash, summary, size, previous: null, spend: 'none', forked: false, ack: 'local', hasPayload: true, own: true })
  }
  device.tell({ event: 'tokens-changed', added: head.tokens.length, spent: 0 })
  return { added: head.tokens.length, unchanged: 0, revision: device.revision }
}
