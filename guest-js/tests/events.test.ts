import { afterEach, expect, test, vi } from 'vitest'
import { onAlert, onClosed, onTokensChanged, subscribe, WalletSyncError, type WalletEvent } from '../index.js'
import { Plugin, reset, settled, STATUS } from './plugin.js'

afterEach(reset)

let number = 0
/** Subscriptions live as long as the page: each test has an account of its own. */
const fresh = (): string => `account-${(number += 1)}`

const changed = (account: string, revision: number): WalletEvent => ({
  event: 'tokens-changed',
  account,
  revision,
  added: 1,
  spent: 0,
})

test('listeners of a page share one subscription and each hears its kind', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const [tokens, alerts, all]: [unknown[], unknown[], unknown[]] = [[], [], []]
  await Promise.all([
    onTokensChanged(account, (event) => tokens.push(event.revision)),
    onAlert(account, (event) => alerts.push(event.kind)),
    subscribe(account, (event) => all.push(event.event)),
  ])
  plugin.send(account, changed(account, 2), { event: 'alert', account, revision: 2, kind: 'clone', message: 'x' })
  expect([tokens, alerts, all]).toEqual([[2], ['clone'], ['tokens-changed', 'alert']])
  expect(plugin.count('subscribe')).toBe(1)
})

test('nothing is heard after unlistening', async () => {
  const [plugin, account, heard] = [new Plugin(), fresh(), vi.fn()]
  const stop = await onTokensChanged(account, heard)
  stop()
  stop()
  plugin.send(account, changed(account, 2))
  expect(heard).not.toHaveBeenCalled()
})

test('a listener that throws does not keep the others from hearing', async () => {
  const [plugin, account, heard] = [new Plugin(), fresh(), vi.fn()]
  const thrown: unknown[] = []
  vi.stubGlobal('queueMicrotask', (f: () => void) => {
    try {
      f()
    } catch (error) {
      thrown.push(error)
    }
  })
  await onTokensChanged(account, () => {
    throw new Error('mine')
  })
  await onTokensChanged(account, heard)
  plugin.send(account, changed(account, 2))
  vi.unstubAllGlobals()
  expect(heard).toHaveBeenCalledOnce()
  expect(thrown).toEqual([new Error('mine')])
})

test('after lagging everything counts as changed, by a status that was read again', async () => {
  const [plugin, account] = [new Plugin({ status: () => STATUS }), fresh()]
  const [kinds, tokens]: [string[], WalletEvent[]] = [[], []]
  await subscribe(account, (event) => kinds.push(event.event))
  await onTokensChanged(account, (event) => tokens.push(event))
  plugin.send(account, { event: 'lagged', account, revision: 6, missed: 9 })
  await settled()
  expect(kinds).toEqual([
    'lagged', 'sync-changed', 'tokens-changed', 'publish-changed', 'node-health-changed', 'metrics-updated',
  ])
  expect(tokens).toEqual([{ event: 'tokens-changed', account: 'a', revision: 7, added: 0, spent: 0 }])
})

test('a subscription is renewed before the plugin goes silent, and what was missed meanwhile is told', async () => {
  const [plugin, account] = [new Plugin({ status: () => STATUS }), fresh()]
  const kinds: string[] = []
  await subscribe(account, (event) => kinds.push(event.event))
  for (let revision = 2; revision < 66; revision += 1) plugin.send(account, changed(account, revision))
  await settled()
  expect(plugin.count('subscribe')).toBe(2)
  expect(kinds.every((kind) => kind === 'tokens-changed')).toBe(true)
  plugin.missed = true
  for (let revision = 66; revision < 130; revision += 1) plugin.send(account, changed(account, revision))
  await settled()
  expect(plugin.count('subscribe')).toBe(3)
  expect(kinds.slice(128)).toContain('lagged')
})

test('without listeners nothing is renewed; the next one subscribes again', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const stop = await onTokensChanged(account, () => undefined)
  stop()
  for (let revision = 2; revision < 200; revision += 1) plugin.send(account, changed(account, revision))
  await settled()
  expect(plugin.count('subscribe')).toBe(1)
  const heard = vi.fn()
  await onTokensChanged(account, heard)
  expect(plugin.count('subscribe')).toBe(2)
  plugin.send(account, changed(account, 200))
  expect(heard).toHaveBeenCalledOnce()
})

test('closing is told, and listening to a closed account is refused until it is open', async () => {
  let isOpen = true
  const plugin: Plugin = new Plugin()
  const account = fresh()
  const heard = vi.fn()
  await onClosed(account, heard)
  plugin.send(account, { event: 'closed', account, revision: 3 })
  expect(heard).toHaveBeenCalledOnce()
  isOpen = false
  plugin.answers['subscribe'] = () => {
    if (!isOpen) throw { code: 'closed', message: 'the account is not open', retryable: false }
    return { account, revision: 1, missed: false }
  }
  await expect(onTokensChanged(account, () => undefined)).rejects.toBeInstanceOf(WalletSyncError)
  isOpen = true
  await onTokensChanged(account, () => undefined)
  expect(plugin.count('subscribe')).toBe(3)
})
