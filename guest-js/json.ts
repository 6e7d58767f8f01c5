import { badRequest } from './error.js'

/** A value as JSON; refused when another value would be read back. */
export function jsonOf(field: string, value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value, (key, inner: unknown) => {
      const isLost = typeof inner === 'number' ? !Number.isFinite(inner) : typeof inner === 'function' || typeof inner === 'symbol'
      if (isLost) throw badRequest(key === '' ? field : `${field}.${key}`, 'not a value that JSON holds')
      return inner
    })
  } catch (reason) {
    // A number of any length, or a circle.
    if (reason instanceof TypeError) throw badRequest(field, 'not a value that JSON holds')
    throw reason
  }
  if (text === undefined) throw badRequest(field, 'missing')
  return text
}
