// @vitest-environment node
import { expect, test } from 'vitest'
import * as api from '../index.js'

/** Arguments with which a function would reach the plugin. */
const ARGUMENTS: Record<string, unknown[]> = {
  getToken: ['a', 't', 's'],
  getEntry: ['a', 'k'],
  entryVersions: ['a', 'k'],
  putTokens: ['a', []],
  recordSpend: ['a', 't', 's', 'intent', 'x'],
  setEntry: ['a', 'k', 'v'],
  deleteEntry: ['a', 'k'],
  setNodeEnabled: ['a', 'n', true],
  checkNode: ['a', 'n'],
  retireDevice: ['a', 0],
  listProofs: ['a', 't', 's'],
  rejectProof: ['a', { tokenId: 't', stateHash: 's' }, 'ab'],
  setDeviceLabel: ['a', null],
  wipe: ['a', 'a'],
  subscribe: ['a', () => undefined],
}

test('outside of a window every function says that it is not available', async () => {
  let count = 0
  for (const [name, one] of Object.entries(api)) {
    if (typeof one !== 'function' || name === 'WalletSyncError') continue
    count += 1
    const args = ARGUMENTS[name] ?? ['a', ...(name.startsWith('on') ? [() => undefined] : [])]
    const result = (one as (...args: unknown[]) => unknown)(...args)
    const work = name === 'tokenPages' ? (result as AsyncGenerator).next() : (result as Promise<unknown>)
    const error: unknown = await work.then(() => null, (error: unknown) => error)
    expect(error, name).toBeInstanceOf(api.WalletSyncError)
    expect(error, name).toMatchObject({ code: 'unavailable', retryable: false })
  }
  expect(count).toBeGreaterThan(30)
})
