import { afterEach, beforeEach, expect, test } from 'vitest'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import * as api from '../index.js'
import { LIMITS } from '../bytes.js'
import { Plugin, reset } from './plugin.js'

type Sent = { encoding: string; value: string }

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What the plugin got of the last call, as bytes. */
let got: number[] = []
let plugin: Plugin

beforeEach(() => {
  const keep = (sent: unknown) => {
    const { encoding, value } = sent as Sent
    got = [...(encoding === 'utf8' ? Buffer.from(value, 'utf8') : Buffer.from(value, 'base64'))]
    return { revision: 1, known: true }
  }
  plugin = new Plugin({
    record_spend: ({ evidence }) => keep(evidence),
    set_entry: ({ value }) => keep(value),
    put_tokens: (body) => {
      const bytes = body as unknown as Uint8Array
      const length = new DataView(bytes.buffer).getUint32(0)
      got = [...bytes.subarray(4 + length)]
      return { added: 1, unchanged: 0, revision: 1 }
    },
  })
})
afterEach(reset)

/** The three ways in, with the name that each gives to the value. */
const ways: [string, (value: api.ByteSource) => Promise<unknown>][] = [
  ['evidence', (value) => api.recordSpend('a', 't', 's', 'intent', value)],
  ['value', (value) => api.setEntry('a', 'k', value)],
  ['tokens[0].payload', (payload) => api.putTokens('a', [{ tokenId: 't', stateHash: 's', payload }])],
]

/** Another page's types: its `ArrayBuffer` is not ours. */
const foreign = createContext({})
const elsewhere = (code: string): unknown => runInContext(code, foreign)

/** A buffer that can grow and shrink; its type is younger than the library this is compiled against. */
const resizable = (size: number): ArrayBuffer & { resize: (size: number) => void } =>
  new (ArrayBuffer as unknown as new (size: number, options: object) => never)(size, { maxByteLength: 16 })

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(4)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

class Salt extends Uint8Array {
  override get byteLength(): number {
    return 0
  }
}

const numbers = Uint8Array.from([9, 1, 2, 3, 4, 5, 6, 7, 8, 9])
const eight = [1, 2, 3, 4, 5, 6, 7, 8]
const aligned = numbers.slice(1, 9).buffer
const shared = new SharedArrayBuffer(2)
new Uint8Array(shared).set([5, 6])
const tracking = resizable(2)
new Uint8Array(tracking).set([7, 8])

const taken: [string, api.ByteSource, number[]][] = [
  ['an ArrayBuffer', aligned, eight],
  ['a part of a buffer', numbers.subarray(1, 9), eight],
  ['a DataView of a part', new DataView(numbers.buffer, 1, 8), eight],
  ['a Uint16Array', new Uint16Array(aligned), eight],
  ['an Int8Array', Int8Array.from([-1]), [255]],
  ['a Uint8ClampedArray', Uint8ClampedArray.from([1, 300]), [1, 255]],
  ['a BigInt64Array', new BigInt64Array(aligned), eight],
  ['a Float64Array', new Float64Array(aligned), eight],
  ['a Buffer out of a pool', Buffer.from(eight), eight],
  ['a SharedArrayBuffer', shared, [5, 6]],
  ['a view of one', new Uint16Array(shared), [5, 6]],
  ['a view that follows its buffer', new Uint8Array(tracking), [7, 8]],
  ['a resizable buffer', tracking, [7, 8]],
  ['a subclass that lies about its length', Salt.from([1, 2]), [1, 2]],
  ['a buffer of another page', elsewhere('Uint8Array.of(1, 2).buffer') as ArrayBuffer, [1, 2]],
  ['a view of another page', elsewhere('Uint16Array.of(513)') as Uint16Array, [1, 2]],
  ['text', 'ü😀', [0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80]],
  ['text that begins with a byte order mark', '\ufeffa', [0xef, 0xbb, 0xbf, 97]],
  ['no text, on purpose', '', []],
  ['no bytes, on purpose', new Uint8Array(), []],
  ['an empty buffer, on purpose', new ArrayBuffer(0), []],
]

const shrunk = resizable(8)
const outOfBounds = new Uint8Array(shrunk, 4, 4)
const outOfBoundsData = new DataView(shrunk, 4, 4)
shrunk.resize(2)
const gone = detached()
const viewOfGone = new Uint8Array(4)
structuredClone(viewOfGone.buffer, { transfer: [viewOfGone.buffer] })

const refused: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['an object', {}],
  ['an object with a length', { length: 2, 0: 1, 1: 2 }],
  ['an object with a byteLength', { byteLength: 2 }],
  ['what calls itself a buffer', { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 2 }],
  ['what inherits from a view', Object.create(new Uint8Array(2)) as unknown],
  ['a proxy of a view', new Proxy(new Uint8Array(2), {})],
  ['a number', 7],
  ['zero', 0],
  ['NaN', Number.NaN],
  ['a bigint', 7n],
  ['a boolean', true],
  ['a symbol', Symbol('salt')],
  ['a function', () => 'salt'],
  ['a list of numbers', [1, 2, 3]],
  ['an empty list', []],
  ['a list of bytes', [new Uint8Array(2)]],
  ['a boxed string', Object('salt')],
  ['a date', new Date(0)],
  ['a map', new Map([[0, 1]])],
  ['a Blob', new Blob(['salt'])],
  ['a promise of bytes', Promise.resolve(new Uint8Array(2))],
  ['a detached buffer', gone],
  ['a view of a detached buffer', viewOfGone],
  ['a view beyond the end of its buffer', outOfBounds],
  ['a DataView beyond the end of its buffer', outOfBoundsData],
  ['half a surrogate pair', '\ud83d'],
  ['the other half', 'salt \udc00 salt'],
  ['two halves in the wrong order', '\udc00\ud83d'],
]

test.each(taken)('%s is taken by its bytes', async (_what, value, bytes) => {
  for (const [, send] of ways) {
    got = [-1]
    await send(value)
    expect(got).toEqual(bytes)
  }
})

test.each(refused)('%s is refused by name and nothing is sent', async (_what, value) => {
  for (const [field, send] of ways) {
    const error: unknown = await send(value as api.ByteSource).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(api.WalletSyncError)
    expect(error).toMatchObject({ code: 'bad_request', retryable: false })
    expect((error as Error).message.startsWith(`${field}: `)).toBe(true)
  }
  expect(plugin.calls).toEqual([])
})

test('one token that is wrong keeps all from being sent, and is named by its place', async () => {
  const good = { tokenId: 't', stateHash: 's', payload: 'x' }
  const cases: [unknown, string][] = [
    [[good, { ...good, payload: [1] }], 'tokens[1].payload'],
    [[good, { ...good, summary: '\ud800' }], 'tokens[1].summary'],
    [[good, { ...good, summary: 5 }], 'tokens[1].summary'],
    [[{ ...good, previous: '\udfff' }], 'tokens[0].previous'],
    [[{ ...good, previous: {} }], 'tokens[0].previous'],
    [[{ ...good, tokenId: 7 }], 'tokens[0].tokenId'],
    [[{ ...good, tokenId: Object('t') }], 'tokens[0].tokenId'],
    [[{ ...good, stateHash: null }], 'tokens[0].stateHash'],
    [[good, null], 'tokens[1]'],
    [[good, 'token'], 'tokens[1]'],
    // A hole.
    [Object.assign([good], { 2: good }), 'tokens[1]'],
    [new Set([good]), 'tokens'],
    [{ 0: good, length: 1 }, 'tokens'],
    [undefined, 'tokens'],
  ]
  for (const [tokens, field] of cases) {
    const put = api.putTokens('a', tokens as api.NewToken[])
    await expect(put).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(new RegExp(`^${field.replace(/[[\]]/g, '\\$&')}: `)) })
  }
  await expect(api.putTokens('\ud800', [good])).rejects.toMatchObject({ message: expect.stringMatching(/^account: /) })
  expect(plugin.calls).toEqual([])
})

test('a value above its limit is refused by name before it is sent', async () => {
  const folder = here('../../src/limits/')
  const limits = readdirSync(folder).map((file) => readFileSync(`${folder}${file}`, 'utf8')).join('')
  const bytes = (name: string): number => {
    const [, product = ''] = new RegExp(`pub const ${name}: usize = ([\\d_ *]+);`).exec(limits) ?? []
    return product.replace(/_/g, '').split('*').reduce((all, factor) => all * Number(factor), 1)
  }
  expect(LIMITS).toEqual({
    payload: bytes('PAYLOAD_BYTES'),
    evidence: bytes('EVIDENCE_BYTES'),
    value: bytes('VALUE_BYTES'),
    put: bytes('PUT_BODY_BYTES'),
  })
  const most = [LIMITS.evidence, LIMITS.value, LIMITS.payload]
  for (const [at, [field, send]] of ways.entries()) {
    const max = most[at] ?? 0
    for (const large of [new Uint8Array(max + 1), new ArrayBuffer(max + 2), 'x'.repeat(max + 1), new Float64Array(1 << 24)]) {
      await expect(send(large)).rejects.toMatchObject({ code: 'too_large', message: expect.stringContaining(`${field}: at most`) })
    }
    // Fewer characters than bytes.
    if (field === 'tokens[0].payload') await expect(send('ü'.repeat(max))).rejects.toMatchObject({ code: 'too_large' })
  }
  const token = (n: number) => ({ tokenId: `t${n}`, stateHash: 's', payload: new ArrayBuffer(LIMITS.payload) })
  const many = Array.from({ length: 16 }, (_, n) => token(n))
  await expect(api.putTokens('a', many)).rejects.toMatchObject({ code: 'too_large', message: expect.stringMatching(/^tokens: /) })
  expect(plugin.calls).toEqual([])
  for (const [at, [, send]] of ways.entries()) {
    const max = most[at] ?? 0
    await send(new Uint8Array(max).fill(7))
    expect(got.length).toBe(max)
    await send('x'.repeat(max))
    expect(got.length).toBe(max)
  }
})

test('bytes are read when the function is called, not later', async () => {
  for (const [, send] of ways) {
    const salt = Uint8Array.of(1, 2)
    const sent = send(salt)
    salt.fill(0)
    await sent
    expect(got).toEqual([1, 2])
  }
})

test('what a digest gives is stored as it is', async () => {
  const salt = await crypto.subtle.digest('SHA-256', Buffer.from('salt'))
  for (const [, send] of ways) {
    await send(salt)
    expect(got).toEqual([...new Uint8Array(salt)])
  }
})
