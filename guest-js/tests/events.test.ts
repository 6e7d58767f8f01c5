import { afterEach, expect, test, vi } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onAlert, onClosed, onOpened, onTokensChanged, subscribe, type WalletEvent } from '../index.js'
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
    'lagged', 'sync-changed', 'tokens-changed', 'entries-changed', 'publish-changed', 'node-health-changed',
    'metrics-updated',
  ])
  expect(tokens).toEqual([{ event: 'tokens-changed', account: 'a', revision: 7, added: 0, spent: 0 }])
})

test('after lagging everything counts as changed, also where the status cannot be read', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const kinds: string[] = []
  await subscribe(account, (event) => kinds.push(event.event))
  plugin.send(account, { event: 'lagged', account, revision: 6, missed: 9 })
  await settled()
  expect(kinds).toEqual(['lagged', 'tokens-changed', 'entries-changed', 'node-health-changed', 'metrics-updated'])
  plugin.answers['status'] = () => {
    throw { code: 'closed', message: 'the account is not open', retryable: false }
  }
  plugin.send(account, { event: 'lagged', account, revision: 7, missed: 1 })
  await settled()
  expect(kinds.slice(5)).toEqual(['lagged'])
})

test('a subscription that is never answered holds up no later one', async () => {
  vi.useFakeTimers()
  const [plugin, account, heard] = [new Plugin(), fresh(), vi.fn()]
  plugin.answers['subscribe'] = () => new Promise(() => undefined)
  const first = subscribe(account, heard).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await first).toMatchObject({ code: 'deadline', retryable: true })
  delete plugin.answers['subscribe']
  await subscribe(account, heard)
  vi.useRealTimers()
  plugin.send(account, changed(account, 2))
  expect(heard).toHaveBeenCalledOnce()
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

test('closing is told, and who listens hears that it is opened again', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const kinds: string[] = []
  await subscribe(account, (event) => kinds.push(event.event))
  plugin.send(account, { event: 'closed', account, revision: 3 })
  plugin.send(account, { event: 'opened', account, revision: 0, opening: 2 })
  plugin.send(account, changed(account, 1))
  expect(kinds).toEqual(['closed', 'opened', 'tokens-changed'])
  expect(plugin.count('subscribe')).toBe(1)
})

test('an account that is being opened is told once, and told closed when it does not open', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  plugin.opening = null
  const kinds: string[] = []
  await subscribe(account, (event) => kinds.push(event.event))
  plugin.send(account, { event: 'opening', account, revision: 0 })
  plugin.send(account, { event: 'opening', account, revision: 0 })
  plugin.send(account, { event: 'closed', account, revision: 0 })
  plugin.send(account, { event: 'opening', account, revision: 0 })
  plugin.send(account, { event: 'opened', account, revision: 0, opening: 1 })
  expect(kinds).toEqual(['opening', 'closed', 'opening', 'opened'])
})

test('an account can be listened to before it is open', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  plugin.opening = null
  const [opened, closed] = [vi.fn(), vi.fn()]
  await onOpened(account, opened)
  await onClosed(account, closed)
  plugin.send(account, { event: 'opened', account, revision: 0, opening: 4 })
  expect(opened).toHaveBeenCalledOnce()
  expect(closed).not.toHaveBeenCalled()
})

test('a closing that comes while the subscription is renewed is heard, on either channel', async () => {
  for (const isBefore of [true, false]) {
    const [plugin, account] = [new Plugin(), fresh()]
    const kinds: string[] = []
    await subscribe(account, (event) => kinds.push(event.event))
    let answer: () => void = () => undefined
    const subscribed = plugin.answers['subscribe']
    plugin.answers['subscribe'] = (args) => {
      if (!isBefore) plugin.subscribe(args)
      return new Promise((resolve) => (answer = () => resolve({ account, revision: 1, missed: false, opening: 1 })))
    }
    for (let revision = 2; revision < 66; revision += 1) plugin.send(account, changed(account, revision))
    await settled()
    plugin.send(account, { event: 'closed', account, revision: 66 })
    answer()
    await settled()
    expect(kinds.filter((kind) => kind !== 'tokens-changed'), String(isBefore)).toEqual(['closed'])
    Object.assign(plugin.answers, { subscribe: subscribed })
    plugin.send(account, { event: 'opened', account, revision: 0, opening: 2 })
    expect(kinds.at(-1)).toBe('opened')
  }
})

test('what was missed of closing and opening is told by the renewal', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const kinds: string[] = []
  await subscribe(account, (event) => kinds.push(event.event))
  for (const opening of [null, null, 5]) {
    plugin.opening = opening
    for (let at = 0; at < 64; at += 1) plugin.send(account, changed(account, at))
    await settled()
  }
  expect(kinds.filter((kind) => kind !== 'tokens-changed')).toEqual(['closed', 'opened'])
})

test('a renewal that fails is tried again', async () => {
  vi.useFakeTimers()
  const [plugin, account, heard] = [new Plugin(), fresh(), vi.fn()]
  await subscribe(account, heard)
  plugin.answers['subscribe'] = () => {
    throw { code: 'rate_limited', message: 'too many calls', retryable: true }
  }
  for (let revision = 2; revision < 66; revision += 1) plugin.send(account, changed(account, revision))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(plugin.count('subscribe')).toBe(3)
  delete plugin.answers['subscribe']
  await vi.advanceTimersByTimeAsync(10_000)
  vi.useRealTimers()
  expect(plugin.count('subscribe')).toBe(4)
  plugin.send(account, changed(account, 66))
  expect(heard).toHaveBeenCalledTimes(65)
})

test('a subscription that is refused is refused to who asked, and the next one is made', async () => {
  const [plugin, account, heard] = [new Plugin(), fresh(), vi.fn()]
  plugin.answers['subscribe'] = () => {
    throw { code: 'rate_limited', message: 'too many listeners', retryable: true }
  }
  await expect(subscribe(account, heard)).rejects.toMatchObject({ code: 'rate_limited' })
  delete plugin.answers['subscribe']
  await subscribe(account, heard)
  plugin.send(account, changed(account, 2))
  expect(heard).toHaveBeenCalledOnce()
})

test('copies of the package in one window hear side by side, however often each renews', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const heard: number[] = []
  for (const copy of [0, 1]) {
    vi.resetModules()
    const api = await import('../index.js')
    await api.subscribe(account, () => (heard[copy] = (heard[copy] ?? 0) + 1))
  }
  for (let revision = 2; revision < 302; revision += 1) {
    plugin.send(account, changed(account, revision))
    await Promise.resolve()
  }
  expect(heard).toEqual([300, 300])
  const names = plugin.calls.filter(({ command }) => command === 'subscribe').map(({ args }) => args.listener)
  expect(new Set(names).size).toBe(2)
})

test('the script for pages without a bundler may be loaded twice, beside any other copy', async () => {
  const [plugin, account] = [new Plugin(), fresh()]
  const script = readFileSync(join(import.meta.dirname, '../../api-iife.js'), 'utf8')
  vi.stubGlobal('__TAURI__', {})
  const load = (): void => {
    new Function('window', script)(Object.assign(window, { __TAURI__: globalThis['__TAURI__' as never] }))
  }
  load()
  const { walletSync } = globalThis['__TAURI__' as never] as { walletSync: { subscribe: typeof subscribe } }
  const heard: string[] = []
  await walletSync.subscribe(account, () => heard.push('script'))
  load()
  await subscribe(account, () => heard.push('module'))
  plugin.send(account, changed(account, 2))
  expect(heard.sort()).toEqual(['module', 'script'])
  vi.unstubAllGlobals()
})
