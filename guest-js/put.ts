import { checkText } from './arguments.js'
import { LIMITS, toBytes, type ByteSource } from './bytes.js'
import { badRequest, tooLarge } from './error.js'

/** A token state to add. */
export interface NewToken {
  /** 1–128 characters of `A–Z a–z 0–9 . _ : -`. */
  tokenId: string
  /** The same alphabet. */
  stateHash: string
  /** State hash of the state before. */
  previous?: string | null
  /** Text to show in a list, at most 256 bytes of UTF-8. */
  summary?: string | null
  /** The wallet's own bytes, at most 1 MiB; text is stored as UTF-8. */
  payload: ByteSource
}

/** The body of a put: length of the head, the head as JSON, then the payloads one after the other. */
export function putBody(account: string, tokens: readonly NewToken[]): Uint8Array {
  if (!Array.isArray(tokens)) throw badRequest('tokens', 'not a list')
  const payloads: Uint8Array[] = []
  // Each field is read once; a hole is read too.
  const rows = Array.from(tokens as readonly unknown[], (token, at) => {
    const field = `tokens[${at}]`
    if (typeof token !== 'object' || token === null) throw badRequest(field, 'not a token state')
    const { tokenId, stateHash, previous = null, summary = null, payload } = token as NewToken
    checkText(`${field}.tokenId`, tokenId)
    checkText(`${field}.stateHash`, stateHash)
    if (previous !== null) checkText(`${field}.previous`, previous)
    if (summary !== null) checkText(`${field}.summary`, summary)
    const bytes = toBytes(`${field}.payload`, payload, LIMITS.payload)
    payloads.push(bytes)
    return { tokenId, stateHash, previous, summary, size: bytes.length }
  })
  return frame({ account, tokens: rows }, payloads)
}

function frame(head: object, payloads: Uint8Array[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head))
  const size = payloads.reduce((sum, payload) => sum + payload.length, 4 + text.length)
  if (size > LIMITS.put) throw tooLarge('tokens', LIMITS.put)
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
