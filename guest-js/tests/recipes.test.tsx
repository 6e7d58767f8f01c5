import { act, type ComponentType } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { NewToken, TokenRow, WalletEvent, WalletStatus } from '../index.js'
import { Listing, row } from './listing.js'
import { Plugin, reset, settled, STATUS } from './plugin.js'
import { run, samples } from './samples.js'

globalThis.IS_REACT_ACT_ENVIRONMENT = true
const PAGE = '../../docs/recipes.md'

let root: Root
let place: HTMLElement
let number = 0
let account: string

beforeEach(() => {
  place = document.createElement('div')
  document.body.append(place)
  root = createRoot(place)
  account = `recipe-${(number += 1)}`
})

afterEach(async () => {
  await act(async () => root.unmount())
  place.remove()
  reset()
})

const during = (work: () => void): Promise<void> =>
  act(async () => {
    work()
    await settled()
    await settled()
  })

const show = (Recipe: unknown, props: object = {}): Promise<void> => {
  const Component = Recipe as ComponentType<{ account: string }>
  return during(() => root.render(<Component account={account} {...props} />))
}
const text = (): string => place.textContent ?? ''
const press = (label: string): Promise<void> =>
  during(() => {
    const button = [...place.querySelectorAll('button')].find((one) => one.textContent === label)
    if (button === undefined) throw new Error(`no button "${label}" in ${place.innerHTML}`)
    button.click()
  })

test('every recipe is run here', () => {
  const code = samples(PAGE).filter(({ language }) => language.startsWith('ts'))
  expect(code.map(({ heading }) => heading)).toEqual([
    'A list of tokens',
    'Receiving a token',
    'Spending a token',
    'Undoing a false proof',
    'How safe it is',
    'Saying that it is offline',
    'Locking and unlocking',
    'A setting on every device',
  ])
})

test('a list of tokens', async () => {
  const listing = new Listing(120)
  listing.put(row(0, { summary: '5 EUR', hasPayload: false }))
  const { TokenList } = await run(PAGE, 'A list of tokens')
  await show(TokenList)
  expect(text()).toContain('120 tokens')
  expect(text()).toContain('5 EUR (on its way)')
  expect(place.querySelectorAll('li').length).toBe(100)
  await press('more')
  expect(place.querySelectorAll('li').length).toBe(120)
})

test('receiving a token', async () => {
  let added = 1
  const plugin = new Plugin({ put_tokens: () => ({ added, unchanged: 1 - added, revision: 1 }) })
  const { receive } = (await run(PAGE, 'Receiving a token')) as {
    receive: (account: string, token: NewToken) => Promise<string>
  }
  const token = { tokenId: 't', stateHash: 's', payload: 'x' }
  expect(await receive(account, token)).toBe('kept')
  added = 0
  expect(await receive(account, token)).toBe('known')
  plugin.answers['put_tokens'] = () => {
    throw { code: 'conflict', message: 'the same key with other content is already there', retryable: false }
  }
  expect(await receive(account, token)).toBe('refused')
})

test('undoing a false proof', async () => {
  const proof = (name: string, said: string | null, rejected = false) => ({
    proof: name,
    size: 1,
    rejected,
    confirmed: rejected,
    evidence: said === null ? null : { encoding: 'utf8', value: said },
  })
  const plugin = new Plugin({
    list_proofs: () => [proof('a', 'true'), proof('b', 'false'), proof('c', 'false', true), proof('d', null)],
    reject_proof: () => ({ revision: 2 }),
  })
  const { undo } = (await run(PAGE, 'Undoing a false proof')) as {
    undo: (account: string, token: TokenRow, isOnLedger: (evidence: Uint8Array) => Promise<boolean>) => Promise<number>
  }
  const isOnLedger = async (evidence: Uint8Array) => new TextDecoder().decode(evidence) === 'true'
  expect(await undo(account, row(0), isOnLedger)).toBe(1)
  const rejected = plugin.calls.filter(({ command }) => command === 'reject_proof').map(({ args }) => args.proof)
  expect(rejected).toEqual(['b'])
})

test('spending a token', async () => {
  const listing = new Listing(2)
  listing.put(row(0, { spend: 'intent' }))
  Object.assign(listing.plugin.answers, {
    get_token: () => new Uint8Array([7]).buffer,
    record_spend: () => ({ known: true, revision: 2 }),
  })
  const { choose, spend } = (await run(PAGE, 'Spending a token')) as {
    choose: (account: string) => Promise<TokenRow | null>
    spend: (account: string, token: TokenRow, submit: (...all: Uint8Array[]) => Promise<Uint8Array>) => Promise<void>
  }
  const token = await choose(account)
  expect(token?.tokenId).toBe(row(1).tokenId)
  const submit = vi.fn(() => Promise.resolve(new Uint8Array([1])))
  await spend(account, token as TokenRow, submit)
  expect(submit).toHaveBeenCalledWith(new Uint8Array([7]), expect.any(Uint8Array))
  const kinds = listing.plugin.calls.filter(({ command }) => command === 'record_spend').map(({ args }) => args.kind)
  expect(kinds).toEqual(['intent', 'proof'])
})

test('how safe it is', async () => {
  let status: WalletStatus = { ...STATUS, ack: 'local', pending: 2 }
  const plugin = new Plugin({ status: () => status })
  const { LevelBadge } = await run(PAGE, 'How safe it is')
  await show(LevelBadge)
  expect(text()).toBe('on this device only')
  status = { ...STATUS, ack: 'verified' }
  const changed: WalletEvent = { event: 'publish-changed', account, revision: 8, ack: 'verified', verifiedNodes: 2 }
  await during(() => plugin.send(account, changed))
  expect(text()).toBe('safe')
})

test('saying that it is offline', async () => {
  const lastSync = { at: 1, source: 'none', outcome: 'offline' }
  new Plugin({
    status: () => ({ ...STATUS, lastSync, pending: 3 }),
    sync_now: () => {
      throw { code: 'unreachable', message: 'no source could be reached', retryable: true }
    },
  })
  const { OfflineBanner } = await run(PAGE, 'Saying that it is offline')
  await show(OfflineBanner)
  expect(text()).toContain('3 changes are on this device only')
  await press('try again')
  expect(text()).toContain('unreachable')
})

test('locking and unlocking', async () => {
  let isOpen = true
  const plugin = new Plugin({
    status: () => {
      if (!isOpen) throw { code: 'closed', message: 'the account is not open', retryable: false }
      return STATUS
    },
    lock: () => {
      isOpen = false
      plugin.send(account, { event: 'closed', account, revision: 9 })
    },
    unlock: () => {
      isOpen = true
      plugin.send(account, { event: 'opened', account, revision: 0, opening: 2 })
    },
  })
  const { Locked } = await run(PAGE, 'Locking and unlocking')
  await show(Locked, { children: 'the wallet' })
  expect(text()).toContain('the wallet')
  await press('lock')
  expect(text()).toBe('unlock')
  await press('unlock')
  expect(text()).toContain('the wallet')
})

test('a setting on every device', async () => {
  let value: string | null = null
  const plugin: Plugin = new Plugin({
    list_entries: () => {
      const content = { encoding: 'utf8', value }
      return { revision: 1, next: null, entries: value === null ? [] : [{ key: 'settings', at: 1, size: 1, content }] }
    },
    set_entry: (args) => {
      value = (args.value as { value: string }).value
      plugin.send(account, { event: 'entries-changed', account, revision: 2 })
      return { revision: 2 }
    },
    delete_entry: () => {
      value = null
      plugin.send(account, { event: 'entries-changed', account, revision: 3 })
      return { revision: 3 }
    },
  })
  const { Currency } = await run(PAGE, 'A setting on every device')
  await show(Currency)
  expect(text()).toContain('EUR')
  await press('CHF')
  expect(text()).toMatch(/^CHF/)
  await press('as it was')
  expect(text()).toMatch(/^EUR/)
})

test('what the README has a page do first shows a token', async () => {
  const listing = new Listing()
  listing.plugin.answers['put_tokens'] = () => {
    listing.put(row(1, { tokenId: 'coin-1', stateHash: '00ff', summary: '1 coin' }))
    return { added: 1, unchanged: 0, revision: 1 }
  }
  await run('../../README.md', 'Install')
  expect([...document.querySelectorAll('body > ul > li')].map(({ textContent }) => textContent)).toEqual(['1 coin'])
  expect(listing.plugin.count('subscribe')).toBe(1)
})
