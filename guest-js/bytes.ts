import type { Content } from './bindings.js'

/** Text as it is, other bytes as base64. */
export function toContent(value: string | Uint8Array): Content {
  if (typeof value === 'string') return { encoding: 'utf8', value }
  let binary = ''
  // A spread of a large array overflows the stack.
  for (let at = 0; at < value.length; at += 0x8000) {
    binary += String.fromCharCode(...value.subarray(at, at + 0x8000))
  }
  return { encoding: 'base64', value: btoa(binary) }
}

/** The bytes of a content. */
export function fromContent(content: Content): Uint8Array {
  if (content.encoding === 'utf8') return new TextEncoder().encode(content.value)
  return Uint8Array.from(atob(content.value), (c) => c.charCodeAt(0))
}

/** The body of a put: length of the head, the head as JSON, then the payloads one after the other. */
export function frame(head: object, payloads: Uint8Array[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head))
  const size = payloads.reduce((sum, payload) => sum + payload.length, 4 + text.length)
  const framed = new Uint8Array(size)
  new DataView(framed.buffer).setUint32(0, text.length)
  framed.set(text, 4)
  let at = 4 + text.length
  for (const payload of payloads) {
    framed.set(payload, at)
    at += payload.length
  }
  return framed
}
