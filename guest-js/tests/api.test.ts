import { afterEach, expect, test, vi } from 'vitest'
import * as api from '../index.js'
import { Plugin, reset, STATUS } from './plugin.js'

afterEach(reset)

test('every function calls its command with every argument', async () => {
  const plugin = new Plugin(
    Object.fromEntries(
      [
        'accounts', 'status', 'list_tokens', 'metrics', 'metrics_history', 'node_health', 'cache_stats', 'record_spend',
        'set_entry', 'delete_entry', 'sync_now', 'flush', 'invalidate_cache', 'reset_metrics', 'export_metrics', 'set_node_enabled',
        'check_node',
        'devices', 'set_device_label', 'retire_device', 'wipe', 'export_backup', 'reject_proof',
      ].map((command) => [command, () => STATUS]),
    ),
  )
  await api.accounts()
  await api.status('a')
  await api.listTokens('a', { limit: 5 })
  await api.metrics('a')
  await api.metricsHistory('a', { stepMinutes: 5 })
  await api.nodeHealth('a')
  await api.cacheStats('a')
  await api.recordSpend('a', 't', 's', 'intent', 'salt')
  await api.setEntry('a', 'k', new Uint8Array([255, 0]))
  await api.deleteEntry('a', 'k')
  await api.flush('a')
  await api.invalidateCache('a')
  await api.resetMetrics('a')
  await api.exportMetrics('a')
  await api.setNodeEnabled('a', 'n1', false)
  await api.checkNode('a', 'n1')
  await api.devices('a')
  await api.setDeviceLabel('a', 'Laptop')
  await api.setDeviceLabel('a', null)
  await api.retireDevice('a', 3)
  await api.wipe('a', 'a')
  await api.exportBackup('a')
  await api.rejectProof('a', { tokenId: 't', stateHash: 's' }, 'ab')
  expect(plugin.calls).toEqual([
    { command: 'accounts', args: {} },
    { command: 'status', args: { account: 'a' } },
    { command: 'list_tokens', args: { account: 'a', page: { after: null, limit: 5, all: null, spendable: null } } },
    { command: 'metrics', args: { account: 'a' } },
    { command: 'metrics_history', args: { account: 'a', range: { from: null, to: null, stepMinutes: 5 } } },
    { command: 'node_health', args: { account: 'a' } },
    { command: 'cache_stats', args: { account: 'a' } },
    {
      command: 'record_spend',
      args: { account: 'a', tokenId: 't', stateHash: 's', kind: 'intent', evidence: { encoding: 'utf8', value: 'salt' } },
    },
    { command: 'set_entry', args: { account: 'a', entryKey: 'k', value: { encoding: 'base64', value: '/wA=' } } },
    { command: 'delete_entry', args: { account: 'a', entryKey: 'k' } },
    { command: 'flush', args: { account: 'a', withinMs: null } },
    { command: 'invalidate_cache', args: { account: 'a', kind: 'all' } },
    { command: 'reset_metrics', args: { account: 'a' } },
    { command: 'export_metrics', args: { account: 'a', format: 'json' } },
    { command: 'set_node_enabled', args: { account: 'a', nodeId: 'n1', enabled: false } },
    { command: 'check_node', args: { account: 'a', nodeId: 'n1' } },
    { command: 'devices', args: { account: 'a' } },
    { command: 'set_device_label', args: { account: 'a', label: 'Laptop' } },
    { command: 'set_device_label', args: { account: 'a', label: null } },
    { command: 'retire_device', args: { account: 'a', slot: 3 } },
    { command: 'status', args: { account: 'a' } },
    { command: 'wipe', args: { account: 'a', confirm: 'a', force: false, opening: 1 } },
    { command: 'export_backup', args: { account: 'a', onProgress: expect.anything() } },
    { command: 'reject_proof', args: { account: 'a', tokenId: 't', stateHash: 's', proof: 'ab' } },
  ])
})

test('a put goes out as a head and the payloads behind it', async () => {
  let body: Uint8Array = new Uint8Array()
  new Plugin({
    put_tokens: (args) => {
      body = args as unknown as Uint8Array
      return { added: 2, unchanged: 0, revision: 3 }
    },
  })
  const report = await api.putTokens('a', [
    { tokenId: 't', stateHash: 's', summary: '1 coin', payload: 'ü' },
    { tokenId: 'u', stateHash: 's', previous: 'r', payload: new Uint8Array([0, 255]) },
  ])
  expect(report.added).toBe(2)
  const length = new DataView(body.buffer).getUint32(0)
  expect(JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + length)))).toEqual({
    account: 'a',
    tokens: [
      { tokenId: 't', stateHash: 's', previous: null, summary: '1 coin', size: 2 },
      { tokenId: 'u', stateHash: 's', previous: 'r', summary: null, size: 2 },
    ],
  })
  expect([...body.subarray(4 + length)]).toEqual([0xc3, 0xbc, 0, 255])
})

test('a payload comes back as bytes', async () => {
  new Plugin({ get_token: () => new Uint8Array([1, 2]).buffer })
  expect([...(await api.getToken('a', 't', 's'))]).toEqual([1, 2])
})

test('entries come as text and bytes, missing ones as null', async () => {
  const row = { at: 1, size: 2 }
  new Plugin({
    list_entries: () => ({
      revision: 1,
      next: null,
      entries: [
        { ...row, key: 'label', content: { encoding: 'utf8', value: 'hi' } },
        { ...row, key: 'label.raw', content: { encoding: 'base64', value: '/wA=' } },
        { ...row, key: 'label.gone', content: null },
      ],
    }),
  })
  const { entries } = await api.listEntries('a', { prefix: 'label' })
  expect(entries.map(({ key, text, value }) => [key, text, value && [...value]])).toEqual([
    ['label', 'hi', [104, 105]],
    ['label.raw', null, [255, 0]],
    ['label.gone', null, null],
  ])
  expect((await api.getEntry('a', 'label'))?.text).toBe('hi')
  expect(await api.getEntry('a', 'lab')).toBeNull()
})

test('versions of an entry come as entries do', async () => {
  const row = { at: 1, size: 2 }
  const plugin = new Plugin({
    entry_versions: () => ({
      revision: 1,
      isMore: false,
      versions: [
        { ...row, content: { encoding: 'utf8', value: 'hi' } },
        { ...row, content: null },
      ],
    }),
  })
  const { versions, isMore } = await api.entryVersions('a', 'label')
  expect(versions.map(({ at, text, value }) => [at, text, value && [...value]])).toEqual([
    [1, 'hi', [104, 105]],
    [1, null, null],
  ])
  expect(isMore).toBe(false)
  expect(plugin.calls).toEqual([{ command: 'entry_versions', args: { account: 'a', entryKey: 'label' } }])
})

test('progress of a sync arrives until it is finished', async () => {
  const heard: api.Progress[] = []
  new Plugin({
    sync_now: ({ onProgress, options }) => {
      expect(options).toEqual({ fresh: true, deadlineMs: 500, wait: 'verified' })
      Plugin.tell(onProgress, 0, { step: 'reading', names: 4 })
      Plugin.tell(onProgress, 1, { step: 'finished' })
      return { outcome: 'merged' }
    },
  })
  const report = await api.syncNow('a', { fresh: true, deadlineMs: 500, wait: 'verified', onProgress: (p) => heard.push(p) })
  expect(report.outcome).toBe('merged')
  expect(heard).toEqual([{ step: 'reading', names: 4 }, { step: 'finished' }])
})

test('an audit tells how far it has come, and gives each node', async () => {
  const heard: api.AuditProgress[] = []
  new Plugin({
    audit: ({ onProgress, options }) => {
      expect(options).toEqual({ all: null, repair: true })
      Plugin.tell(onProgress, 0, { checked: 1, total: 2, finished: false })
      Plugin.tell(onProgress, 1, { checked: 2, total: 2, finished: true })
      return { safe: true, nodes: [] }
    },
  })
  const report = await api.audit('a', { repair: true, onProgress: (progress) => heard.push(progress) })
  expect(report.safe).toBe(true)
  expect(heard.map(({ checked, finished }) => [checked, finished])).toEqual([[1, false], [2, true]])
})

test('a rehearsal gives its result', async () => {
  const plugin = new Plugin({ rehearse: () => ({ whole: true, words: 'all of it' }) })
  expect((await api.rehearse('a')).whole).toBe(true)
  expect(plugin.calls[0]?.args).toMatchObject({ account: 'a' })
})

test('every rejection is a WalletSyncError with a code', async () => {
  new Plugin({
    status: () => {
      throw { code: 'closed', message: 'the account is not open', retryable: false }
    },
    flush: () => {
      throw 'invalid args `withinMs` for command `flush`'
    },
  })
  const reason = async (call: Promise<unknown>): Promise<api.WalletSyncError> => {
    const error: unknown = await call.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(api.WalletSyncError)
    return error as api.WalletSyncError
  }
  expect(await reason(api.status('a'))).toMatchObject({ code: 'closed', retryable: false })
  expect(await reason(api.flush('a'))).toMatchObject({ code: 'bad_request' })
  expect(await reason(api.wipe('a', 'a', { opening: 1 }))).toMatchObject({ code: 'not_allowed' })
  expect(await reason(api.getToken('a', 't', 's'))).toMatchObject({ code: 'not_allowed' })
  expect(await reason(api.putTokens('a', []))).toMatchObject({ code: 'not_allowed' })
  expect(await reason(api.onTokensChanged('closed', () => undefined).then(() => api.wipe('a', 'a', { opening: 1 })))).toMatchObject({
    code: 'not_allowed',
  })
})

test('a row is as good as token id and state hash', async () => {
  const answers = { get_token: () => new ArrayBuffer(1), record_spend: () => ({ known: true, revision: 1 }) }
  const plugin = new Plugin(answers)
  const row = { tokenId: 't', stateHash: 's', summary: 'more than a key' }
  await api.getToken('a', row)
  await api.getToken('a', 't', 's')
  await api.recordSpend('a', row, 'proof', 'x')
  await api.recordSpend('a', 't', 's', 'proof', 'x')
  await api.listTokens('a', { after: row }).catch(() => undefined)
  const [byRow, byKey, spentByRow, spentByKey, page] = plugin.calls.map(({ args }) => args)
  expect(byRow).toEqual(byKey)
  expect(spentByRow).toEqual(spentByKey)
  expect(page).toMatchObject({ page: { after: { tokenId: 't', stateHash: 's' } } })
  expect(Object.keys((page as { page: { after: object } }).page.after)).toEqual(['tokenId', 'stateHash'])
})

test('an entry is set to what JSON holds, and to nothing else', async () => {
  const plugin = new Plugin({ set_entry: () => ({ revision: 1 }) })
  await api.setEntry('a', 'k', { json: { theme: 'dark', sizes: [1, null] } })
  expect(plugin.calls[0]?.args.value).toEqual({ encoding: 'utf8', value: '{"theme":"dark","sizes":[1,null]}' })
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  for (const json of [undefined, Number.NaN, { at: Infinity }, 5n, circle, () => 1, { f: () => 1 }]) {
    await expect(api.setEntry('a', 'k', { json })).rejects.toMatchObject({ code: 'bad_request' })
  }
  expect(plugin.calls.length).toBe(1)
})

test('every call has an id of its own', async () => {
  const ids: unknown[] = []
  const plugin = new Plugin({ status: () => STATUS })
  const { invoke } = (window as unknown as { __TAURI_INTERNALS__: { invoke: (...all: unknown[]) => unknown } })
    .__TAURI_INTERNALS__
  Object.assign((window as unknown as { __TAURI_INTERNALS__: object }).__TAURI_INTERNALS__, {
    invoke: (...all: unknown[]) => {
      ids.push((all[2] as { headers: Record<string, string> }).headers['wallet-sync-call'])
      return invoke(...all)
    },
  })
  await api.status('a')
  await api.status('a')
  await api.putTokens('a', []).catch(() => undefined)
  expect(plugin.calls.length).toBe(3)
  expect(new Set(ids).size).toBe(3)
  for (const id of ids) expect(id).toMatch(/^[0-9a-z-]{8,64}$/)
})

test('a signal ends the wait, before and after the call', async () => {
  const plugin = new Plugin({ sync_now: () => new Promise(() => undefined) })
  await expect(api.syncNow('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  expect(plugin.calls).toEqual([])
  const control = new AbortController()
  const syncing = api.syncNow('a', { signal: control.signal })
  await Promise.resolve()
  control.abort()
  const error: unknown = await syncing.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(api.WalletSyncError)
  expect(error).toMatchObject({ code: 'aborted', retryable: false })
})

test('an error is one of any copy of the package', async () => {
  vi.resetModules()
  const other = await import('../index.js')
  const error = new other.WalletSyncError('closed', 'the account is not open', false)
  expect(error).toBeInstanceOf(api.WalletSyncError)
  expect(api.WalletSyncError.from(error)).toBe(error)
  expect(new Error('closed')).not.toBeInstanceOf(api.WalletSyncError)
  expect(null).not.toBeInstanceOf(api.WalletSyncError)
})

test('nothing throws before it returns a promise', async () => {
  new Plugin()
  for (const [name, one] of Object.entries(api)) {
    if (typeof one !== 'function' || name === 'WalletSyncError') continue
    for (const args of [[], [null], ['a', null, null], ['a', 5, 5], [{}, {}, {}]]) {
      const result = (one as (...args: unknown[]) => unknown)(...args)
      if (name === 'tokenPages') {
        const reading = (result as AsyncGenerator).next()
        await expect(reading, `${name}(${args})`).rejects.toBeInstanceOf(api.WalletSyncError)
      } else {
        const error: unknown = await (result as Promise<unknown>).catch((error: unknown) => error)
        expect(error, `${name}(${args})`).toBeInstanceOf(api.WalletSyncError)
      }
    }
  }
})

test('proofs are listed with their evidence as bytes', async () => {
  const row = { proof: 'ab', size: 1, rejected: false, confirmed: false }
  new Plugin({
    list_proofs: () => [
      { ...row, evidence: { encoding: 'base64', value: '/w==' } },
      { ...row, evidence: null },
    ],
  })
  const [first, second] = await api.listProofs('a', 't', 's')
  expect([first?.evidence, second?.evidence]).toEqual([new Uint8Array([255]), null])
})
