import { checkText } from './arguments.js'
import type { Content } from './bindings.js'
import { badRequest, tooLarge } from './error.js'

/**
 * What a wallet hands over to be stored: text, as UTF-8, or bytes, as they lie in memory. A buffer is taken whole, a view
 * (any typed array, a `DataView`, Node's `Buffer`) by the bytes that it shows.
 *
 * Anything else is refused with `bad_request`, and so is text with half a surrogate pair and a buffer that was transferred.
 */
export type ByteSource = string | ArrayBufferView | ArrayBufferLike

/** Bytes at most, as in src/limits: what is larger is refused before it is encoded. */
export const LIMITS = { payload: 1024 * 1024, evidence: 256 * 1024, value: 64 * 1024, put: 16 * 1024 * 1024 } as const

// The platform's own getters: they read the thing itself, of whatever page or class it is, and throw on anything else.
const getter = (of: object, name: string | symbol): ((this: unknown) => unknown) =>
  Object.getOwnPropertyDescriptor(of, name)?.get ?? (() => undefined)
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array
const typedArrayName = getter(typedArray, Symbol.toStringTag)
const elements = typedArray.keys
const buffers = [ArrayBuffer, typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer].map(
  (type) => getter(type.prototype, 'byteLength'),
)
const placeIn = (type: object) => (['buffer', 'byteOffset', 'byteLength'] as const).map((name) => getter(type, name))
const [ofTypedArray, ofDataView] = [placeIn(typedArray), placeIn(DataView.prototype)]

/** The bytes of a buffer or a view, not copied; `null` when it is neither, or its bytes are gone. */
function bytesOf(value: unknown): Uint8Array | null {
  try {
    if (!ArrayBuffer.isView(value)) return isBuffer(value) ? new Uint8Array(value) : null
    const isTyped = typedArrayName.call(value) !== undefined
    // Throws, as the getters of a DataView do, when the buffer was transferred or has shrunk: the view would look empty.
    if (isTyped) elements.call(value as Uint8Array)
    const [buffer, at, size] = (isTyped ? ofTypedArray : ofDataView).map((read) => read.call(value))
    return new Uint8Array(buffer as ArrayBuffer, at as number, size as number)
  } catch {
    return null
  }
}

function isBuffer(value: unknown): value is ArrayBuffer {
  return buffers.some((read) => {
    try {
      return read.call(value) !== undefined
    } catch {
      return false
    }
  })
}

/** The bytes of a value: text as UTF-8. A wrong one is refused by the field's name. */
export function toBytes(field: string, value: unknown, max: number): Uint8Array {
  const isText = typeof value === 'string'
  // Text has at least as many bytes as units.
  if (isText && value.length > max) throw tooLarge(field, max)
  if (isText) checkText(field, value)
  const bytes = isText ? new TextEncoder().encode(value) : bytesOf(value)
  if (bytes === null) throw badRequest(field, 'neither text nor bytes that are there')
  if (bytes.length > max) throw tooLarge(field, max)
  return bytes
}

/** Text as it is, other bytes as base64. A wrong value is refused by the field's name. */
export function toContent(field: string, value: unknown, max: number): Content {
  const bytes = toBytes(field, value, max)
  if (typeof value === 'string') return { encoding: 'utf8', value }
  let binary = ''
  // A spread of a large array overflows the stack.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  }
  return { encoding: 'base64', value: btoa(binary) }
}

/** The bytes of a content. */
export function fromContent(content: Content): Uint8Array {
  if (content.encoding === 'utf8') return new TextEncoder().encode(content.value)
  return Uint8Array.from(atob(content.value), (c) => c.charCodeAt(0))
}
